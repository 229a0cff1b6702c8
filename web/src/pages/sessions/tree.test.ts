import { expect, test } from "vitest";
import type { Call } from "../../api/record";
import { costliest, costOf, listOf, type Part, tree } from "./tree";

let made = 0;

function call(subagent: string | null, more: Partial<Call> = {}): Call {
  made += 1;
  const at = new Date(Date.parse("2026-05-01T12:00:00Z") + made * 1000).toISOString();
  const fixed = { key: "key_1", caller: "c", session: "ses_1", endpoint: "messages", stream: true };
  const ended = { outcome: "success", mode: "passthrough", estimated: false, attempts: 1 };
  const sizes = { bytes_in: 0, bytes_out: 0, snapshot_revision: 1 };
  return { id: `call_${made}`, at, subagent, ...fixed, ...ended, ...sizes, ...more };
}

/** As the control plane gives them: the newest first. */
const parts = (...calls: Call[]) => tree(calls.toReversed());
const shape = (parts: readonly Part[]) => parts.map(({ id, depth }) => [id, depth]);
const below = (parent: string, cost_usd = "1"): Partial<Call> => ({
  subagent_parent: parent,
  cost_usd,
});

test("without sub-agents there is the conversation itself", () => {
  expect(shape(parts())).toEqual([[undefined, 0]]);
  const [itself] = parts(call(null, { cost_usd: "0.5" }));
  expect(itself?.own).toEqual(itself?.whole);
  expect(itself?.whole).toMatchObject({ calls: 1, spent: 0.5 });
});

test("sub-agents stand below the one that began them, in the order they came up", () => {
  const all = parts(
    call(null, { cost_usd: "1" }),
    call("b", { cost_usd: "2", subagent_type: "Explore" }),
    call("a", { outcome: "upstream_error" }),
    call("b1", { ...below("b", "4"), usage: { input: 3, output: 4 } }),
    call("a1", below("a", "8")),
    call("b2", below("b", "16")),
    call("b11", below("b1", "32")),
  );
  expect(shape(all)).toEqual([
    [undefined, 0],
    ["b", 1],
    ["b1", 2],
    ["b11", 3],
    ["b2", 2],
    ["a", 1],
    ["a1", 2],
  ]);
  expect(all.map(({ own }) => own.spent)).toEqual([1, 2, 4, 32, 16, 0, 8]);
  expect(all.map(({ whole }) => whole.spent)).toEqual([63, 54, 36, 32, 16, 8, 8]);
  expect(all.map(({ whole }) => whole.calls)).toEqual([7, 4, 2, 1, 1, 2, 1]);
  expect(all.map(({ whole }) => whole.errors)).toEqual([1, 0, 0, 0, 0, 1, 0]);
  expect(all.map(({ whole }) => whole.tokens)).toEqual([7, 7, 7, 0, 0, 0, 0]);
  expect(all.map(({ kind }) => kind).filter(Boolean)).toEqual(["Explore"]);
});

test("who names a parent that is not here, itself, or one below it, was begun by the conversation", () => {
  expect(shape(parts(call("a", below("thread-0")), call("b", below("b"))))).toEqual([
    [undefined, 0],
    ["a", 1],
    ["b", 1],
  ]);
  const circle = parts(call("a", below("c")), call("b", below("a")), call("c", below("b")));
  expect(shape(circle)).toEqual([
    [undefined, 0],
    ["c", 1],
    ["a", 2],
    ["b", 3],
  ]);
});

test("what a plan pays for is worth its list price", () => {
  const all = parts(
    call("a", { cost_usd: "0", list_cost_usd: "2" }),
    call("b", { cost_usd: "1", list_cost_usd: "1" }),
    call("c", { cost_usd: "0.5" }),
  );
  expect(all[0]?.whole).toMatchObject({ spent: 1.5, listed: 3.5 });
  expect(costliest(all, 2).map(({ id }) => id)).toEqual([undefined, "a"]);
});

test("what a plan pays for is said by list price too, and what nobody knows is not nothing", () => {
  const all = parts(
    call("plan", { cost_usd: "0", list_cost_usd: "2" }),
    call("plain", { cost_usd: "1", list_cost_usd: "1" }),
    call("unlisted", { cost_usd: "0" }),
    call("unknown", { outcome: "upstream_error" }),
    call("free", { cost_usd: "0", list_cost_usd: "0" }),
  );
  expect(all.map(({ own }) => [costOf(own), listOf(own)])).toEqual([
    ["–", "–"],
    ["$0, $2.00 by list price", "$2.00"],
    ["$1.00", "$1.00"],
    ["$0", "–"],
    ["–", "–"],
    ["$0", "$0"],
  ]);
  expect(costOf((all[0] as Part).whole)).toBe("$1.00, $3.00 by list price");
});

test("a long chain is drawn", () => {
  const chain = Array.from({ length: 5000 }, (_, at) => call(`a${at}`, below(`a${at - 1}`)));
  expect(tree(chain.toReversed()).at(-1)?.depth).toBe(5000);
});

test("of many the costliest are shown, in their order, and never without those above", () => {
  const all = parts(
    call("a", { cost_usd: "0" }),
    call("a1", below("a", "3")),
    call("b", { cost_usd: "2" }),
    call("c", { cost_usd: "1" }),
  );
  expect(costliest(all, 3).map(({ id }) => id)).toEqual([undefined, "a", "a1"]);
  expect(costliest(all, 4).map(({ id }) => id)).toEqual([undefined, "a", "a1", "b"]);
});

/** Numbers that look drawn, the same each time. */
function dice(seed: number) {
  let state = seed;
  return (sides: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

test("whatever clients say, everybody is there once, below who is above, and sums are whole", () => {
  for (let seed = 0; seed < 500; seed += 1) {
    const roll = dice(seed);
    const calls = Array.from({ length: roll(40) }, () =>
      call(roll(4) === 0 ? null : `a${roll(12)}`, {
        subagent_parent: roll(3) === 0 ? null : `a${roll(14)}`,
        cost_usd: roll(5) === 0 ? null : String(roll(100) / 64),
        outcome: roll(6) === 0 ? "refused" : "success",
      }),
    );
    const all = tree(calls);
    const agents = new Set(calls.map(({ subagent }) => subagent).filter(Boolean));
    expect(all.length).toBe(agents.size + 1);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    const spent = calls.reduce((sum, { cost_usd }) => sum + Number(cost_usd ?? 0), 0);
    expect(all[0]?.whole).toMatchObject({ calls: calls.length, spent });
    expect(all.slice(1).every(({ depth }, at) => depth >= 1 && depth <= at + 1)).toBe(true);
    all.forEach((part, at) => {
      // What stands below it is what follows until one as high as it.
      const end = all.findIndex(({ depth }, other) => other > at && depth <= part.depth);
      const under = all.slice(at, end < 0 ? undefined : end);
      expect(part.whole.calls).toBe(under.reduce((sum, { own }) => sum + own.calls, 0));
      expect(part.whole.errors).toBe(under.reduce((sum, { own }) => sum + own.errors, 0));
    });
    for (let most = 1; most <= all.length; most += 1) {
      const some = costliest(all, most);
      expect(some.length).toBe(most);
      expect(some[0]).toBe(all[0]);
      // Nobody stands more than one below the line above.
      some.slice(1).forEach(({ depth }, at) => {
        expect(depth).toBeLessThanOrEqual((some[at]?.depth ?? 0) + 1);
      });
    }
  }
});
