// One's own tokens and password.

import { afterAll, beforeAll, expect, test } from "vitest";
import { accessible, type Browser, browser, open, portray, signIn } from "./browser";
import { PASSWORD, type World, world } from "./gateway";

let chromium: Browser;
let here: World;

beforeAll(async () => {
  [chromium, here] = await Promise.all([browser(), world(50)]);
});
afterAll(async () => {
  await chromium?.close();
  await here?.stop();
});

test("a token of one's own is made, shown once, and revoked", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.viewer);
  await page.getByRole("link", { name: "Your account" }).click();
  await page.getByText("No tokens").waitFor();
  await portray(page, "account");
  await page.getByRole("button", { name: "New token" }).click();
  await page.getByLabel("Name").fill("vera's laptop");
  await portray(page, "account-token");
  await page.getByRole("button", { name: "Make token" }).click();
  const secret = await page.getByRole("region", { name: "Secret of the token" }).textContent();
  const ask = () =>
    fetch(`${here.url}/api/v1/me`, { headers: { authorization: `Bearer ${secret}` } });
  expect(await (await ask()).json()).toMatchObject({ scope: "read" });
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("group").getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("row", { name: /laptop.*revoked/ }).waitFor();
  expect((await ask()).status).toBe(401);
  await context.close();
  expect(faults).toEqual([]);
});

test("a password is changed by who knows the present one", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.member, "account?password=true");
  const form = page.getByRole("dialog", { name: "Change your password" });
  await form.getByLabel("Present password").fill("not the password");
  await form.getByLabel("New password").fill("another horse, another battery");
  await form.getByRole("button", { name: "Change password" }).click();
  await form
    .locator("[aria-invalid], [role=alert]")
    .filter({ hasText: /\w/ })
    .or(form.locator("[aria-invalid]"))
    .first()
    .waitFor();
  await accessible(page);
  await form.getByLabel("Present password").fill(PASSWORD);
  await form.getByRole("button", { name: "Change password" }).click();
  await page.getByText("Your password is changed").waitFor();
  expect(page.url()).not.toContain("password=");
  const signedIn = await fetch(`${here.url}/api/v1/session`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: here.url },
    body: JSON.stringify({ email: here.people.member.email, password: PASSWORD }),
  });
  expect(signedIn.status).toBe(401);
  await context.close();
  expect(faults).toEqual([]);
});
