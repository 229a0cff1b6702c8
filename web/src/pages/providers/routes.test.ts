import { expect, test } from "vitest";
import { changeOf, meets, moved, type Route, sample, withRoute } from "./routes";

function route(model: string, managed = false): Route {
  return { model, managed, targets: [{ provider: "sim" }] };
}

test.each([
  ["claude-sonnet-4-5", "claude-sonnet-4-5"],
  ["claude-sonnet-4-6", "claude-sonnet-*"],
  ["claude-opus-4-5", "claude-*"],
  ["gpt-5", "*"],
])("%s meets the closest pattern", (name, pattern) => {
  const routes = ["*", "claude-*", "claude-sonnet-*", "claude-sonnet-4-5", "claude"].map((model) =>
    route(model),
  );
  expect(meets(routes, name)?.model).toBe(pattern);
});

test.each([
  ["team-*", "team-any"],
  ["*", "any"],
  [" gpt-5 ", "gpt-5"],
])("of what %s means, %s is tried", (pattern, name) => {
  expect(sample(pattern)).toBe(name);
  expect(meets([route(pattern.trim())], name)).toBeDefined();
});

test("no route may be met at all, and a prefix means itself", () => {
  expect(meets([route("gpt-5")], "gpt-5-codex")).toBeUndefined();
  expect(meets([route("gpt-5*")], "gpt-5")?.model).toBe("gpt-5*");
});

test("targets change places, and nothing falls off an end", () => {
  expect(moved(["a", "b", "c"], 2, -1)).toEqual(["a", "c", "b"]);
  expect(moved(["a", "b", "c"], 0, -1)).toEqual(["a", "b", "c"]);
  expect(moved(["a", "b", "c"], 2, 1)).toEqual(["a", "b", "c"]);
});

test("a route takes its old place, and never one of the configuration file's", () => {
  const routes = [route("a", true), route("b"), route("c")];
  expect(withRoute(routes, "b", route("x")).map(({ model }) => model)).toEqual(["a", "x", "c"]);
  expect(withRoute(routes, undefined, route("x"))).toHaveLength(4);
  expect(withRoute(routes, "a", route("a"))).toHaveLength(4);
});

test("what somebody else made of a route is said, and of others nothing", () => {
  const seen = route("a");
  expect(changeOf(seen, [route("b"), seen])).toBeUndefined();
  const targets = [{ provider: "far", model: "m" }, { provider: "sim" }];
  expect(changeOf(seen, [{ ...seen, targets }])).toContain("leads to far as m → sim now");
  expect(changeOf(seen, [route("b"), route("a", true)])).toMatch(
    /^Somebody removed the route of a/,
  );
});
