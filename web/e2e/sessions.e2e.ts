import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, browser, open, portray, settled, signIn, unharmed } from "./browser";
import { HOSTILE, type World, world } from "./gateway";

let chromium: Browser;
let here: World;

beforeAll(async () => {
  [chromium, here] = await Promise.all([browser(), world()]);
});
afterAll(async () => {
  await chromium?.close();
  await here?.stop();
});

type Listed = { data: { id: string; name?: string; calls: number }[] };

/** The longest conversation of a model. */
async function longest(model: string): Promise<string | undefined> {
  const { data } = await here.api<Listed>("GET", `/sessions?model=${model}&limit=200`);
  return data.sort((a, b) => b.calls - a.calls)[0]?.id;
}

test("conversations are listed, and one shows its turns, sub-agents and cache breaks", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, "sessions");
  await page.getByRole("table", { name: "Sessions" }).getByRole("row").nth(3).waitFor();
  await portray(page, "sessions");
  await page.goto(`${here.url}/dashboard/sessions/${await longest("claude-opus-4-5")}`);
  const turns = page.getByRole("table", { name: "Turns" });
  await turns.getByRole("link", { name: "Turn 1", exact: true }).waitFor();
  await page.getByRole("region", { name: "Sub-agents" }).getByText("agent-1").waitFor();
  await portray(page, "session");
  await turns.getByRole("link", { name: "Turn 2", exact: true }).click();
  await page.getByRole("heading", { name: "What happened" }).waitFor();
  await page.goBack();
  await turns.getByRole("link", { name: "Turn 2", exact: true }).waitFor();
  await context.close();
  expect(faults).toEqual([]);
});

test("names that clients give conversations are text", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, `sessions?model=${encodeURIComponent(HOSTILE)}`);
  await page.getByRole("link", { name: HOSTILE }).first().click();
  await page.getByRole("heading", { name: "Turns" }).waitFor();
  await settled(page);
  await unharmed(page);
  await context.close();
  expect(faults).toEqual([]);
});
