// Keys: made, looked at, changed, rotated, renewed, revoked; and by whom.

import { afterAll, beforeAll, expect, test } from "vitest";
import {
  accessible,
  type Browser,
  browser,
  held,
  open,
  type Page,
  portray,
  settled,
  signIn,
  unharmed,
} from "./browser";
import { HOSTILE, type World, world } from "./gateway";

let chromium: Browser;
let here: World;

type Key = Record<string, unknown> & { id: string; name: string };

beforeAll(async () => {
  [chromium, here] = await Promise.all([browser(), world(500)]);
});
afterAll(async () => {
  await chromium?.close();
  await here?.stop();
});

async function named(name: string): Promise<Key> {
  const { data } = await here.api<{ data: Key[] }>("GET", "/keys?limit=1000");
  const found = data.find((key) => key.name === name);
  if (!found) throw new Error(`there is no key ${name}`);
  return found;
}

/** What a call with a key is answered. */
async function call(secret: string): Promise<number> {
  const response = await fetch(`${here.url}/v1/messages`, {
    method: "POST",
    headers: {
      "x-api-key": secret,
      "anthropic-version": "2023-06-01",
      "content-type": "application/json",
    },
    body: JSON.stringify({
      model: "sim-echo",
      max_tokens: 16,
      messages: [{ role: "user", content: "hello" }],
    }),
  });
  await response.text();
  return response.status;
}

async function secretOn(page: Page): Promise<string> {
  const shown = page.getByRole("region", { name: "Secret of the key" });
  await shown.waitFor();
  return (await shown.textContent()) ?? "";
}

test("the list shows every key that one may see, and is asked in the address", async () => {
  const { page, context, faults } = await open(chromium);
  await here.api("POST", "/keys", {
    name: "bounded",
    agent: HOSTILE.slice(0, 90),
    org: "platform",
    limits: { rpm: 60, concurrency: 4 },
    budget: [
      { usd: "250", window: "month" },
      { usd: "20", window: "day" },
    ],
  });
  await signIn(page, here, here.people.root, "keys");
  await page.getByRole("row", { name: /olga laptop/ }).waitFor();
  await page
    .getByRole("row", { name: /bounded/ })
    .getByRole("meter")
    .waitFor();
  await portray(page, "keys");
  await unharmed(page);
  await page.getByLabel("Search keys").fill("nightly");
  await page.getByRole("row", { name: /olga laptop/ }).waitFor({ state: "detached" });
  expect(new URL(page.url()).searchParams.get("q")).toBe("nightly");
  await page.reload();
  await page.getByRole("row", { name: /nightly review/ }).waitFor();
  expect(await page.getByRole("row").count()).toBe(2);
  await page.getByLabel("Search keys").fill("no such key");
  await page.getByText("No key is like that").waitFor();
  await portray(page, "keys-none");
  await page.getByRole("button", { name: "Show all active keys" }).click();
  await page.getByLabel("Organization", { exact: true }).selectOption({ label: "research" });
  await page.getByRole("row", { name: /mika research/ }).waitFor();
  expect(await page.getByRole("row", { name: /olga laptop/ }).count()).toBe(0);
  await context.close();
  expect(faults).toEqual([]);
});

