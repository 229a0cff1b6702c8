import { expect, test } from "vitest";
import { accountsSearch } from "./search";
import {
  actsFor,
  countdown,
  endOf,
  nextAsk,
  unheard,
  webAddress,
  whyText,
  windowName,
  windowsOf,
} from "./words";

test("what is left is minutes and seconds, and never less than none", () => {
  expect(countdown(900_000, 0)).toBe("15:00");
  expect(countdown(900_000, 1)).toBe("15:00");
  expect(countdown(61_000, 0)).toBe("1:01");
  expect(countdown(9_400, 0)).toBe("0:10");
  expect(countdown(1000, 5000)).toBe("0:00");
});

test("it is asked again when the control plane says, and never when it is over", () => {
  expect(nextAsk(undefined, 5, 0)).toBe(5000);
  expect(nextAsk({ state: "pending", retry_in: 8 }, 5, 0)).toBe(8000);
  expect(nextAsk({ state: "pending" }, 5, 0)).toBe(5000);
  expect(nextAsk({ state: "pending", retry_in: 0 }, 5, 0)).toBe(1000);
  for (const state of ["done", "denied", "expired", "refused", "cancelled"]) {
    expect(nextAsk({ state, retry_in: 3 }, 5, 0)).toBeUndefined();
  }
});

test("a server that is gone is asked more and more seldom, and no sooner than it said", () => {
  expect([1, 2, 3, 4, 60].map((failures) => nextAsk(undefined, 5, failures))).toEqual([
    10_000, 20_000, 40_000, 60_000, 60_000,
  ]);
  expect(nextAsk({ state: "pending", retry_in: 120 }, 5, 3)).toBe(120_000);
});

test("an end says what to do next, in the provider's words where it has some", () => {
  expect(endOf({ state: "denied" }).title).toBe("It was denied");
  expect(endOf({ state: "expired" }).next).toContain("new code");
  expect(endOf({ state: "cancelled" }).next).toContain("egin again");
  expect(endOf({ state: "refused", why: "It is here already." }).next).toBe("It is here already.");
  expect(endOf({ state: "refused" }).next).toContain("Begin again");
});

test("only what helps in a state is offered", () => {
  expect(actsFor({ state: "ready" })).toEqual(["pause", "refresh"]);
  expect(actsFor({ state: "cooling", why: "paused" })).toEqual(["resume", "refresh"]);
  expect(actsFor({ state: "cooling", why: "cap" })).toEqual(["wake", "pause", "refresh"]);
  expect(actsFor({ state: "auth_required", why: "revoked" })).toEqual([]);
  expect(actsFor({ state: "disabled" })).toEqual([]);
});

test("what is never heard of a plan is not promised", () => {
  const of = (provider: string, tells_windows: boolean) => unheard({ provider, tells_windows });
  expect(of("chatgpt", true)).toContain("known after a call");
  expect(of("github-copilot", false)).toBe(
    "github-copilot does not say with its answers how much of the plan is used.",
  );
});

test("a reason is said in words, and one that is not known as it is", () => {
  expect(whyText("cap")).toBe("the plan is used up");
  expect(whyText("moon")).toBe("moon");
  expect(whyText(undefined)).toBeUndefined();
});

test("windows are taken as they come, and named by their length", () => {
  const windows = { primary: { used_percent: 12, minutes: 300 }, secondary: { minutes: 1 } };
  expect(windowsOf({ windows: windows as unknown as Record<string, never> })).toEqual([
    { used_percent: 12, minutes: 300 },
  ]);
  expect(windowsOf({ windows: {} })).toEqual([]);
  const names = [300, 60, 10_080, 43_200, 90, undefined].map((minutes) =>
    windowName(minutes === undefined ? {} : { minutes }),
  );
  expect(names).toEqual(["5 hours", "Hour", "Week", "30 days", "90 min", "Plan"]);
});

test("links lead to the web and nowhere else", () => {
  expect(webAddress("https://auth.example.com/device")).toBe("https://auth.example.com/device");
  for (const text of ["javascript:alert(1)", "data:text/html,x", "device", "", undefined]) {
    expect(webAddress(text)).toBeUndefined();
  }
});

test("the address keeps what is open and nothing else", () => {
  expect(accountsSearch({ add: "login", provider: "chatgpt", name: "work" })).toEqual({
    add: "login",
    provider: "chatgpt",
    name: "work",
  });
  expect(accountsSearch({ add: "steal", provider: "chatgpt", code: "ABCD", seen: 1 })).toEqual({});
  expect(accountsSearch({ seen: "cred_1", auth_json: "{}" })).toEqual({ seen: "cred_1" });
});
