// Calls as they run and as they end: seen at once, kept still, filtered, and caught up with after a break.

import { afterAll, beforeAll, expect, test } from "vitest";
import {
  accessible,
  type Browser,
  browser,
  open,
  type Page,
  PHONE,
  portray,
  settled,
  signIn,
  unharmed,
} from "./browser";
import { HOSTILE, PASSWORD, type World, world } from "./gateway";
import { relay } from "./relay";

let chromium: Browser;
let here: World;
let secret: string;
let elsewhere: string;

beforeAll(async () => {
  [chromium, here] = await Promise.all([browser(), world(150)]);
  const key = (name: string, org: string) =>
    here.api<{ secret: string }>("POST", "/keys", { name, org, credentials: { platform: true } });
  secret = (await key("live laptop", "platform")).secret;
  elsewhere = (await key("live research", "research")).secret;
});
afterAll(async () => {
  await chromium?.close();
  await here?.stop();
});

/** Makes a call of a model, and waits for its end. */
async function call(model = "sim-echo", key = secret): Promise<void> {
  const response = await fetch(`${here.url}/v1/messages`, {
    method: "POST",
    headers: {
      "x-api-key": key,
      "anthropic-version": "2023-06-01",
      "content-type": "application/json",
      "user-agent": "claude-cli/2.1.0 (external, cli)",
    },
    body: JSON.stringify({ model, max_tokens: 16, messages: [{ role: "user", content: "hi" }] }),
  });
  await response.text();
}

const rows = (page: Page, name: RegExp) =>
  page.getByRole("table", { name: "Calls as they end" }).getByRole("row", { name });

test("a call is seen in the moment it ends, and what it says stays text", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, "live");
  await page.getByText("Listening").waitFor();
  await call();
  await rows(page, /success sim-echo.*live laptop/)
    .first()
    .waitFor();
  await call(HOSTILE);
  await rows(page, /onerror/)
    .first()
    .waitFor();
  await unharmed(page);
  await portray(page, "live");
  await rows(page, /success sim-echo/)
    .first()
    .getByRole("link")
    .click();
  await page.waitForURL(/\/calls\/call_/);
  await context.close();
  expect(faults).toEqual([]);
});

const underway = (page: Page, name: RegExp) =>
  page.getByRole("table", { name: "Calls that run" }).getByRole("row", { name });

/** A call that goes on until it is left. */
function hanging(headers: Record<string, string>): () => Promise<void> {
  const hang = new AbortController();
  const hung = fetch(`${here.url}/v1/messages`, {
    method: "POST",
    signal: hang.signal,
    headers: {
      "x-api-key": secret,
      "anthropic-version": "2023-06-01",
      "content-type": "application/json",
      "user-agent": "claude-cli/2.1.0 (external, cli)",
      "x-sim": "silence",
      ...headers,
    },
    body: JSON.stringify({
      model: "sim-echo",
      max_tokens: 16,
      messages: [{ role: "user", content: "hi" }],
    }),
  }).catch(() => undefined);
  return async () => {
    hang.abort();
    await hung;
  };
}

test("a call that hangs is seen while it runs, and what it says stays text", async () => {
  const leave = hanging({ "x-tollhouse-session": HOSTILE, "x-claude-code-agent-id": HOSTILE });
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.owner, "live");
  await underway(page, /sim-echo sim .*live laptop/).waitFor();
  await page.getByRole("heading", { name: "Running now: 1" }).waitFor();
  await unharmed(page);
  await accessible(page);
  await portray(page, "live-running");
  // One that is filtered by how it ended has ended.
  await page.getByLabel("Outcome").selectOption("success");
  await underway(page, /sim-echo/).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Clear" }).click();
  await underway(page, /sim-echo/).waitFor();
  await leave();
  await rows(page, /client left sim-echo.*live laptop/)
    .first()
    .waitFor();
  await underway(page, /sim-echo/).waitFor({ state: "detached" });
  await context.close();
  expect(faults).toEqual([]);
});

test("of a conversation whose first call runs nothing is on record yet, and that is said", async () => {
  const leave = hanging({ "x-tollhouse-session": `new-${Date.now()}` });
  const { page, context, faults } = await open(chromium, { viewport: PHONE });
  await signIn(page, here, here.people.owner, "live");
  await underway(page, /sim-echo .*new-/)
    .getByRole("link")
    .click();
  await page.getByText("Nothing is on record of it").waitFor();
  await accessible(page);
  await leave();
  // It is there by itself.
  await page.getByRole("link", { name: "Turn 1", exact: true }).waitFor();
  await context.close();
  expect(faults).toEqual([]);
});

