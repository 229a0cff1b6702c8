// Providers and routes: how they are doing, set, ordered by keyboard, tried, removed.

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

type Route = { model: string; targets: { provider: string; model?: string }[] };

async function routes(): Promise<Route[]> {
  return (await here.api<{ data: Route[] }>("GET", "/routes")).data;
}

test("a provider is added, changed and removed", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, "providers");
  await page.getByRole("row", { name: /sim/ }).first().waitFor();
  await page.getByRole("button", { name: "New provider" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Name").fill("lab");
  await form.getByRole("button", { name: "Save provider" }).click();
  // It is none of the catalog's: it needs to be said where it is.
  await form
    .getByText(/endpoint|catalog/i)
    .first()
    .waitFor();
  await form.getByLabel("Base URL for chat").fill("http://127.0.0.1:9002/v1");
  await form.getByLabel("Credential is sent as").selectOption("none");
  await accessible(page);
  await form.getByRole("button", { name: "Save provider" }).click();
  await page.getByRole("row", { name: /lab.*needs none.*127\.0\.0\.1:9002/ }).waitFor();
  await portray(page, "providers");
  await page.getByRole("button", { name: "Edit lab" }).click();
  await form.getByLabel("Base URL for chat").fill("http://127.0.0.1:9003/v1");
  await portray(page, "providers-edit");
  await form.getByRole("button", { name: "Save provider" }).click();
  await page.getByRole("row", { name: /lab.*127\.0\.0\.1:9003/ }).waitFor();
  const row = page.getByRole("row", { name: /^lab/ });
  await row.getByRole("button", { name: "Remove" }).click();
  await row.getByRole("group").getByRole("button", { name: "Remove" }).click();
  await row.waitFor({ state: "detached" });
  await context.close();
  expect(faults).toEqual([]);
});

test("a fallback chain is made and ordered by keyboard, and names are tried against it", async () => {
  const { page, context, faults } = await open(chromium);
  const chat = { endpoints: { chat: "http://127.0.0.1:9002/v1" }, auth: "none" };
  await here.api("PUT", "/providers/second", chat);
  await signIn(page, here, here.people.root, "providers?model=team-fast");
  await page.getByText("Meets no route").or(page.getByText("Meets *")).first().waitFor();
  await page.getByRole("button", { name: "New route" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Model", { exact: true }).fill("team-*");
  await form.getByLabel("Provider 1").selectOption("second");
  await form.getByRole("button", { name: "Add a target" }).press("Enter");
  await form.getByLabel("Provider 2").selectOption("sim");
  await form.getByLabel("Model sent").nth(1).fill(HOSTILE);
  await form.getByRole("button", { name: "Move target 2 up" }).press("Enter");
  await portray(page, "routes-edit");
  await form.getByRole("button", { name: "Save route" }).click();
  await page.getByText("Meets team-*: sim as").waitFor();
  expect((await routes()).find(({ model }) => model === "team-*")?.targets).toEqual([
    { provider: "sim", model: HOSTILE },
    { provider: "second" },
  ]);
  await unharmed(page);
  await portray(page, "routes");
  await page.getByRole("button", { name: "Edit the route of team-*" }).click();
  await form.getByRole("button", { name: "Remove target 1" }).click();
  await form.getByRole("button", { name: "Save route" }).click();
  await page.getByText("Meets team-*: second").waitFor();
  const row = page.getByRole("row", { name: /^team-/ });
  await row.getByRole("button", { name: "Remove" }).click();
  await row.getByRole("group").getByRole("button", { name: "Remove" }).click();
  await row.waitFor({ state: "detached" });
  expect((await routes()).some(({ model }) => model === "team-*")).toBe(false);
  await context.close();
  expect(faults).toEqual([]);
});

test("others are not led there, and are told why when they go", async () => {
  const { page, context } = await open(chromium);
  await signIn(page, here, here.people.owner, "providers");
  await page.getByText("Not in this role").first().waitFor();
  expect(await page.getByRole("link", { name: "Providers" }).count()).toBe(0);
  expect(await page.getByRole("button", { name: /^New/ }).count()).toBe(0);
  await accessible(page);
  await context.close();
});
