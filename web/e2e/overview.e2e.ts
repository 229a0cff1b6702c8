import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, browser, open, portray, settled, signIn, unharmed } from "./browser";
import { type World, world } from "./gateway";

let chromium: Browser;
let here: World;

beforeAll(async () => {
  [chromium, here] = await Promise.all([browser(), world()]);
});
afterAll(async () => {
  await chromium?.close();
  await here?.stop();
});

test("the overview shows what the control plane says, and compares it", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, "?range=30d");
  await settled(page);
  const from = new Date(Math.floor(Date.now() / 86_400_000) * 86_400_000 - 29 * 86_400_000);
  const report = await here.api<{ totals: { calls: number } }>(
    "GET",
    `/usage?from=${from.toISOString()}`,
  );
  const calls = page.locator("dt", { hasText: "Calls" }).locator("xpath=following-sibling::dd[1]");
  expect(await calls.textContent()).toBe(report.totals.calls.toLocaleString("en-US"));
  await portray(page, "overview");
  await page.getByRole("button", { name: "Key" }).click();
  await page.getByRole("row", { name: /nightly review/ }).waitFor();
  await unharmed(page);
  await context.close();
  expect(faults).toEqual([]);
});

test("an organization is chosen once for every page, and stands in the address", async () => {
  const { page, context } = await open(chromium);
  await signIn(page, here, here.people.root, "?range=30d&by=key");
  const research = here.orgs[1];
  await page.getByLabel("Organization", { exact: true }).selectOption({ label: "research" });
  await page.waitForURL((url) => url.searchParams.get("org") === research?.id);
  await page.getByRole("row", { name: /mika research/ }).waitFor();
  await settled(page);
  expect(await page.getByRole("row", { name: /olga laptop/ }).count()).toBe(0);
  await context.close();
});

test("without calls it says what to do", async () => {
  const { page, context } = await open(chromium);
  await here.api("POST", "/orgs", { name: "empty" });
  await signIn(page, here, here.people.root);
  await page.getByLabel("Organization", { exact: true }).selectOption({ label: "empty" });
  await page.getByText("No calls in this time").waitFor();
  await portray(page, "overview-empty");
  await context.close();
});
