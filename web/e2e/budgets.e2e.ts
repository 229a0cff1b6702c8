// Budgets: how they stand, and who sets what for whom.

import { afterAll, beforeAll, expect, test } from "vitest";
import {
  accessible,
  type Browser,
  browser,
  held,
  open,
  portray,
  signIn,
  unharmed,
} from "./browser";
import { HOSTILE, type World, world } from "./gateway";

let chromium: Browser;
let here: World;

beforeAll(async () => {
  [chromium, here] = await Promise.all([browser(), world(100)]);
});
afterAll(async () => {
  await chromium?.close();
  await here?.stop();
});

test("without budgets it says what to do, and one is set", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, "budgets");
  await page.getByText("Nothing has a budget yet").waitFor();
  await portray(page, "budgets-empty");
  await page.getByRole("button", { name: "Set limits" }).click();
  const form = page.getByRole("form", { name: "Limits" });
  await page.getByLabel("Whose", { exact: true }).last().selectOption({ label: "platform" });
  await form.getByLabel("Calls a minute").fill("1000");
  await form.getByRole("button", { name: "Add a budget" }).click();
  await form.getByLabel("US dollars a month").fill("-5");
  await form.getByRole("button", { name: "Save limits" }).click();
  await form.getByRole("alert").getByText(/./).first().waitFor();
  await portray(page, "budget-set");
  await form.getByLabel("US dollars a month").fill("500");
  await form.getByRole("button", { name: "Save limits" }).click();
  await page.getByRole("row", { name: /platform Organization \$500\.00 a month/ }).waitFor();
  await page.getByRole("button", { name: "Change platform" }).click();
  // What there is now is filled in, rates and all.
  await form.getByLabel("US dollars a month").waitFor();
  expect(await form.getByLabel("US dollars a month").inputValue()).toBe("500");
  expect(await form.getByLabel("Calls a minute").inputValue()).toBe("1000");
  await form.getByRole("button", { name: "Add a budget" }).click();
  await form.getByLabel("US dollars a day").fill("40");
  await form.getByRole("button", { name: "Save limits" }).click();
  await page.getByRole("row", { name: /platform Organization \$40\.00 a day/ }).waitFor();
  const { data } = await here.api<{ data: { scope: string; usd: string }[] }>("GET", "/budgets");
  expect(data.map(({ scope, usd }) => [scope, usd]).sort()).toEqual([
    ["org", "40"],
    ["org", "500"],
  ]);
  const limits = await here.api<unknown>("GET", `/orgs/${here.orgs[0]?.id}/limits`);
  expect(limits).toMatchObject({ limits: { rpm: 1000 } });
  await page.getByRole("button", { name: "Change platform" }).first().click();
  await form.getByRole("button", { name: "Remove this budget" }).first().click();
  await form.getByRole("button", { name: "Remove this budget" }).first().click();
  await form.getByRole("button", { name: "Save limits" }).click();
  await page.getByText("Nothing has a budget yet").waitFor();
  await context.close();
  expect(faults).toEqual([]);
});

test("owners are told what they may not set, and members look", async () => {
  const key = await here.api<{ id: string }>("POST", "/keys", {
    name: "bounded",
    org: "platform",
    budget: { usd: "12.5", window: "day" },
  });
  await here.api("PUT", `/users/${here.people.owner.id}/limits`, {
    budget: { usd: "80", window: "total" },
  });
  const owner = await open(chromium);
  await signIn(owner.page, here, here.people.owner, "budgets");
  await owner.page.getByRole("row", { name: /Olga Person \$80\.00 in all/ }).waitFor();
  expect(await owner.page.getByRole("button", { name: "Change Olga" }).count()).toBe(0);
  await owner.page.getByRole("button", { name: "Set limits" }).click();
  const form = owner.page.getByRole("form", { name: "Limits" });
  await owner.page.getByLabel("Whose", { exact: true }).last().selectOption({ label: "platform" });
  await form.getByRole("button", { name: "Add a budget" }).click();
  await form.getByLabel("US dollars a month").fill("900");
  await form.getByRole("button", { name: "Save limits" }).click();
  // This gateway lends the platform's money within budgets: who borrows does not set them.
  await form.getByText("Only an administrator of this installation may do this").waitFor();
  await accessible(owner.page);
  await form.getByRole("button", { name: "Cancel" }).click();
  await here.api("PUT", `/orgs/${here.orgs[0]?.id}/limits`, {
    budget: { usd: "900", window: "month" },
  });
  await owner.page.reload();
  await owner.page.getByRole("row", { name: /platform Organization/ }).waitFor();
  await owner.page.getByRole("button", { name: "Keys", exact: true }).click();
  await owner.page.waitForURL(/scope=key/);
  await owner.page
    .getByRole("row", { name: /platform Organization/ })
    .waitFor({ state: "detached" });
  await owner.page.getByRole("link", { name: "bounded" }).click();
  await owner.page.waitForURL(`**/keys/${key.id}**`);
  await owner.context.close();
  const member = await open(chromium);
  await signIn(member.page, here, here.people.member, "budgets?q=platform");
  await member.page.getByRole("row", { name: /platform Organization/ }).waitFor();
  expect(await member.page.getByRole("button", { name: "Set limits" }).count()).toBe(0);
  expect(await member.page.getByRole("button", { name: /Change/ }).count()).toBe(0);
  await member.context.close();
  expect([...owner.faults, ...member.faults]).toEqual([]);
});

test("what is nearly or wholly spent stands first and in another colour", async () => {
  const { page, context, faults } = await open(chromium);
  let broken = true;
  const day = 86_400_000;
  const at = (ms: number) => new Date(Date.now() + ms).toISOString();
  const row = (name: string, spent: string, more: object = {}) => ({
    scope: "key",
    id: `key_${name}`,
    name,
    window: "month",
    usd: "100",
    spent_usd: spent,
    reserved_usd: "0",
    resets_at: at(4 * day),
    ...more,
  });
  await page.route("**/api/v1/budgets*", (route) =>
    broken
      ? route.fulfill({ status: 500, json: { error: { code: "internal", message: "It broke." } } })
      : route.fulfill({
          json: {
            data: [
              row("calm", "12.345678901"),
              row("acme", "84.2", { scope: "org", reserved_usd: "1.25", alerted_at: at(-day / 3) }),
              row("Olga", "100.75", { scope: "user", alerted_at: at(-2 * day), window: "total" }),
              row(HOSTILE, "0", { usd: "0.000004", resets_at: null }),
            ],
            next: null,
          },
        }),
  );
  const go = await held(page, "**/api/v1/budgets*");
  await signIn(page, here, here.people.root, "budgets");
  await page.getByRole("status", { name: "Loading" }).waitFor();
  await accessible(page);
  go();
  await page.getByText("It broke.").waitFor();
  broken = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("row", { name: /Olga/ }).waitFor();
  expect(await page.locator("tbody tr").first().textContent()).toContain("Olga");
  await portray(page, "budgets");
  await unharmed(page);
  await page.getByLabel("Search budgets").fill("nobody");
  await page.getByText("No budget is like that").waitFor();
  await page.getByRole("button", { name: "Show all budgets" }).click();
  await page.getByRole("row", { name: /calm/ }).waitFor();
  await context.close();
  expect(faults).toEqual([]);
});
