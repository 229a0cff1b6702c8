// What `make demo` shows at first sight, and how long that takes.

import { afterAll, beforeAll, expect, test } from "vitest";
import { accessible, type Browser, browser, open, picture, portray, settled } from "./browser";
import { demo } from "./gateway";

/** Milliseconds until the overview's numbers are there, in a browser that has nothing of it yet. */
const FIRST_VIEW = 1000;
/** What is measured is the page, and not what else the machine does: one of these must be fast. */
const ATTEMPTS = 8;

let chromium: Browser;
let here: Awaited<ReturnType<typeof demo>>;

beforeAll(async () => {
  [chromium, here] = await Promise.all([browser(), demo({ history: 2880 })]);
});
afterAll(async () => {
  await chromium?.close();
  await here?.stop();
});

test("the address that the demo prints leads to numbers within a second", async () => {
  const { url, admin_token } = here.ready;
  const times: number[] = [];
  while (times.length < ATTEMPTS && Math.min(...times) >= FIRST_VIEW) {
    const { page, context, faults } = await open(chromium);
    const began = performance.now();
    await page.goto(`${url}/dashboard/#token=${admin_token}`);
    await page.locator("dd", { hasText: /^\$\d/ }).first().waitFor();
    times.push(performance.now() - began);
    await context.close();
    expect(faults).toEqual([]);
  }
  expect(Math.min(...times), times.join()).toBeLessThan(FIRST_VIEW);
});

test("the demo has something to look at", async () => {
  const { page, context, faults } = await open(chromium);
  await page.goto(`${here.ready.url}/dashboard/#token=${here.ready.admin_token}`);
  await page.getByRole("row", { name: /sim-coder/ }).waitFor();
  await settled(page);
  await portray(page, "demo");
  // What is under it is alive, too: people, a budget with little left, a subscription that pays.
  await page.getByRole("link", { name: /nightly review/ }).waitFor();
  await page
    .getByText(/by list price/)
    .first()
    .waitFor();
  for (const [path, shown] of [
    ["accounts", "demo@example.com"],
    ["budgets", "nightly review"],
    ["people", "Ada"],
  ] as const) {
    await page.goto(`${here.ready.url}/dashboard/${path}`);
    await page.getByText(shown).first().waitFor();
    await portray(page, `demo-${path}`);
  }
  await context.close();
  expect(faults).toEqual([]);
});

test("a code is typed where the demo's subscription leads, and nobody real is asked", async () => {
  const { page, context, faults } = await open(chromium);
  const { url, admin_token, provider_url } = here.ready;
  await page.goto(`${url}/dashboard/#token=${admin_token}`);
  await page.locator("#content").waitFor();
  await page.goto(`${url}/dashboard/accounts?add=login`);
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Provider").selectOption("chatgpt");
  await dialog.getByLabel("Name").fill("another");
  await dialog.getByRole("button", { name: "Begin", exact: true }).click();
  const code = (await dialog.getByLabel("Code", { exact: true }).textContent()) ?? "";
  const away = context.waitForEvent("page");
  await dialog.getByRole("link").first().click();
  const there = await away;
  expect(there.url()).toBe(`${provider_url}/codex/device`);
  await there.getByText("There is no real account behind it").waitFor();
  await accessible(there);
  await there.getByLabel(/Code/).fill(code);
  await there.getByLabel("Sign in as").fill("ada");
  await picture(there, "demo-sign-in");
  await there.getByRole("button", { name: "Sign in" }).click();
  await there.getByRole("status").getByText("Signed in.").waitFor();
  const card = page.getByRole("article", { name: "chatgpt another" });
  await card.getByText("ada@example.com").waitFor();
  await context.close();
  expect(faults).toEqual([]);
});
