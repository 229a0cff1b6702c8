// Accounts: signed in with, brought, paused, removed; what is refused, and who sees what.

import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, browser, open, type Page, portray, signIn, unharmed } from "./browser";
import { HOSTILE } from "./gateway";
import { type Plan, plan } from "./plan";

let chromium: Browser;
let here: Plan;

beforeAll(async () => {
  [chromium, here] = await Promise.all([browser(), plan()]);
});
afterAll(async () => {
  await chromium?.close();
  await here?.stop();
});

/** Begins to sign in; gives the code. */
async function begin(page: Page, name: string): Promise<string> {
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Provider").selectOption("plan");
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByRole("button", { name: "Begin", exact: true }).click();
  return (await dialog.getByLabel("Code", { exact: true }).textContent()) ?? "";
}

test("somebody signs in with a code, pauses, resumes, renews and removes", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.mika, "accounts");
  await page.getByText("No account yet").waitFor();
  await portray(page, "accounts-none");
  await page.getByRole("button", { name: "Sign in with an account" }).click();
  const dialog = page.getByRole("dialog");
  const listed = dialog.getByLabel("Provider").locator("option");
  await listed.filter({ hasText: "plan" }).waitFor({ state: "attached" });
  expect(await listed.allTextContents()).toEqual(["plan"]);
  await portray(page, "account-begin");
  const code = await begin(page, "first");
  await dialog.getByText(/only if you began this sign-in yourself/).waitFor();
  await dialog.getByText(/its terms bind the subscription/).waitFor();
  expect(await dialog.getByRole("timer").textContent()).toMatch(/^1?\d:\d\d$/);
  const link = dialog.getByRole("link").first();
  expect(await link.getAttribute("rel")).toContain("noopener");
  expect(await link.getAttribute("target")).toBe("_blank");
  expect(page.url()).not.toContain(code);
  await portray(page, "account-code");
  await here.authority("approve", { user_code: code, account: "mika" });
  const card = page.getByRole("article", { name: "plan first" });
  await card.getByText("Just added").waitFor();
  await card.getByText("mika@example.com").waitFor();
  const made = await card.getByRole("link", { name: "Calls" }).getAttribute("href");
  expect(made).toMatch(/calls\?credential=cred_/);
  await portray(page, "account");
  await card.getByRole("button", { name: "Pause" }).click();
  await card.getByText("Paused", { exact: true }).waitFor();
  await card.getByRole("button", { name: "Resume" }).click();
  await card.getByText("Ready", { exact: true }).waitFor();
  await card.getByRole("button", { name: "Renew" }).click();
  await page.getByText("Renewed plan first").waitFor();
  await card.getByRole("button", { name: "Remove" }).click();
  await portray(page, "account-remove");
  await card.getByRole("button", { name: "Cancel" }).click();
  await card.getByRole("button", { name: "Remove" }).click();
  await card.getByRole("group").getByRole("button", { name: "Remove" }).click();
  await page.getByText("No account yet").waitFor();
  await context.close();
  expect(faults).toEqual([]);
});

test("an attempt that is denied says so, another is given up, and what is refused is said", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.mika, "accounts?add=login");
  const dialog = page.getByRole("dialog");
  await here.authority("deny", { user_code: await begin(page, "second") });
  await dialog.getByText("It was denied").waitFor();
  await portray(page, "account-denied");
  await dialog.getByRole("button", { name: "Begin again" }).click();
  await begin(page, "second");
  await dialog.getByRole("button", { name: "Cancel sign-in" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Sign in with an account" }).click();
  await dialog.getByLabel("Provider").selectOption("plan");
  await dialog.getByLabel("Name").fill(HOSTILE);
  await dialog.getByRole("button", { name: "Begin", exact: true }).click();
  await dialog.locator("[aria-invalid]").waitFor();
  await unharmed(page);
  await context.close();
  expect(faults).toEqual([]);
});

test("a browser's address is pasted, and the account is a credential too", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.mika, "accounts?add=login");
  await here.authority("browser", { account: "browsing" });
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Provider").selectOption("plan");
  await dialog.getByLabel("Name").fill("browsed");
  await dialog.getByLabel("With").selectOption("browser");
  await dialog.getByRole("button", { name: "Begin", exact: true }).click();
  const link = dialog.getByRole("link", { name: "Open the provider's sign-in" });
  const away = await fetch((await link.getAttribute("href")) ?? "", { redirect: "manual" });
  await portray(page, "account-browser");
  await dialog.getByLabel(/Address that/).fill("https://example.com/");
  await dialog.getByRole("button", { name: "Finish" }).click();
  await dialog.locator("[aria-invalid]").waitFor();
  await dialog.getByLabel(/Address that/).fill(away.headers.get("location") ?? "");
  await dialog.getByRole("button", { name: "Finish" }).click();
  await page.getByRole("article", { name: "plan browsed" }).getByText("Just added").waitFor();
  await page.goto(`${here.url}/dashboard/credentials?of=me`);
  const row = page.getByRole("row", { name: /browsed/ });
  await row.getByText("Account", { exact: true }).first().waitFor();
  expect(await row.getByRole("button").count()).toBe(0);
  await portray(page, "account-credential");
  await row.getByRole("link", { name: "Account" }).click();
  const card = page.getByRole("article", { name: "plan browsed" });
  await card.getByRole("button", { name: "Remove" }).click();
  await card.getByRole("group").getByRole("button", { name: "Remove" }).click();
  await card.waitFor({ state: "detached" });
  await context.close();
  expect(faults).toEqual([]);
});

