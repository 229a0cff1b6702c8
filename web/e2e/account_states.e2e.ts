// Accounts as they stand at a provider that plays along: codes that run out, logins that are refused or lost,
// rests that are ended by hand, an organization's, and a page that waits or fails.

import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, browser, held, open, type Page, portray, signIn } from "./browser";
import { type Plan, plan } from "./plan";

let chromium: Browser;
let here: Plan;

beforeAll(async () => {
  [chromium, here] = await Promise.all([browser(), plan({ organizations: true })]);
});
afterAll(async () => {
  await chromium?.close();
  await here?.stop();
});

/** Begins to sign in; gives the code. */
async function begin(page: Page, name: string, whose?: string): Promise<string> {
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Provider").selectOption("plan");
  await dialog.getByLabel("Name").fill(name);
  if (whose) await dialog.getByLabel("Whose").selectOption({ label: whose });
  await dialog.getByRole("button", { name: "Begin", exact: true }).click();
  return (await dialog.getByLabel("Code", { exact: true }).textContent()) ?? "";
}

/** Signs in as `account` at the provider, and waits for the card. */
async function added(page: Page, name: string, account: string, whose?: string) {
  await page.goto(`${here.url}/dashboard/accounts?add=login`);
  await here.authority("approve", { user_code: await begin(page, name, whose), account });
  const card = page.getByRole("article", { name: `plan ${name}` });
  await card.getByText("Just added").waitFor();
  return card;
}

test("the countdown stops at nothing, and a code that ran out is followed by another", async () => {
  const { page, context, faults } = await open(chromium);
  await page.clock.install();
  await signIn(page, here, here.mika, "accounts?add=login");
  const dialog = page.getByRole("dialog");
  const code = await begin(page, "slow");
  const left = dialog.getByRole("timer");
  await left.getByText(/^1[45]:\d\d$/).waitFor();
  await page.clock.fastForward("10:00");
  await left.getByText(/^[45]:\d\d$/).waitFor();
  await page.clock.fastForward("30:00");
  await left.getByText(/^0:00$/).waitFor();
  await here.authority("expire-code", { user_code: code });
  await page.clock.fastForward("01:00");
  await dialog.getByText("The time is over").waitFor();
  await portray(page, "account-expired");
  // What is next has the focus.
  const again = dialog.getByRole("button", { name: "Begin again" });
  expect(await again.evaluate((button) => button === document.activeElement)).toBe(true);
  await again.press("Enter");
  expect(await dialog.getByLabel("Name").inputValue()).toBe("slow");
  expect(await begin(page, "slow")).not.toBe(code);
  await dialog.getByRole("button", { name: "Cancel sign-in" }).click();
  await dialog.waitFor({ state: "detached" });
  await context.close();
  expect(faults).toEqual([]);
});

test("a login that is here already is refused, and says why", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.mika, "accounts");
  await added(page, "once", "shared");
  await page.goto(`${here.url}/dashboard/accounts?add=login`);
  const user_code = await begin(page, "twice");
  await here.authority("approve", { user_code, account: "shared" });
  const dialog = page.getByRole("dialog");
  await dialog.getByText("It was refused").waitFor();
  await dialog.getByText(/once/).waitFor();
  await portray(page, "account-refused");
  await dialog.getByRole("button", { name: "Close" }).click();
  await dialog.waitFor({ state: "detached" });
  expect(await page.getByRole("article").count()).toBe(1);
  await context.close();
  expect(faults).toEqual([]);
});

test("a login that was signed out at the provider is lost, and signed in again under its name", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.mika, "accounts");
  const card = await added(page, "lost", "left");
  await here.authority("revoke", { account: "left" });
  await card.getByRole("button", { name: "Renew" }).click();
  const state = card.locator("h2");
  await state.getByText("Sign in again").waitFor();
  await state.getByText(/signed out at the provider|provider refuses it/).waitFor();
  // Renewing it is no use any more, and neither is a pause.
  expect(await card.getByRole("button", { name: /Renew|Pause|Wake/ }).count()).toBe(0);
  await portray(page, "account-lost");
  await card.getByRole("button", { name: "Sign in again" }).click();
  const dialog = page.getByRole("dialog");
  expect(await dialog.getByLabel("Name").inputValue()).toBe("lost");
  await here.authority("approve", { user_code: await begin(page, "lost"), account: "left" });
  await state.getByText("Ready", { exact: true }).waitFor();
  await context.close();
  expect(faults).toEqual([]);
});

