// Providers and routes: how they are doing, set, ordered by keyboard, tried, removed.

import type { Locator } from "playwright-core";
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

type Target = { provider: string; model?: string; protocol?: string };
type Route = { model: string; targets: Target[] };

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

test("a key that its provider refuses is told on the overview, which leads to it", async () => {
  const { page, context, faults } = await open(chromium);
  const { data } = await here.api<{ data: { name: string; endpoints: { chat: string } }[] }>(
    "GET",
    "/providers",
  );
  const chat = data.find(({ name }) => name === "sim")?.endpoints.chat;
  await here.api("PUT", "/providers/strict", { endpoints: { chat } });
  await here.api("PUT", "/platform/credentials/strict", { api_key: "sk-of-nobody-at-all" });
  const route = { model: "strict-1", targets: [{ provider: "strict" }] };
  await here.api("PUT", "/routes", { data: [route] });
  const body = { name: "refused", org: here.orgs[0]?.id, credentials: { platform: true } };
  const key = await here.api<{ secret: string }>("POST", "/keys", body);
  const response = await fetch(`${here.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key.secret}` },
    body: JSON.stringify({ model: "strict-1", messages: [{ role: "user", content: "hi" }] }),
  });
  expect(response.status).toBe(401);
  await signIn(page, here, here.people.root);
  const notice = page.getByRole("link", { name: "strict refuses its credential" });
  await notice.waitFor();
  await portray(page, "overview-refused");
  await page.goto(`${here.url}/dashboard/providers`);
  const row = page.getByRole("row", { name: /^strict/ });
  await row.getByText("credential refused").waitFor();
  await portray(page, "providers-refused");
  await row.getByRole("link", { name: "Credentials" }).click();
  await page.waitForURL((url) => url.searchParams.get("of") === "platform");
  await page
    .getByRole("row", { name: /strict/ })
    .getByText("Refused")
    .first()
    .waitFor();
  await page.goto(`${here.url}/dashboard/`);
  await notice.click();
  await page.waitForURL((url) => url.searchParams.get("of") === "platform");
  await here.api("DELETE", "/platform/credentials/strict");
  await here.api("PUT", "/routes", { data: [] });
  await here.api("DELETE", "/providers/strict");
  await context.close();
  expect(faults).toEqual([]);
});