test("a login of Codex is brought with consent alone, and nothing of it is left", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.mika, "accounts?add=import");
  const client = "app_EMoamEEZ73f0CkXaXp7hrann";
  const tokens = (await here.authority("sign-in", { account: "brought", client })) as {
    refresh_token: string;
  };
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Provider").selectOption("plan");
  await dialog.getByLabel("What auth.json holds").fill(JSON.stringify({ tokens }));
  await dialog.getByRole("button", { name: "Bring it" }).click();
  await dialog.getByText("Say that you know it, to go on.").waitFor();
  await dialog.getByRole("checkbox").check();
  await portray(page, "account-import");
  await dialog.getByRole("button", { name: "Bring it" }).click();
  await page.getByRole("article", { name: "plan default" }).getByText("brought@").waitFor();
  expect(await page.content()).not.toContain(tokens.refresh_token);
  expect(page.url()).not.toContain(tokens.refresh_token);
  const kept = await page.evaluate(
    () => JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage }),
  );
  expect(kept).not.toContain(tokens.refresh_token);
  await page.goto(`${here.url}/dashboard/accounts?add=import`);
  expect(await dialog.getByLabel("What auth.json holds").inputValue()).toBe("");
  await context.close();
  expect(faults).toEqual([]);
});

test("others see nothing of it", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.vera, "accounts");
  await page.getByText("No account yet").waitFor();
  expect(await page.getByRole("article").count()).toBe(0);
  await context.close();
  expect(faults).toEqual([]);
});

test("where accounts are switched off, that is said", async () => {
  const off = await plan({ enabled: false });
  try {
    const { page, context, faults } = await open(chromium);
    await signIn(page, off, off.mika, "accounts?add=login");
    const dialog = page.getByRole("dialog");
    await dialog.getByText(/Accounts are switched off here/).waitFor();
    await dialog.getByRole("button", { name: "Begin", exact: true }).click();
    await dialog
      .getByRole("alert")
      .getByText(/Accounts are switched off here/)
      .waitFor();
    await context.close();
    expect(faults).toEqual([]);
  } finally {
    await off.stop();
  }
});

test("every state says why, how much is used, and what went wrong", async () => {
  const { page, context, faults } = await open(chromium);
  const hour = 3_600_000;
  const at = (ms: number) => new Date(Date.now() + ms).toISOString();
  const account = (name: string, state: object) => ({
    id: `cred_${name}`,
    provider: "plan",
    name,
    owner: { kind: "user", id: here.mika.id },
    holder: HOSTILE,
    plan: HOSTILE,
    windows: {},
    tells_windows: true,
    models: [HOSTILE],
    expires_at: at(20 * hour),
    fingerprint: "0123abcd",
    configured_at: at(-50 * hour),
    ...state,
  });
  const window = (used_percent: number, minutes: number, hours: number) => ({
    used_percent,
    minutes,
    resets_at: at(hours * hour),
  });
  const data = [
    account("resting", {
      state: "cooling",
      why: "cap",
      until: at(2 * hour),
      windows: { primary: window(100, 300, 2), secondary: window(84, 10_080, 90) },
      windows_at: at(-hour / 60),
    }),
    account("lost", {
      state: "auth_required",
      why: "revoked",
      last_error: HOSTILE,
      tells_windows: false,
      models: [],
      missing: `No model leads there. ${HOSTILE}`,
    }),
    account(HOSTILE, {
      state: "dead",
      why: "closed",
      next_try_at: at(hour),
      last_error: "It broke.",
    }),
  ];
  await page.route("**/api/v1/accounts?*", (route) =>
    route.fulfill({ json: { data, next: null } }),
  );
  await signIn(page, here, here.mika, "accounts");
  const resting = page.getByRole("article", { name: "plan resting" });
  await resting.getByText("the plan is used up").waitFor();
  await resting.getByRole("meter", { name: "5 hours" }).waitFor();
  await resting.getByRole("button", { name: "Wake" }).waitFor();
  const lost = page.getByRole("article", { name: "plan lost" });
  await lost.getByText("plan does not say with its answers how much").waitFor();
  await lost.getByText("No model leads there.").waitFor();
  await portray(page, "accounts-states");
  await page.getByRole("button", { name: "Sign in again" }).first().click();
  expect(await page.getByRole("dialog").getByLabel("Name").inputValue()).toBe("lost");
  await unharmed(page);
  await context.close();
  expect(faults).toEqual([]);
});
