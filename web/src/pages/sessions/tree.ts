// A conversation's sub-agents as a tree: what each cost, and what it cost with those that it began.

import type { Call } from "../../api/record";
import { money } from "../../format";
import { byPlan } from "../calls/paid";
import { inputTokens } from "../calls/tokens";
import { byListOf, differs, hasFailed } from "./turns";

export type Sum = {
  calls: number;
  errors: number;
  tokens: number;
  spent: number;
  /** What it is by list price, where a plan pays. */
  listed: number;
  /** Of how many calls the cost is known, and of how many the list price. */
  costed: number;
  priced: number;
};

export type Part = {
  /** Absent for the conversation itself. */
  id: string | undefined;
  /** What kind of sub-agent it is, in the client's word. */
  kind: string | undefined;
  /** How many stand above it: 0 for the conversation itself. */
  depth: number;
  own: Sum;
  /** Its own with those of all below it. */
  whole: Sum;
};

type Node = Part & { parent: Node | undefined; below: Node[]; claimed: string | undefined };

/**
 * The conversation itself, then each of its sub-agents after the one that began it, and before the next that the same
 * began, in the order they came up. What clients say of parents is not believed: whoever names one that is not here, or
 * one that stands below it, was begun by the conversation itself.
 */
export function tree(calls: readonly Call[]): Part[] {
  const root = node(undefined);
  const agents = new Map<string, Node>();
  for (const call of calls.toReversed()) {
    const of = call.subagent ? agent(agents, call.subagent) : root;
    add(of.own, call);
    of.kind ??= call.subagent_type ?? undefined;
    of.claimed ??= call.subagent_parent ?? undefined;
  }
  for (const one of agents.values()) {
    const parent = one.claimed === undefined ? undefined : agents.get(one.claimed);
    one.parent = parent && !isBelow(parent, one) ? parent : root;
    one.parent.below.push(one);
  }
  const order = inOrder(root);
  for (const one of order.toReversed()) {
    sum(one.whole, one.own);
    if (one.parent) sum(one.parent.whole, one.whole);
  }
  return order.map(({ id, kind, depth, own, whole }) => ({ id, kind, depth, own, whole }));
}

function agent(agents: Map<string, Node>, id: string): Node {
  const known = agents.get(id) ?? node(id);
  agents.set(id, known);
  return known;
}

function node(id: string | undefined): Node {
  const counts = { calls: 0, errors: 0, tokens: 0 };
  const none = () => ({ ...counts, spent: 0, listed: 0, costed: 0, priced: 0 });
  const links = { parent: undefined, below: [], claimed: undefined };
  return { id, kind: undefined, depth: 0, own: none(), whole: none(), ...links };
}

/** Whether `one` is `of`, or stands below it, by the links so far. */
function isBelow(one: Node, of: Node): boolean {
  let above: Node | undefined = one;
  while (above && above !== of) above = above.parent;
  return above === of;
}

/** Without recursion: sub-agents may begin one another as often as they like. */
function inOrder(root: Node): Node[] {
  const order: Node[] = [];
  const waiting = [root];
  for (let one = waiting.pop(); one; one = waiting.pop()) {
    if (one.parent) one.depth = one.parent.depth + 1;
    order.push(one);
    for (const below of one.below.toReversed()) waiting.push(below);
  }
  return order;
}

function add(sum: Sum, call: Call): void {
  sum.calls += 1;
  if (hasFailed(call)) sum.errors += 1;
  sum.tokens += (inputTokens(call.usage) ?? 0) + (call.usage?.output ?? 0);
  sum.spent += Number(call.cost_usd ?? 0);
  sum.listed += byListOf(call);
  if (isKnown(call.cost_usd)) sum.costed += 1;
  // What a plan pays for costs nothing, and says nothing of the list.
  if (isKnown(call.list_cost_usd) || (isKnown(call.cost_usd) && !byPlan(call))) sum.priced += 1;
}

function isKnown(usd: string | null | undefined): boolean {
  return usd !== null && usd !== undefined;
}

function sum(to: Sum, more: Sum): void {
  to.calls += more.calls;
  to.errors += more.errors;
  to.tokens += more.tokens;
  to.spent += more.spent;
  to.listed += more.listed;
  to.costed += more.costed;
  to.priced += more.priced;
}

/**
 * The parts that cost most with those below them, as many as `most`, still in their order; the conversation itself is
 * one of them, and none is without the one that began it, which costs no less.
 */
export function costliest(parts: readonly Part[], most: number): Part[] {
  const [itself, ...agents] = parts;
  // Those that cost the same stay in their order, and so below the one that began them.
  const costly = agents.toSorted((a, b) => b.whole.listed - a.whole.listed);
  const kept = new Set([itself, ...costly.slice(0, most - 1)]);
  return parts.filter((part) => kept.has(part));
}

/** What calls cost, and what by list price where that is something else, of what is known of either. */
export function costOf(sum: Sum): string {
  return spentOf(sum) + (differs(sum) ? `, ${listOf(sum)} by list price` : "");
}

export function spentOf({ costed, spent }: Sum): string {
  return costed > 0 ? dollars(spent) : NONE;
}

export function listOf({ priced, listed }: Sum): string {
  return priced > 0 ? dollars(listed) : NONE;
}

const NONE = "–";

function dollars(usd: number): string {
  return money(usd.toFixed(9));
}