test("a key with everything is made, its secret shown once, and it works", async () => {
  const { page, context, faults } = await open(chromium, {
    permissions: ["clipboard-read", "clipboard-write"],
  });
  await signIn(page, here, here.people.root, "keys");
  await page.getByRole("link", { name: "New key" }).click();
  const form = page.getByRole("form", { name: "Create key" });
  await form.getByLabel("Name").fill("everything");
  await form.getByLabel("Organization", { exact: true }).selectOption({ label: "platform" });
  await form.getByLabel("Owner", { exact: true }).selectOption({ label: "Olga" });
  await form.getByLabel("Agent").fill("reviewer");
  await form.getByLabel("Expires").selectOption({ label: "in 30 days" });
  await form.getByLabel("Calls a minute").fill("600");
  await form.getByLabel("Tokens a minute").fill("2000000");
  await form.getByLabel("Calls at once").fill("8");
  await form.getByRole("button", { name: "Add a budget" }).click();
  await form.getByLabel("US dollars a month").fill("25");
  await form.getByRole("button", { name: "Add a budget" }).click();
  await form.getByLabel("US dollars a day").fill("5.5");
  await form.getByLabel("Models").fill("sim-*, gpt-5,");
  await form.getByLabel("Models").press("Enter");
  await form.getByLabel("Providers").fill("sim");
  await form.getByLabel("Providers").press("Enter");
  await form.getByLabel("Routes").fill("no-such-route");
  await form.getByLabel("Routes").press("Enter");
  await form.getByLabel("The platform's").check();
  await form.getByLabel("Strict").check();
  await form.getByRole("button", { name: "Create key" }).click();
  await form.getByRole("alert").getByText("There is no route with this pattern").waitFor();
  await portray(page, "key-new");
  await form.getByRole("button", { name: "Remove no-such-route" }).click();
  await form.getByRole("button", { name: "Create key" }).click();
  const secret = await secretOn(page);
  await portray(page, "key-made");
  await page.getByRole("button", { name: "Copy" }).click();
  await page.getByText("Copied").waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret);
  expect(await call(secret)).toBe(200);
  const key = await named("everything");
  expect(key).toMatchObject({
    agent: "reviewer",
    owner: here.people.owner.id,
    org: here.orgs[0]?.id,
    models: ["sim-*", "gpt-5"],
    providers: ["sim"],
    limits: { rpm: 600, tpm: 2000000, concurrency: 8 },
    credentials: { client: false, user: true, org: true, platform: true },
    strict: true,
  });
  expect(key.routes).toBeUndefined();
  expect(key.budget).toHaveLength(2);
  await page.getByRole("link", { name: "Done" }).click();
  await page.getByRole("heading", { name: "everything" }).waitFor();
  await page.getByRole("meter").first().waitFor();
  await portray(page, "key");
  expect(await page.content()).not.toContain(secret);
  await page.getByRole("link", { name: "Its calls" }).click();
  await page.waitForURL(/\/calls\?key=/);
  await page.getByText("sim-echo").first().waitFor();
  await context.close();
  expect(faults).toEqual([]);
});

test("a key is changed, and what was not touched stays", async () => {
  const { page, context, faults } = await open(chromium);
  await here.api("POST", "/keys", {
    name: "to change",
    org: "platform",
    limits: { rpm: 60 },
    models: ["sim-*"],
    expires_in: "30d",
  });
  const { id } = await named("to change");
  await signIn(page, here, here.people.root, `keys/${id}`);
  await page.getByRole("link", { name: "Edit" }).click();
  const form = page.getByRole("form", { name: "Save changes" });
  await form.getByLabel("Name").fill(HOSTILE.slice(0, 90));
  await form.getByLabel("Expires").selectOption({ label: "Never" });
  await form.getByRole("button", { name: "Remove sim-*" }).click();
  await portray(page, "key-edit");
  await form.getByRole("button", { name: "Save changes" }).click();
  await page.getByRole("heading", { name: HOSTILE.slice(0, 90) }).waitFor();
  await portray(page, "key-hostile");
  await unharmed(page);
  const key = await here.api<Key>("GET", `/keys/${id}`);
  expect(key).toMatchObject({ name: HOSTILE.slice(0, 90), limits: { rpm: 60 } });
  expect(key.models).toBeUndefined();
  expect(key.expires_at).toBeUndefined();
  await context.close();
  expect(faults).toEqual([]);
});

