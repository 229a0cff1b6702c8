import { expect, test } from "vitest";
import type { Account } from "../../api/accounts";
import type { Standing } from "../../api/budgets";
import type { Lack, Provider } from "../../api/routing";
import { clockTime } from "../../format";
import { notices } from "./attention";

const NOW = Date.parse("2026-05-01T12:00:00Z");

const account = (name: string, fields: Partial<Account>) =>
  ({ provider: "plan", name, state: "ready", ...fields }) as Account;
const provider = (name: string, fields: Partial<Provider>) =>
  ({ name, state: "ready", ...fields }) as Provider;
const budget = (name: string, spent_usd: string, reserved_usd = "0") =>
  ({ name, usd: "10", spent_usd, reserved_usd, window: "day", scope: "key" }) as Standing;
const said = (...asked: [Account[], Provider[], Standing[]]) =>
  notices(...asked, NOW).map(({ name, text }) => `${name} ${text}`);

test("what rests says until when, and what is broken stands before it", () => {
  const until = "2026-05-01T14:00:30Z";
  const logins = [
    account("work", { state: "cooling", why: "cap", until }),
    account("lost", { state: "auth_required" }),
    account("closed", { state: "dead" }),
  ];
  expect(said(logins, [provider("lab", { state: "unreachable" })], [])).toEqual([
    "plan lost needs to be signed in again",
    "plan closed was closed at the provider",
    "lab cannot be reached",
    `plan work rests, back at ${clockTime(new Date(until)).slice(0, 5)}`,
  ]);
});

test("a provider whose credentials all rest is told once", () => {
  const until = "2026-05-01T12:30:00Z";
  const resting = provider("plan", { state: "degraded", until });
  expect(said([], [resting], [])[0]).toMatch(/^plan rests, back at \d\d:\d\d$/);
  expect(said([account("work", { state: "cooling", why: "cap" })], [resting], [])).toEqual([
    "plan work rests",
  ]);
  const paused = account("off", { state: "cooling", why: "paused" });
  expect(said([paused], [resting], [])[0]).toMatch(/^plan rests, back at/);
  expect(said([], [provider("lab", { state: "degraded" })], [])).toEqual([
    "lab does not answer everywhere",
  ]);
});

test("a credential that is there and does not work is told, and one that is not there is not", () => {
  const lacks = (why: Lack, fields: Partial<Provider> = {}) =>
    provider("lab", { state: "auth_required", why, ...fields });
  expect(notices([], [lacks("refused", { configured: true })], [], NOW)).toEqual([
    {
      id: "lab",
      name: "lab",
      to: "/credentials",
      of: "platform",
      tone: "bad",
      text: "refuses its credential",
    },
  ]);
  expect(notices([], [lacks("refused")], [], NOW)[0]).not.toHaveProperty("of");
  expect(said([], [lacks("unusable")], [])).toEqual(["lab has a credential that does not open"]);
  const off = "takes no calls: what they would draw on is off";
  expect(notices([], [lacks("paused")], [], NOW)).toMatchObject([
    { text: off, to: "/credentials" },
  ]);
  const paused = account("work", { provider: "lab", state: "cooling", why: "paused" });
  expect(notices([paused], [lacks("paused")], [], NOW)).toMatchObject([
    { text: off, to: "/accounts" },
  ]);
  // A login that is listed says so itself; the operator's may not be.
  const lost = account("work", { provider: "lab", state: "auth_required" });
  expect(said([lost], [lacks("signed_out")], [])).toEqual(["lab work needs to be signed in again"]);
  expect(said([], [lacks("signed_out")], [])).toEqual(["lab needs to be signed in again"]);
  expect(said([], [lacks("none"), lacks("not_set_up")], [])).toEqual([]);
  expect(said([account("a", { provider: "lab" })], [lacks("not_set_up")], [])).toEqual([
    "lab is not set up yet",
  ]);
});

test("budgets are told from four fifths on, with what is held for open calls", () => {
  expect(
    said([], [], [budget("low", "7.9"), budget("held", "7", "1.5"), budget("spent", "11")]),
  ).toEqual(["spent has used up its $10.00 a day", "held has used 85% of its $10.00 a day"]);
});

test("what is well, meant so, or nobody's to mend here is not told", () => {
  const logins = [
    account("a", {}),
    account("b", { state: "refreshing" }),
    account("c", { state: "disabled" }),
    account("d", { state: "cooling", why: "paused" }),
  ];
  const bridge = { ownerless: true } as NonNullable<Provider["bridge"]>;
  const places = [
    provider("x", {}),
    provider("y", { state: "auth_required" }),
    provider("z", { state: "auth_required", bridge }),
    provider("u", { state: "unknown" }),
  ];
  expect(said(logins, places, [budget("low", "0")])).toEqual([]);
  const login = { ownerless: false } as NonNullable<Provider["bridge"]>;
  expect(said([], [provider("claude", { state: "auth_required", bridge: login })], [])).toEqual([
    "claude needs a login",
  ]);
});
