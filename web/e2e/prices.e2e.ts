// What models cost: found, set, imported.

import { afterAll, beforeAll, expect, test } from "vitest";
import { accessible, type Browser, browser, open, portray, signIn, unharmed } from "./browser";
import { HOSTILE, type World, world } from "./gateway";

let chromium: Browser;
let here: World;

beforeAll(async () => {
  [chromium, here] = await Promise.all([browser(), world(50)]);
  const usd_per_million = { input: "1" };
  await here.api("PUT", "/prices", {
    prices: [{ model: HOSTILE, source: HOSTILE, usd_per_million }],
  });
});
afterAll(async () => {
  await chromium?.close();
  await here?.stop();
});

type Price = { model: string; usd_per_million: Record<string, string>; long_context?: object };

async function priceOf(model: string): Promise<Price | undefined> {
  for (let cursor = ""; ; ) {
    const part = await here.api<{ data: Price[]; next: string | null }>(
      "GET",
      `/prices?limit=1000${cursor && `&cursor=${cursor}`}`,
    );
    const found = part.data.find((price) => price.model === model);
    if (found || !part.next) return found;
    cursor = part.next;
  }
}

test("a price is found, changed, and another is added", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, "prices");
  await page.getByRole("table").waitFor();
  await portray(page, "prices");
  await page.getByLabel("Search models").fill("onerror");
  await page.getByRole("row", { name: /onerror/ }).waitFor();
  await unharmed(page);
  await page.getByLabel("Search models").fill("claude-sonnet-4-5");
  await page.waitForURL(/q=claude-sonnet-4-5/);
  await page
    .getByRole("button", { name: /claude-sonnet-4-5$/ })
    .first()
    .press("Enter");
  const form = page.getByRole("dialog");
  await form.getByLabel("Input, $ per million").fill("2.5");
  await portray(page, "prices-edit");
  const before = await priceOf("claude-sonnet-4-5");
  await form.getByRole("button", { name: "Save price" }).click();
  await page
    .getByRole("row", { name: /claude-sonnet-4-5.*\$2\.5/ })
    .first()
    .waitFor();
  const after = await priceOf("claude-sonnet-4-5");
  expect(after?.usd_per_million).toEqual({ ...before?.usd_per_million, input: "2.5" });
  expect(after?.long_context).toEqual(before?.long_context);
  await page.getByRole("button", { name: "New price" }).click();
  await form.getByLabel("Model").fill("house-model");
  await form.getByLabel("Output, $ per million").fill("0.75");
  await form.getByRole("button", { name: "Save price" }).click();
  await form.waitFor({ state: "detached" });
  await page.getByLabel("Search models").fill("house-model");
  await page.getByRole("row", { name: /house-model anyone.*\$0\.75/ }).waitFor();
  expect((await priceOf("house-model"))?.usd_per_million).toEqual({ output: "0.75" });
  // And is taken back: this one is nobody's then, and the other what it was.
  const back = async (model: string) => {
    await page.getByLabel("Search models").fill(model);
    const edit = page.getByRole("button", { name: `Edit the price of ${model}`, exact: true });
    await edit.first().click();
    await form.getByRole("button", { name: "Back to the catalog" }).click();
    await accessible(page);
    await form.getByRole("group").getByRole("button", { name: "Take back" }).click();
    await form.waitFor({ state: "detached" });
  };
  await back("house-model");
  await page.getByText("No price is like that").waitFor();
  await back("claude-sonnet-4-5");
  await expect.poll(() => priceOf("claude-sonnet-4-5")).toEqual(before);
  await page
    .getByRole("button", { name: "Edit the price of claude-sonnet-4-5", exact: true })
    .first()
    .click();
  await form.getByRole("button", { name: "Save price" }).waitFor();
  expect(await form.getByRole("button", { name: "Back to the catalog" }).count()).toBe(0);
  await context.close();
  expect(faults).toEqual([]);
});

test("a public list is imported, and what is none is refused", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, "prices?q=imported-model");
  await page.getByText("No price is like that").waitFor();
  await page.getByRole("button", { name: "Import a list" }).click();
  const form = page.getByRole("dialog");
  const file = (text: string) => ({
    name: "prices.json",
    mimeType: "application/json",
    buffer: Buffer.from(text),
  });
  await form.getByLabel("File").setInputFiles(file("no list"));
  await form.getByRole("button", { name: "Import" }).click();
  await form.getByRole("alert").filter({ hasText: /\w/ }).waitFor();
  await portray(page, "prices-import");
  const entry = {
    litellm_provider: "openai",
    input_cost_per_token: 1e-6,
    output_cost_per_token: 4e-6,
    mode: "chat",
  };
  await form.getByLabel("File").setInputFiles(file(JSON.stringify({ "imported-model": entry })));
  await form.getByRole("button", { name: "Import" }).click();
  await page.getByText("1 new or different").waitFor();
  await page.getByRole("row", { name: /imported-model openai \$1 .*\$4 .*prices\.json/ }).waitFor();
  await context.close();
  expect(faults).toEqual([]);
});

test("others look, and change nothing; what fails says why", async () => {
  const { page, context } = await open(chromium);
  await signIn(page, here, here.people.viewer);
  await page.getByRole("link", { name: "Prices" }).click();
  await page
    .getByRole("row", { name: /claude-sonnet-4-5/ })
    .first()
    .waitFor();
  expect(await page.getByRole("button", { name: /New price|Import|Edit/ }).count()).toBe(0);
  await accessible(page);
  await page.route("**/api/v1/prices?*", (route) => route.fulfill({ status: 500, body: "{}" }));
  await page.reload();
  await page.getByText("That did not work").waitFor();
  await context.close();
});