test("a key is rotated with a grace, and revoked after a question", async () => {
  const { page, context, faults } = await open(chromium);
  const made = await here.api<{ id: string; secret: string }>("POST", "/keys", {
    name: "to rotate",
    credentials: { platform: true },
  });
  await signIn(page, here, here.people.root, `keys/${made.id}`);
  await page.getByRole("button", { name: "Rotate" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("The present secret works").selectOption({ label: "for 1 hour" });
  await portray(page, "key-rotate");
  await dialog.getByRole("button", { name: "Rotate" }).click();
  const second = await secretOn(page);
  await portray(page, "key-rotated");
  expect([await call(made.secret), await call(second)]).toEqual([200, 200]);
  await dialog.getByRole("button", { name: "Done" }).click();
  await page.getByText("Old secret works until").waitFor();
  await page.getByRole("button", { name: "Rotate" }).click();
  await dialog.getByLabel("The present secret works").selectOption({ label: "no longer" });
  await dialog.getByRole("button", { name: "Rotate" }).click();
  const third = await secretOn(page);
  expect([await call(second), await call(third)]).toEqual([401, 200]);
  await dialog.getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "Revoke" }).click();
  const question = page.getByRole("group", { name: /Revoke it for good/ });
  await accessible(page);
  await question.getByRole("button", { name: "Cancel" }).click();
  expect(await call(third)).toBe(200);
  await page.getByRole("button", { name: "Revoke" }).click();
  await question.getByRole("button", { name: "Revoke" }).click();
  await page.locator("main").getByText("Revoked", { exact: true }).first().waitFor();
  expect(await call(third)).toBe(401);
  expect(await page.getByRole("button", { name: "Rotate" }).count()).toBe(0);
  await page.goto(`${here.url}/dashboard/keys?state=revoked`);
  await page.getByRole("row", { name: /to rotate/ }).waitFor();
  await context.close();
  expect(faults).toEqual([]);
});

test("a scoped key is given more time", async () => {
  const { page, context } = await open(chromium);
  const { id } = await here.api<Key>("POST", "/keys", {
    name: "short",
    kind: "scoped",
    expires_in: "5m",
  });
  await signIn(page, here, here.people.root, `keys/${id}`);
  await page.getByRole("button", { name: "Renew" }).click();
  await page.getByText("Renewed short").waitFor();
  await page.getByText(/in (1|2) h/).waitFor();
  await context.close();
});

test("members have their own keys in hand, and viewers none", async () => {
  const member = await open(chromium);
  await signIn(member.page, here, here.people.member, "keys");
  await member.page.getByRole("link", { name: "mika laptop" }).click();
  await member.page.getByRole("link", { name: "Edit" }).waitFor();
  await member.page.getByRole("navigation", { name: "Pages" }).getByText("Keys").click();
  await member.page.getByRole("link", { name: "olga laptop" }).click();
  await member.page.getByText("May use").waitFor();
  await settled(member.page);
  expect(await member.page.getByRole("button", { name: "Revoke" }).count()).toBe(0);
  await member.page.goto(`${here.url}/dashboard/keys/new`);
  const form = member.page.getByRole("form", { name: "Create key" });
  await form.getByLabel("Name").fill("mine");
  expect(await form.getByLabel("The platform's").count()).toBe(0);
  await form.getByLabel("Organization", { exact: true }).selectOption({ label: "research" });
  await form.getByRole("button", { name: "Create key" }).click();
  await secretOn(member.page);
  expect(await named("mine")).toMatchObject({ owner: here.people.member.id });
  await member.context.close();
  const viewer = await open(chromium);
  await signIn(viewer.page, here, here.people.viewer, "keys");
  await viewer.page.getByRole("row", { name: /olga laptop/ }).waitFor();
  expect(await viewer.page.getByRole("link", { name: "New key" }).count()).toBe(0);
  await viewer.context.close();
});

test("an owner makes a key for somebody, which leaves their own credentials alone", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.owner, "keys/new");
  const form = page.getByRole("form", { name: "Create key" });
  await form.getByLabel("Name").fill("for mika");
  await form.getByLabel("Owner", { exact: true }).selectOption({ label: "Mika" });
  expect(await form.getByLabel("Its owner's").isChecked()).toBe(false);
  await form.getByRole("button", { name: "Create key" }).click();
  await secretOn(page);
  expect(await named("for mika")).toMatchObject({
    owner: here.people.member.id,
    credentials: { user: false, org: true },
  });
  await context.close();
  expect(faults).toEqual([]);
});