test("it is kept still, and then shows what came meanwhile", async () => {
  const { page, context, faults } = await open(chromium);
  await call("kept-still");
  await signIn(page, here, here.people.owner, "live");
  await page.getByText("Listening").waitFor();
  await call("kept-still");
  await rows(page, /kept-still/)
    .first()
    .waitFor();
  await settled(page);
  await expect.poll(() => rows(page, /kept-still/).count()).toBe(2);
  const before = 2;
  await page.getByRole("button", { name: "Pause" }).press("Enter");
  await page.getByText("Paused, nothing new").waitFor();
  await call("kept-still");
  await call("kept-still");
  // Somebody else's: not among what waits.
  await call("kept-still", elsewhere);
  await page.getByText("Paused, 2 new").waitFor();
  expect(await rows(page, /kept-still/).count()).toBe(before);
  await portray(page, "live-paused");
  await page.getByRole("button", { name: "Resume" }).click();
  await expect.poll(() => rows(page, /kept-still/).count()).toBe(before + 2);
  expect(await rows(page, /live research/).count()).toBe(0);
  await context.close();
  expect(faults).toEqual([]);
});

test("filters stand in the address, and hold for what comes", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, "live?model=nobody-asks-for-it");
  await page.getByText("No call like that yet").waitFor();
  await portray(page, "live-none");
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByLabel("Model").selectOption("sim-echo");
  await page.waitForURL(/model=sim-echo/);
  await call("no-such-model");
  await call();
  await rows(page, /success sim-echo/)
    .first()
    .waitFor();
  expect(await rows(page, /no-such-model/).count()).toBe(0);
  await page.getByLabel("Organization", { exact: true }).selectOption({ label: "research" });
  await page.waitForURL(/model=sim-echo/);
  await call("sim-echo", elsewhere);
  await rows(page, /live research/)
    .first()
    .waitFor();
  expect(await rows(page, /live laptop/).count()).toBe(0);
  await context.close();
  expect(faults).toEqual([]);
});

test("a connection that breaks is told of, and what was missed is caught up with", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root);
  const between = await relay(here.url);
  await page.goto(`${between.url}/dashboard/live`);
  await page.getByText("Listening").waitFor();
  const leave = hanging({});
  await underway(page, /sim-echo/).waitFor();
  await between.cut();
  await page.getByText("The connection is gone").waitFor();
  // Until it is back, and tells of them anew, those that ran are thought to run.
  expect(await underway(page, /sim-echo/).count()).toBe(1);
  await accessible(page);
  const made = `missed-${Date.now()}`;
  await call(made);
  await between.mend();
  await page.getByText("The connection is gone").waitFor({ state: "detached" });
  await rows(page, new RegExp(made)).waitFor();
  await call();
  await rows(page, /success sim-echo/)
    .first()
    .waitFor();
  await underway(page, /sim-echo/).waitFor();
  await leave();
  await underway(page, /sim-echo/).waitFor({ state: "detached" });
  await context.close();
  await between.cut();
  // The connection that was cut is an error to the browser, and to nobody else.
  expect(faults.filter((fault) => !/net::ERR_/.test(fault))).toEqual([]);
});

test("when the session ends somebody is asked to sign in, and it goes on", async () => {
  const { page, context } = await open(chromium);
  await signIn(page, here, here.people.owner, "live");
  await page.getByText("Listening").waitFor();
  await here.api("PUT", `/users/${here.people.owner.id}/password`, { new: PASSWORD });
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await dialog.waitFor();
  await dialog.getByLabel("Password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  await page.getByText("Listening").waitFor();
  await context.close();
});

test("without calls it says what to do, and what fails says why", async () => {
  const { page, context } = await open(chromium);
  await here.api("POST", "/orgs", { name: "empty" });
  await signIn(page, here, here.people.root);
  await page.route("**/api/v1/calls?*", (route) => route.fulfill({ status: 500, body: "{}" }));
  await page.getByRole("link", { name: "Live" }).click();
  await page.getByText("That did not work").waitFor();
  await accessible(page);
  await page.unroute("**/api/v1/calls?*");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("table", { name: "Calls as they end" }).waitFor();
  await page.getByLabel("Organization", { exact: true }).selectOption({ label: "empty" });
  await page.getByText("Waiting for the first call").waitFor();
  await portray(page, "live-empty");
  await context.close();
});

/** As many live views of whoever is signed in there as one user may have. */
async function crowded(page: Page): Promise<() => void> {
  const cookies = await page.context().cookies();
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  const all = new AbortController();
  for (;;) {
    const view = await fetch(`${here.url}/api/v1/live`, {
      headers: { cookie },
      signal: all.signal,
    });
    if (view.status === 429) return () => all.abort();
  }
}

test("a view too many says so, and goes on when there is room", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.member, "keys");
  const leave = await crowded(page);
  await page.goto(`${here.url}/dashboard/live`);
  await page.getByText("There are as many live views as there may be").waitFor();
  await portray(page, "live-refused");
  leave();
  await page.getByText("Listening").waitFor();
  expect(await page.getByText("There are as many live views").count()).toBe(0);
  await context.close();
  // That it was refused.
  expect(faults.filter((fault) => !fault.includes("429"))).toEqual([]);
});
