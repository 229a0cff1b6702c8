import { expect, test } from "vitest";
import type { RunningCall } from "../../api/live";
import type { Call } from "../../api/record";
import { howMany, joined, lastMinute, liveSearch, passes, underway } from "./feed";

const NOW = Date.parse("2026-05-01T12:00:00Z");

function call(id: string, secondsAgo: number, rest: Partial<Call> = {}): Call {
  return {
    id,
    at: new Date(NOW - secondsAgo * 1000).toISOString(),
    attempts: 1,
    bytes_in: 1,
    bytes_out: 1,
    caller: "codex",
    endpoint: "responses",
    estimated: false,
    key: "key_1",
    mode: "passthrough",
    outcome: "success",
    session: "ses_1",
    snapshot_revision: 1,
    stream: true,
    duration_ms: 0,
    ...rest,
  };
}

test("the last to end stands first, once, and no more than so many are held", () => {
  const slow = call("slow", 60, { duration_ms: 59_000 });
  const held = joined(
    [call("a", 10), call("b", 20)],
    [slow, call("b", 20, { outcome: "refused" })],
  );
  expect(held.map(({ id }) => id)).toEqual(["slow", "a", "b"]);
  expect(held[2]?.outcome).toBe("refused");
  expect(joined(held, [call("new", 0)], 2).map(({ id }) => id)).toEqual(["new", "slow"]);
});

test("filters hold all at once, and a model is the one that answered", () => {
  const one = call("a", 1, { model_requested: "fast", model_served: "gpt-5", org: "org_1" });
  expect(passes(one, { model: "gpt-5", caller: "codex" }, "org_1")).toBe(true);
  expect(passes(one, { model: "fast" }, undefined)).toBe(false);
  expect(passes(one, { model: "gpt-5", outcome: "refused" }, undefined)).toBe(false);
  expect(passes(one, {}, "org_2")).toBe(false);
});

test("a minute is sixty seconds, and who hung up is no error", () => {
  const calls = [
    call("a", 1, { cost_usd: "0.25", outcome: "client_disconnect" }),
    call("b", 59, { cost_usd: "0.5", outcome: "upstream_error" }),
    call("c", 60, { cost_usd: "1" }),
  ];
  expect(lastMinute(calls, NOW)).toEqual({ calls: 2, errors: 1, usd: 0.75 });
});

test("addresses keep what is known", () => {
  expect(liveSearch({ model: 1, caller: "x", other: "y", key: ["z"] })).toEqual({
    model: "1",
    caller: "x",
  });
});

test("what runs is looked at until there is a row of it, and has no outcome", () => {
  const open = (id: string, rest: Partial<RunningCall> = {}): RunningCall => ({
    id,
    at: new Date(NOW).toISOString(),
    attempts: 1,
    caller: "codex",
    endpoint: "responses",
    key: "key_1",
    session: "ses_1",
    stream: true,
    model_requested: "fast",
    ...rest,
  });
  const running = [open("a"), open("b", { model_sent: "gpt-5", org: "org_1" }), open("c")];
  const ids = (search = {}, org?: string) =>
    underway(running, [call("c", 0)], search, org).map(({ id }) => id);
  expect(ids()).toEqual(["a", "b"]);
  expect(ids({ model: "gpt-5" })).toEqual(["b"]);
  expect(ids({ model: "fast", caller: "codex", key: "key_1" })).toEqual(["a"]);
  expect(ids({ outcome: "success" })).toEqual([]);
  expect(ids({}, "org_1")).toEqual(["b"]);
});

test("of more calls than are told of, a filter knows no number", () => {
  expect(howMany(200, 1300, false)).toBe("1,500");
  expect(howMany(20, 1300, true)).toBe("at least 20");
  expect(howMany(20, 0, true)).toBe("20");
});