test("who calls is asked for where a provider's calls have to say it", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, "providers");
  await page.getByRole("button", { name: "New provider" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Name").fill("github-copilot");
  await form.getByRole("button", { name: "Save provider" }).click();
  // The catalog knows it, and what is missing yet.
  const edit = page.getByRole("dialog", { name: "Edit github-copilot" });
  await edit.getByLabel("Header editor-version").fill("acme/1.2");
  await edit.getByLabel("Header copilot-integration-id").fill(HOSTILE);
  await accessible(page);
  await edit.getByRole("button", { name: "Save provider" }).click();
  await edit.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Edit github-copilot" }).click();
  const kept = await edit.getByLabel("Header copilot-integration-id").inputValue();
  expect(kept).toBe(HOSTILE);
  await edit.getByLabel("Header editor-version").fill("acmé");
  await edit.getByRole("button", { name: "Save provider" }).click();
  await edit.getByText(/`editor-version` is no header of the provider's own/).waitFor();
  await edit.getByRole("button", { name: "Cancel" }).click();
  await here.api("DELETE", "/providers/github-copilot");
  await unharmed(page);
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
  // What was second is called in the one protocol that its provider has.
  expect(await form.getByLabel("Protocol").nth(1).locator("option").allTextContents()).toEqual([
    "the caller's own, where the provider has it",
    "chat",
  ]);
  await form.getByLabel("Protocol").nth(1).selectOption("chat");
  await portray(page, "routes-edit");
  await form.getByRole("button", { name: "Save route" }).click();
  await page.getByText("Meets team-*: sim as").waitFor();
  expect((await routes()).find(({ model }) => model === "team-*")?.targets).toEqual([
    { provider: "sim", model: HOSTILE },
    { provider: "second", protocol: "chat" },
  ]);
  await unharmed(page);
  await portray(page, "routes");
  await page.getByRole("button", { name: "Edit the route of team-*" }).click();
  await form.getByRole("button", { name: "Remove target 1" }).click();
  await form.getByRole("button", { name: "Save route" }).click();
  await page.getByText("Meets team-*: second in chat").waitFor();
  const row = page.getByRole("row", { name: /^team-/ });
  await row.getByRole("button", { name: "Remove" }).click();
  await row.getByRole("group").getByRole("button", { name: "Remove" }).click();
  await row.waitFor({ state: "detached" });
  expect((await routes()).some(({ model }) => model === "team-*")).toBe(false);
  await context.close();
  expect(faults).toEqual([]);
});

test("what somebody else changed is not overwritten, and what was typed is kept", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, "providers");
  await page.getByRole("button", { name: "New route" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Model", { exact: true }).fill("ours-*");
  await form.getByLabel("Provider 1").selectOption("sim");
  const theirs = { model: "theirs", targets: [{ provider: "sim" }] };
  await here.api("PUT", "/routes", { data: [...(await routes()), theirs] });
  await form.getByRole("button", { name: "Save route" }).click();
  await form.getByRole("alert").getByText("Somebody changed the routes").waitFor();
  await accessible(page);
  await page.getByRole("row", { name: /^theirs/, includeHidden: true }).waitFor({
    state: "attached",
  });
  expect(await form.getByLabel("Model", { exact: true }).inputValue()).toBe("ours-*");
  expect((await routes()).some(({ model }) => model === "ours-*")).toBe(false);
  await form.getByRole("button", { name: "Save route" }).click();
  await form.waitFor({ state: "detached" });
  const names = (await routes()).map(({ model }) => model);
  expect(names).toEqual(expect.arrayContaining(["theirs", "ours-*"]));
  // Nor is what is there by now taken away with it.
  await here.api("PUT", "/routes", { data: [...(await routes()), { ...theirs, model: "late" }] });
  const row = page.getByRole("row", { name: /^ours-/ });
  const remove = async () => {
    await row.getByRole("button", { name: "Remove" }).click();
    await row.getByRole("group").getByRole("button", { name: "Remove" }).click();
  };
  await remove();
  await page.getByText("Somebody changed the routes").waitFor();
  await page.getByRole("row", { name: /^late/ }).waitFor();
  await remove();
  await row.waitFor({ state: "detached" });
  expect((await routes()).map(({ model }) => model)).toContain("late");
  await context.close();
  expect(faults).toEqual([]);
});

test("a route that somebody else changed is shown as it is, and guarded after that too", async () => {
  const { page, context, faults } = await open(chromium);
  const shared = (model?: string) => ({
    model: "shared-*",
    targets: [{ provider: "sim", ...(model && { model }) }],
  });
  const others = (await routes()).filter(({ model }) => model !== "shared-*");
  const put = (...more: object[]) => here.api("PUT", "/routes", { data: [...others, ...more] });
  await put(shared());
  await page.clock.install();
  await signIn(page, here, here.people.root, "providers");
  await page.getByRole("button", { name: "Edit the route of shared-*" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Model sent").fill("ours");
  const save = form.getByRole("button", { name: "Save route" });
  await put(shared("theirs"));
  await save.click();
  await form.getByText("it leads to sim as theirs now").waitFor();
  await accessible(page);
  // Again, and again it is not what was looked at, although the page has it: it asks when one comes back to it.
  await put(shared("later"));
  await page.clock.fastForward(90_000);
  const asked = page.waitForResponse(/\/api\/v1\/routes$/);
  await page.evaluate(() =>
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true })),
  );
  await asked;
  await save.click();
  await form.getByText("it leads to sim as later now").waitFor();
  await save.click();
  await form.waitFor({ state: "detached" });
  const saved = (await routes()).find(({ model }) => model === "shared-*");
  expect(saved?.targets).toMatchObject([{ provider: "sim", model: "ours" }]);
  await put();
  await context.close();
  expect(faults).toEqual([]);
});

test("what would happen to a request is said, and does not happen", async () => {
  const { page, context, faults } = await open(chromium);
  const chat = { endpoints: { chat: "http://127.0.0.1:9002/v1" }, auth: "none", open: true };
  await here.api("PUT", "/providers/second", chat);
  await here.api("PUT", "/providers/third", { endpoints: chat.endpoints });
  const targets = [
    { provider: "third" },
    { provider: "second", model: HOSTILE },
    { provider: "sim" },
  ];
  await here.api("PUT", "/routes", { data: [{ model: "far-*", targets }] });
  const budget = { usd: "5", window: "day" };
  await here.api("POST", "/keys", { name: "capped", budget, credentials: { platform: true } });
  const before = await here.api<{ data: unknown[] }>("GET", "/calls?limit=1000");
  await signIn(page, here, here.people.root, "providers");
  const panel = page.locator("section").filter({ hasText: "What would happen" });
  await panel.getByLabel("Model asked for").fill("far-away");
  await panel.getByLabel("Protocol").selectOption("chat");
  await panel.getByLabel("With a tool").check();
  await panel.getByRole("button", { name: "Try" }).click();
  const stops = panel.getByRole("list", { name: "Where it may go, in order" });
  await stops.getByText("called first").waitFor();
  expect(await stops.getByRole("listitem").count()).toBe(2);
  await stops.getByRole("listitem").first().getByText("second").waitFor();
  await panel.getByRole("list", { name: "Where it may not go" }).getByText("third").waitFor();
  await panel.getByText("from second").waitFor();
  await portray(page, "dry-run");
  await unharmed(page);
  // A refusal is the one that the caller would get.
  await panel.getByLabel("Key").selectOption({ label: await label(panel, "capped") });
  await panel.getByRole("button", { name: "Try" }).click();
  await panel.getByText("403").waitFor();
  await panel.getByText("the price of this model is not known").first().waitFor();
  await panel.getByText("The answer that the caller would get").click();
  await portray(page, "dry-run-refused");
  await panel.getByText("Or a whole request").click();
  await panel.getByLabel("The request's body").fill("{ no");
  await panel.getByRole("button", { name: "Try" }).click();
  await panel.getByText("The body is not JSON.").waitFor();
  const after = await here.api<{ data: unknown[] }>("GET", "/calls?limit=1000");
  expect(after.data.length).toBe(before.data.length);
  await context.close();
  expect(faults).toEqual([]);
});

