import { expect, test } from "vitest";
import type { Price } from "../../api/prices";
import type { Call } from "../../api/record";
import { byList, byPlan, costInWords, type Paid } from "./paid";
import { lines, listPriceOf, priceOf, ratesOf } from "./tokens";
import { howPriced } from "./words";

test.each<[string, Paid, boolean, string | undefined, string]>([
  ["by use", { cost_usd: "0.5", list_cost_usd: "0.5" }, false, undefined, "$0.5"],
  [
    "a plan",
    { cost_usd: "0", list_cost_usd: "0.5" },
    true,
    "0.5",
    "$0, as a plan pays; $0.5 by list price",
  ],
  [
    "a plan, no list",
    { cost_usd: "0" },
    true,
    undefined,
    "$0, as a plan pays; by list price unknown",
  ],
  ["free", { cost_usd: "0", list_cost_usd: "0" }, false, undefined, "$0"],
  ["listed elsewhere", { list_cost_usd: "0.5" }, false, "0.5", "unknown; $0.5 by list price"],
  ["unknown", {}, false, undefined, "unknown"],
  ["sums", { cost_usd: "1", list_cost_usd: "1.5" }, false, "1.5", "$1; $1.5 by list price"],
])("who pays: %s", (_, paid, plan, list, words) => {
  expect([byPlan(paid), byList(paid), costInWords(paid)]).toEqual([plan, list, words]);
});

const price = (provider: string, model: string, output: string): Price => ({
  provider,
  model,
  source: "catalog",
  dated: "2026-01-01",
  imported: false,
  usd_per_million: { input: "1", cache_read: "0.1", output },
});
const PRICES = [
  price("other", "gpt-5.4", "20"),
  price("openai", "gpt-5.4", "10"),
  price("lab", "m", "10"),
];

/** What the page of a call says of its cost. */
function said(more: Partial<Call>): string {
  const usage = { input: 1_000_000, output: 100_000 };
  const call = { provider: "lab", model_served: "m", usage, ...more } as Call;
  const price = (byPlan(call) ? listPriceOf : priceOf)(PRICES, call);
  return howPriced(call, price, lines(call.usage, price && ratesOf(price, call.usage)));
}

test("a call that a plan pays for is not said to have another price now, or none", () => {
  const copilot = { provider: "github-copilot", model_served: "gpt-5.4", cost_usd: "0" };
  // Nobody but OpenAI comes to this sum; the provider itself lists nothing.
  expect(said({ ...copilot, list_cost_usd: "2" })).toBe(
    "A plan pays for this call, so it cost nothing more. By list price it would be $2.00. " +
      "Price: catalog, 2026-01-01.",
  );
  expect(said({ ...copilot, list_cost_usd: "7" })).toContain("The list price has changed since");
  expect(said({ ...copilot, model_served: "nobody's" })).toBe(
    "A plan pays for this call, so it cost nothing more. What it would cost by list price is not known.",
  );
});

test("a call that is paid by use says whether its price is still the same", () => {
  expect(said({ cost_usd: "2", list_cost_usd: "2" })).toBe("Price: catalog, 2026-01-01.");
  expect(said({ cost_usd: "3", list_cost_usd: "3" })).toBe(
    "The price has changed since this call. Price: catalog, 2026-01-01.",
  );
  // Of a price that is gone it is not said that the cost is not known.
  expect(said({ model_served: "gone", cost_usd: "3", list_cost_usd: "3" })).toBe(
    "The price has changed since this call.",
  );
  expect(said({ model_served: "gpt-5.4", list_cost_usd: "2" })).toBe(
    "There is no price for this model at its provider, so its cost is not known. " +
      "By list price it would be $2.00.",
  );
});
