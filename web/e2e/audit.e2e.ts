// The audit trail: read, filtered, opened, taken along.

import { afterAll, beforeAll, expect, test } from "vitest";
import { accessible, type Browser, browser, open, portray, signIn, unharmed } from "./browser";
import { HOSTILE, type World, world } from "./gateway";

let chromium: Browser;
let here: World;

beforeAll(async () => {
  [chromium, here] = await Promise.all([browser(), world(50)]);
});
afterAll(async () => {
  await chromium?.close();
  await here?.stop();
});

test("entries are read, opened and taken along, and the head is there to be kept", async () => {
  const { page, context, faults } = await open(chromium);
  await here.api("POST", "/keys", { name: HOSTILE.slice(0, 90) });
  await signIn(page, here, here.people.root, "audit");
  const list = page.getByRole("table", { name: "Audit trail" });
  await list
    .getByRole("row", { name: /key.create/ })
    .first()
    .waitFor();
  const { hash } = await here.api<{ hash: string }>("GET", "/audit/head");
  await page.getByText(hash).waitFor();
  await unharmed(page);
  await portray(page, "audit");
  await list
    .getByRole("button", { name: /key.create/ })
    .first()
    .press("Enter");
  const entry = page.getByRole("dialog");
  await entry.getByText("onerror").first().waitFor();
  expect(page.url()).toMatch(/entry=\d+/);
  await portray(page, "audit-entry");
  await entry.getByRole("button", { name: "Close" }).click();
  await entry.waitFor({ state: "detached" });
  const wanted = page.waitForEvent("download");
  await page.getByRole("link", { name: "Export JSON lines" }).click();
  const file = await (await wanted).createReadStream();
  let text = "";
  for await (const part of file) text += part;
  expect(JSON.parse(text.split("\n")[0] ?? "")).toMatchObject({ seq: 1 });
  await context.close();
  expect(faults).toEqual([]);
});

test("filters stand in the address, and what passes none says so", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, "audit");
  await page.getByLabel("Action").selectOption("org.create");
  await page.waitForURL(/action=org.create/);
  await page.getByRole("row", { name: /org.create.*research/ }).waitFor();
  expect(await page.getByRole("row", { name: /key.create/ }).count()).toBe(0);
  await page.getByLabel("Who").selectOption({ label: "Vera" });
  await page.getByText("No entry is like that").waitFor();
  await portray(page, "audit-none");
  await page.getByRole("button", { name: "Clear" }).click();
  await page
    .getByRole("row", { name: /session.open/ })
    .first()
    .waitFor();
  await page.route("**/api/v1/audit?*", (route) => route.fulfill({ status: 500, body: "{}" }));
  await page.getByLabel("Action").selectOption("key.create");
  await page.getByText("That did not work").waitFor();
  await accessible(page);
  await context.close();
  expect(faults).toEqual([]);
});

test("owners see what concerns their organization, and members nothing", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.owner, "audit");
  await page.getByRole("row", { name: /key.create.*olga laptop/ }).waitFor();
  expect(await page.getByRole("row", { name: /mika research/ }).count()).toBe(0);
  expect(await page.getByText("Head of the chain").count()).toBe(0);
  await context.close();
  const member = await open(chromium);
  await signIn(member.page, here, here.people.member);
  await member.page.getByRole("link", { name: "People" }).waitFor();
  expect(await member.page.getByRole("link", { name: "Audit" }).count()).toBe(0);
  await member.context.close();
  expect(faults).toEqual([]);
});