test("one that rests until its plan has room again is woken by hand", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.mika, "accounts");
  const card = await added(page, "tired", "tired");
  // The others are out of the way, so that the call draws on this one.
  await here.api("PUT", "/routes", {
    data: [{ model: "gpt-5-codex", targets: [{ provider: "plan" }] }],
  });
  const { data } = await here.api<{ data: { id: string; name: string }[] }>("GET", "/accounts");
  for (const { id, name } of data)
    if (name !== "tired") await here.api("POST", `/accounts/${id}/pause`);
  const limit = { plan: { resets_in_seconds: 7200 } };
  await here.authority("limit", { account: "tired", limit });
  const { secret } = await here.api<{ secret: string }>("POST", "/keys", {
    name: "mika laptop",
    owner: here.mika.id,
  });
  const answer = await fetch(`${here.url}/v1/responses`, {
    method: "POST",
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
    body: JSON.stringify({
      model: "gpt-5-codex",
      instructions: "",
      store: false,
      stream: true,
      input: [{ role: "user", content: "hi" }],
    }),
  });
  expect(answer.status, await answer.text()).toBe(429);
  await page.reload();
  const state = card.locator("h2");
  await state.getByText("Resting").waitFor();
  await state.getByText("the plan is used up").waitFor();
  await state.getByText(/back in (2 h|1 h|1\d\d min)/).waitFor();
  await portray(page, "account-resting");
  // Whoever looks at nothing but the overview knows, and until when.
  const cards = page.url();
  await page.goto(`${here.url}/dashboard/`);
  const notice = page.getByRole("link", { name: /^plan tired rests, back at \d\d:\d\d$/ });
  await notice.waitFor();
  await portray(page, "overview-attention");
  await notice.click();
  await card.waitFor();
  await page.goto(cards);
  await here.authority("limit", { account: "tired", limit: null });
  await card.getByRole("button", { name: "Wake" }).click();
  await page.getByText("Woke plan tired").waitFor();
  await state.getByText("Ready", { exact: true }).waitFor();
  await context.close();
  expect(faults).toEqual([]);
});

test("an organization's account carries what its terms say, for those who have it in hand", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.olga, "accounts");
  await page.goto(`${here.url}/dashboard/accounts?add=login`);
  const user_code = await begin(page, "team", "research");
  const dialog = page.getByRole("dialog");
  const notice = /terms/i;
  await dialog.getByText(notice).first().waitFor();
  await portray(page, "account-org-code");
  await here.authority("approve", { user_code, account: "team" });
  const card = page.getByRole("article", { name: "plan team" });
  await card.getByText("Just added").waitFor();
  await card.getByText("research").waitFor();
  await card.getByText(notice).first().waitFor();
  await portray(page, "account-org");
  await context.close();
  // It is not everybody's who is in the organization.
  const other = await open(chromium);
  await signIn(other.page, here, here.vera, "accounts");
  await other.page.getByText("No account yet").waitFor();
  await portray(other.page, "accounts-viewer");
  await other.context.close();
  expect([...faults, ...other.faults]).toEqual([]);
});

test("the page waits without moving, and what fails says why and is asked again", async () => {
  const { page, context, faults } = await open(chromium);
  const go = await held(page, "**/api/v1/accounts?*");
  await signIn(page, here, here.olga, "accounts");
  await page.getByLabel("Loading").first().waitFor();
  go();
  await page.getByRole("article", { name: "plan team" }).waitFor();
  let fails = true;
  await page.route("**/api/v1/accounts?*", (route) =>
    fails
      ? route.fulfill({ status: 500, json: { error: { code: "internal", message: "It broke." } } })
      : route.fallback(),
  );
  await page.reload();
  await page.getByText("It broke.").waitFor();
  await portray(page, "accounts-failed");
  fails = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("article", { name: "plan team" }).waitFor();
  await context.close();
  expect(faults).toEqual([]);
});
