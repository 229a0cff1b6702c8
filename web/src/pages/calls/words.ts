// How a call's cost came about, in words.

import type { Price } from "../../api/prices";
import type { Call } from "../../api/record";
import { money } from "../../format";
import { byList, byPlan } from "./paid";
import { addsUp, type Line } from "./tokens";

/** `rows` are what the call comes to at `price`, which is none where nobody has one now. */
export function howPriced(call: Call, price: Price | undefined, rows: readonly Line[]): string {
  return [...(byPlan(call) ? ofPlan(call, price, rows) : ofUse(call, price, rows))].join(" ");
}

function* ofPlan(call: Call, price: Price | undefined, rows: readonly Line[]): Generator<string> {
  const list = byList(call);
  yield "A plan pays for this call, so it cost nothing more.";
  if (list === undefined) {
    yield "What it would cost by list price is not known.";
    return;
  }
  yield `By list price it would be ${money(list)}.`;
  if (!price || !addsUp(rows, list)) yield "The list price has changed since this call.";
  if (price) yield origin(price);
}

function* ofUse(call: Call, price: Price | undefined, rows: readonly Line[]): Generator<string> {
  const cost = call.cost_usd ?? undefined;
  const list = byList(call);
  if (cost !== undefined && !(price && addsUp(rows, cost)))
    yield "The price has changed since this call.";
  if (price) yield origin(price);
  else if (cost === undefined)
    yield "There is no price for this model at its provider, so its cost is not known.";
  if (list !== undefined) yield `By list price it would be ${money(list)}.`;
}

function origin({ source, dated }: Price): string {
  return `Price: ${source}, ${dated}.`;
}
