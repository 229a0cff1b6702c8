// The frame around every page: signing in, sessions that end, a server that goes and comes back.

import { afterAll, beforeAll, expect, test } from "vitest";
import {
  accessible,
  type Browser,
  browser,
  open,
  type Page,
  PHONE,
  picture,
  portray,
  settled,
  signIn,
} from "./browser";
import { PASSWORD, type World, world } from "./gateway";

const focused = (page: Page) => page.evaluate(() => document.activeElement?.textContent);

let chromium: Browser;
let here: World;

beforeAll(async () => {
  [chromium, here] = await Promise.all([browser(), world(2000)]);
});
afterAll(async () => {
  await chromium?.close();
  await here?.stop();
});

test("whoever comes in with a browser is asked to sign in, and lands where they wanted", async () => {
  const { page, context, faults } = await open(chromium);
  await page.goto(`${here.url}/`);
  await page.waitForURL("**/dashboard/");
  await page.getByRole("heading", { name: "Sign in to Tollhouse" }).waitFor();
  await portray(page, "sign-in");
  await page.getByLabel("Email").fill(here.people.owner.email);
  await page.getByLabel("Password").fill("not the password");
  await page.keyboard.press("Enter");
  await page.getByText("This is not an address and its password").waitFor();
  await accessible(page);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  expect(await page.title()).toBe("Overview · Tollhouse");
  await context.close();
  expect(faults).toEqual([]);
});

test("a session that ends is opened again in place, and what was asked is asked again", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.owner, "?range=7d&by=caller");
  await settled(page);
  await context.clearCookies();
  await page.getByRole("button", { name: "30 days" }).click();
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await dialog.waitFor();
  await accessible(page);
  // The address is filled in: only the password is asked for.
  expect(await dialog.getByLabel("Email").inputValue()).toBe(here.people.owner.email);
  await dialog.getByLabel("Password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  await settled(page);
  expect(new URL(page.url()).search).toContain("range=30d");
  expect(new URL(page.url()).search).toContain("by=caller");
  await page.getByRole("row", { name: /claude-code/ }).waitFor();
  await context.close();
  expect(faults).toEqual([]);
});

test("a server that is gone is told of, and the page goes on when it is back", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.owner);
  await settled(page);
  await context.setOffline(true);
  await page.getByRole("button", { name: "7 days" }).click();
  await page.getByText("The server does not answer. This page goes on by itself").waitFor();
  await accessible(page);
  await context.setOffline(false);
  await page
    .getByText("The server does not answer. This page goes on by itself")
    .waitFor({ state: "detached" });
  await settled(page);
  await page.getByRole("row", { name: /claude-sonnet-4-5/ }).waitFor();
  await context.close();
  expect(faults).toEqual([]);
});

test("the administrator signs in with the token, by hand or by the address", async () => {
  const { page, context, faults } = await open(chromium);
  await page.goto(`${here.url}/dashboard/`);
  await page.getByRole("button", { name: "Use the administrator's token" }).click();
  await page.getByLabel("Administrator's token").fill("th-wrong");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: /./ }).waitFor();
  await portray(page, "sign-in-token");
  await page.getByLabel("Administrator's token").fill(here.adminToken);
  await page.keyboard.press("Enter");
  await page.getByText("Administrator", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in to Tollhouse" }).waitFor();
  await page.goto("about:blank");
  await page.goto(`${here.url}/dashboard/calls?outcome=refused#token=${here.adminToken}`);
  await page.getByRole("heading", { name: "Calls" }).waitFor();
  expect(page.url()).toBe(`${here.url}/dashboard/calls?outcome=refused`);
  // Neither the address nor the page's storage keeps it.
  const kept = await page.evaluate(() =>
    JSON.stringify([localStorage, sessionStorage, document.cookie]),
  );
  expect(kept).not.toContain(here.adminToken);
  await context.close();
  expect(faults).toEqual([]);
});

test("everything is reached with the keyboard", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.owner);
  await settled(page);
  await page.keyboard.press("Tab");
  expect(await focused(page)).toBe("Skip to content");
  await page.keyboard.press("Enter");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("content");
  await page.getByRole("link", { name: "Calls" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Calls" }).waitFor();
  const first = page.getByRole("cell").getByRole("link").first();
  await first.waitFor();
  await page.getByLabel("Call id").focus();
  await page.keyboard.press("Tab");
  expect(await first.evaluate((link) => link === document.activeElement)).toBe(true);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "What happened" }).waitFor();
  await context.close();
  expect(faults).toEqual([]);
});

test("on a phone the menu opens over the page, and closes behind whoever goes on", async () => {
  const { page, context, faults } = await open(chromium, { viewport: PHONE });
  await signIn(page, here, here.people.root);
  await settled(page);
  const menu = page.getByRole("navigation", { name: "Pages" });
  expect(await menu.isVisible()).toBe(false);
  await page.getByRole("button", { name: "Open menu" }).click();
  await menu.waitFor();
  await accessible(page);
  await picture(page, "menu-phone");
  await menu.getByRole("link", { name: "Sessions" }).click();
  await page.getByRole("heading", { name: "Sessions" }).waitFor();
  expect(await menu.isVisible()).toBe(false);
  await context.close();
  expect(faults).toEqual([]);
});

test("the theme is kept, and stands before the first paint", async () => {
  const { page, context } = await open(chromium, { colorScheme: "light" });
  await signIn(page, here, here.people.viewer);
  await page.getByLabel("Theme").selectOption("dark");
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  expect(await background()).toBe("rgb(16, 16, 19)");
  await page.reload({ waitUntil: "commit" });
  await page.waitForFunction(() => document.body);
  expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark");
  await context.close();
});

test("who signs out is out", async () => {
  const { page, context } = await open(chromium);
  await signIn(page, here, here.people.viewer);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in to Tollhouse" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Sign in to Tollhouse" }).waitFor();
  await context.close();
});
