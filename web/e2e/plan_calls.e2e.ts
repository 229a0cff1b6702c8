// What a plan pays for: its calls cost nothing, and say what they would cost by list.

import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, browser, open, type Page, portray, settled, signIn } from "./browser";
import { type Plan, plan } from "./plan";

/** Listed, but by others than the provider; and listed by nobody. */
const [LISTED, UNLISTED] = ["gpt-5.6-sol", "gpt-of-nobody"];

let chromium: Browser;
let here: Plan;

beforeAll(async () => {
  [chromium, here] = await Promise.all([browser(), plan()]);
});
afterAll(async () => {
  await chromium?.close();
  await here?.stop();
});

async function account(page: Page): Promise<void> {
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Provider").selectOption("plan");
  await dialog.getByRole("button", { name: "Begin", exact: true }).click();
  const code = await dialog.getByLabel("Code", { exact: true }).textContent();
  await here.authority("approve", { user_code: code, account: "mika" });
  await page.getByRole("article").getByText("Just added").waitFor();
}

/** What stands under a heading. */
function panel(page: Page, name: string) {
  return page.locator("section").filter({ has: page.getByRole("heading", { name }) });
}

/** Calls a model as Codex does; gives the call's id. */
async function call(model: string, key: string): Promise<string> {
  const response = await fetch(`${here.url}/v1/responses`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, session_id: "a plan's" },
    body: JSON.stringify({
      model,
      instructions: "Be short.",
      input: [{ role: "user", content: [{ type: "input_text", text: "hello" }] }],
      stream: true,
      store: false,
    }),
  });
  await response.text();
  expect(response.status).toBe(200);
  return response.headers.get("x-tollhouse-call") ?? "";
}

test("a call that a plan pays for says so, and what it would cost", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.mika, "accounts?add=login");
  await account(page);
  const data = [LISTED, UNLISTED].map((model) => ({ model, targets: [{ provider: "plan" }] }));
  await here.api("PUT", "/routes", { data });
  const { secret } = await here.api<{ secret: string }>("POST", "/keys", {
    name: "mika's",
    org: here.org.id,
    owner: here.mika.id,
  });
  const [listed, unlisted] = [await call(LISTED, secret), await call(UNLISTED, secret)];
  type Row = { cost_usd: string; list_cost_usd?: string; session: string };
  const row = await here.api<Row>("GET", `/calls/${listed}`);
  expect(row.cost_usd).toBe("0");
  expect(Number(row.list_cost_usd)).toBeGreaterThan(0);

  await page.goto(`${here.url}/dashboard/calls/${listed}`);
  const cost = panel(page, "Tokens and cost");
  await cost.getByText(/A plan pays for this call.*By list price it would be \$/).waitFor();
  await cost.getByTitle(`$${row.list_cost_usd}`).waitFor();
  await settled(page);
  expect(await cost.getByText(/has changed|There is no price/).count()).toBe(0);
  await portray(page, "call-by-plan");

  await page.goto(`${here.url}/dashboard/calls/${unlisted}`);
  await cost
    .getByText(/A plan pays for this call.*What it would cost by list price is not known/)
    .waitFor();
  expect(await cost.getByText(/has changed|There is no price/).count()).toBe(0);

  await page.goto(`${here.url}/dashboard/calls`);
  await page.getByTitle(`$0, as a plan pays; $${row.list_cost_usd} by list price`).waitFor();
  await page.goto(`${here.url}/dashboard/sessions/${row.session}`);
  const sums = panel(page, "In all");
  await sums.getByText("$0, as a plan pays").waitFor();
  await sums.getByText("By list price").waitFor();
  await portray(page, "session-by-plan");
  await page.goto(`${here.url}/dashboard/?by=provider`);
  await page.getByText(/^\$\S+ by list price$/).waitFor();
  await page.getByRole("columnheader", { name: "By list price" }).waitFor();
  await portray(page, "overview-by-plan");
  await context.close();
  expect(faults).toEqual([]);
});