test("the keyboard alone makes a key, takes its secret along and revokes it", async () => {
  const { page, context, faults } = await open(chromium, {
    permissions: ["clipboard-read", "clipboard-write"],
  });
  await signIn(page, here, here.people.root, "keys");
  await page.getByRole("table").first().waitFor();
  const focused = () =>
    page.evaluate(() => {
      const element = document.activeElement;
      return element?.getAttribute("aria-label") ?? element?.textContent?.trim() ?? "";
    });
  /** Presses Tab until something is reached, as somebody without a mouse has to. */
  const reach = async (wanted: RegExp) => {
    const passed: string[] = [];
    for (let presses = 0; presses < 80; presses++) {
      const here = await focused();
      if (wanted.test(here)) return;
      passed.push(here);
      await page.keyboard.press("Tab");
    }
    throw new Error(`${wanted} is not reached: ${passed.join(" > ")}`);
  };
  await reach(/^New key$/);
  await page.keyboard.press("Enter");
  // The form begins where one types.
  await page.locator("input:focus").waitFor();
  await page.keyboard.type("typed");
  await page.keyboard.press("Enter");
  const secret = /th-[\w-]{32,}/.exec(await secretOn(page))?.[0] ?? "";
  await reach(/^Copy/);
  await page.keyboard.press("Enter");
  await page.getByText("Copied").first().waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret);
  const { id } = await named("typed");
  expect(await call(secret)).not.toBe(401);
  await accessible(page);
  await page.goto(`${here.url}/dashboard/keys/${id}`);
  await page.getByRole("button", { name: "Revoke" }).waitFor();
  await reach(/^Revoke$/);
  await page.keyboard.press("Enter");
  // What does nothing has the focus; what cannot be undone is one step away.
  await page.locator(":focus", { hasText: "Cancel" }).waitFor();
  await accessible(page);
  await page.keyboard.press("Enter");
  await page.locator(":focus", { hasText: "Revoke" }).waitFor();
  await page.keyboard.press("Enter");
  await page.locator(":focus", { hasText: "Cancel" }).waitFor();
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await page.locator("main").getByText("Revoked", { exact: true }).first().waitFor();
  expect(await call(secret)).toBe(401);
  await context.close();
  expect(faults).toEqual([]);
});

test("of a thousand keys a part is drawn, and older ones are asked for", async () => {
  const { page, context, faults } = await open(chromium);
  const [model] = (await here.api<{ data: Key[] }>("GET", "/keys?limit=1")).data;
  const some = (count: number, from: number) =>
    Array.from({ length: count }, (_, index) => ({
      ...model,
      id: `key_${from + index}`,
      name: `many ${from + index}`,
      state: "active",
    }));
  await page.route("**/api/v1/keys?*", (route) => {
    const older = new URL(route.request().url()).searchParams.has("cursor");
    const data = older ? some(50, 1000) : some(1000, 0);
    return route.fulfill({ json: { data, next: older ? null : "older" } });
  });
  await signIn(page, here, here.people.root, "keys");
  await page.getByText("200 of 1,000 and older ones").waitFor();
  const rows = page.locator("tbody tr");
  expect(await rows.count()).toBe(200);
  for (const shown of [400, 600, 800]) {
    await page.getByRole("button", { name: "Show more" }).click();
    await page.getByText(`${shown} of 1,000`).waitFor();
  }
  await page.getByRole("button", { name: "Show more" }).click();
  await page.getByText("1,000 of 1,050").waitFor();
  await page.getByRole("button", { name: "Show more" }).click();
  await page.getByRole("row", { name: /many 1049/ }).waitFor();
  expect(await page.getByRole("button", { name: "Show more" }).count()).toBe(0);
  await context.close();
  expect(faults).toEqual([]);
});

test("a list that cannot be had says why, and is asked for again", async () => {
  const { page, context } = await open(chromium);
  let broken = true;
  await page.route("**/api/v1/keys?*", (route) =>
    broken
      ? route.fulfill({ status: 500, json: { error: { code: "internal", message: "It broke." } } })
      : route.continue(),
  );
  const go = await held(page, "**/api/v1/keys?*");
  await signIn(page, here, here.people.root, "keys");
  await page.getByRole("status", { name: "Loading" }).waitFor();
  await accessible(page);
  go();
  await page.getByText("It broke.").waitFor();
  await portray(page, "keys-failed");
  broken = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("row", { name: /olga laptop/ }).waitFor();
  await page.goto(`${here.url}/dashboard/keys/key_00000000000070008000000000000000`);
  await page.getByText("There is nothing here").waitFor();
  await accessible(page);
  await context.close();
});