test("members ask it of their own keys, and are told of no credential of the platform's", async () => {
  const { page, context, faults } = await open(chromium);
  const lent = { name: "lent to Mika", org: "platform", owner: here.people.member.id };
  await here.api("POST", "/keys", { ...lent, credentials: { platform: true } });
  await signIn(page, here, here.people.member, "providers");
  const panel = page.locator("section").filter({ hasText: "What would happen" });
  const keys = panel.getByLabel("Key");
  await keys.getByRole("option", { name: /lent to Mika/ }).waitFor({ state: "attached" });
  const offered = await keys.getByRole("option").allTextContents();
  expect(offered.some((name) => /everything|olga|nightly/.test(name))).toBe(false);
  await keys.selectOption({ label: await label(panel, "lent to Mika") });
  await panel.getByLabel("Model asked for").fill("sim-echo");
  await panel.getByRole("button", { name: "Try" }).click();
  await panel.getByText("called first").waitFor();
  await panel.getByText("With the platform's credential", { exact: true }).waitFor();
  await portray(page, "dry-run-member");
  // Who looks only has nothing to ask of.
  const other = await open(chromium);
  await signIn(other.page, here, here.people.viewer, "providers");
  await other.page
    .getByRole("table", { name: "Providers" })
    .or(other.page.getByRole("region", { name: "Providers" }))
    .first()
    .waitFor();
  expect(await other.page.getByText("What would happen").count()).toBe(0);
  await other.context.close();
  await context.close();
  expect(faults).toEqual([]);
});

/** What a select calls the option that begins so. */
async function label(panel: Locator, begins: string): Promise<string> {
  const option = panel.getByLabel("Key").locator("option", { hasText: begins });
  await option.waitFor({ state: "attached" });
  return (await option.textContent()) ?? "";
}

test("a chain that nobody saved is tried where it is edited, and stays unsaved", async () => {
  const { page, context, faults } = await open(chromium);
  const chat = { endpoints: { chat: "http://127.0.0.1:9002/v1" }, auth: "none", open: true };
  await here.api("PUT", "/providers/second", chat);
  const before = await routes();
  const only = { name: "only sim", providers: ["sim"], credentials: { platform: true } };
  await here.api("POST", "/keys", only);
  await signIn(page, here, here.people.root, "providers");
  await page.getByRole("button", { name: "New route" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Model", { exact: true }).fill("draft-*");
  await form.getByLabel("Provider 1").selectOption("second");
  await form.getByRole("button", { name: "Add a target" }).click();
  await form.getByLabel("Provider 2").selectOption("sim");
  await form.getByLabel("Model sent").nth(1).fill(HOSTILE);
  await form.getByLabel("Caller's protocol").selectOption("chat");
  // Enter here tries, and does not save.
  await form.getByLabel("Model asked for").press("Enter");
  const stops = form.getByRole("list", { name: "Where it may go, in order" });
  await stops.getByRole("listitem").nth(1).getByText("sim").first().waitFor();
  await stops.getByRole("listitem").first().getByText("called first").waitFor();
  await portray(page, "routes-draft");
  await unharmed(page);
  // What was said is of the draft as it was.
  await form.getByRole("button", { name: "Move target 2 up" }).click();
  await form.getByText("Changed since it was tried").waitFor();
  expect(await stops.count()).toBe(0);
  await form.getByLabel("Key").selectOption({ label: await label(form, "only sim") });
  await form.getByRole("button", { name: "Try the draft" }).click();
  await form.getByText("from sim").waitFor();
  await form.getByRole("list", { name: "Where it may not go" }).getByText("second").waitFor();
  // A draft that could not be saved is refused in the same words.
  await form.getByLabel("Model", { exact: true }).fill("dra*ft");
  await form.getByRole("button", { name: "Try the draft" }).click();
  await form
    .getByRole("alert")
    .filter({ hasText: /\*|pattern/ })
    .first()
    .waitFor();
  await form.getByRole("button", { name: "Cancel" }).click();
  expect(await routes()).toEqual(before);
  await context.close();
  expect(faults).toEqual([]);
});

test("others are not led there, and are told why when they go", async () => {
  const { page, context } = await open(chromium);
  await signIn(page, here, here.people.owner, "providers");
  await page.getByText("Not in this role").first().waitFor();
  expect(await page.getByRole("link", { name: "Providers" }).count()).toBe(0);
  // Of the platform's credentials they are not told, so it is not said that there is none.
  await page.getByRole("columnheader", { name: "Protocols" }).waitFor();
  expect(await page.getByText(/Platform's credential|^none$/).count()).toBe(0);
  expect(await page.getByRole("button", { name: /^New/ }).count()).toBe(0);
  await accessible(page);
  await context.close();
});
