// Credentials: set, tested, replaced, switched off, removed; mine, an organization's, the platform's.

import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  accessible,
  type Browser,
  browser,
  held,
  open,
  portray,
  signIn,
  unharmed,
} from "./browser";
import { HOSTILE, type World, world } from "./gateway";

const GOOD = "lab-good-secret-0123456789";
const BAD = "lab-bad-secret-0123456789";

let chromium: Browser;
let here: World;
let lab: Server;

/** A provider that takes one key and no other. */
function provider(): Promise<Server> {
  const server = createServer((request, response) => {
    const key = request.headers["x-api-key"] ?? request.headers.authorization ?? "";
    const taken = String(key).includes(GOOD);
    response.writeHead(taken ? 200 : 401, { "content-type": "application/json" });
    const refusal = { type: "error", error: { type: "authentication_error", message: HOSTILE } };
    response.end(JSON.stringify(taken ? { data: [] } : refusal));
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

beforeAll(async () => {
  [chromium, here, lab] = await Promise.all([browser(), world(100), provider()]);
  const address = lab.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const url = `http://127.0.0.1:${port}`;
  await here.api("PUT", "/providers/lab", { endpoints: { messages: url } });
  await here.api("PUT", "/providers/anthropic", {});
});
afterAll(async () => {
  await chromium?.close();
  await here?.stop();
  lab?.close();
});

test("the platform's: set, tested, replaced, switched off and on, removed", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, "credentials?of=platform");
  await page.getByRole("row", { name: /lab.*Not set/ }).waitFor();
  await portray(page, "credentials");
  await page.getByRole("button", { name: "Set lab" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Secret").fill(BAD);
  await portray(page, "credential-set");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByText("Set lab default").waitFor();
  const { data } = await here.api<{ data: { id: string; provider: string }[] }>(
    "GET",
    "/platform/credentials?limit=1000",
  );
  const made = await page
    .getByRole("link", { name: "Calls with lab default" })
    .getAttribute("href");
  const id = data.find(({ provider }) => provider === "lab")?.id;
  expect(made).toContain(`calls?credential=${id}`);
  const row = page.getByRole("row", { name: /^lab/ });
  await row.getByText("Ready").waitFor();
  // Nothing of the secret is left on the page, nor comes back to it.
  expect(await page.content()).not.toContain(BAD);
  await row.getByRole("button", { name: "Replace" }).click();
  expect(await dialog.getByLabel("Secret").inputValue()).toBe("");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await row.getByRole("button", { name: "Test" }).click();
  await row.getByText(/Status 401/).waitFor();
  await portray(page, "credential-refused");
  await unharmed(page);
  const before = await row.locator("code").textContent();
  await row.getByRole("button", { name: "Replace" }).click();
  await dialog.getByLabel("Secret").fill(GOOD);
  await dialog.getByRole("button", { name: "Replace" }).click();
  await page.getByText("Replaced lab default").waitFor();
  await page.waitForFunction(
    (before) => !document.querySelector("table")?.textContent?.includes(before),
    before ?? "",
  );
  // A credential is tested once in five seconds.
  await row.getByRole("button", { name: "Test" }).click();
  await row.getByText("Tested a moment ago").or(row.getByText("Taken")).waitFor();
  await expect
    .poll(
      async () => {
        await row.getByRole("button", { name: "Test" }).click();
        const taken = row.getByText("Taken").waitFor({ timeout: 1000 });
        return taken.then(
          () => true,
          () => false,
        );
      },
      { timeout: 20_000, interval: 500 },
    )
    .toBe(true);
  await row.getByRole("button", { name: "Disable" }).click();
  await row.getByText("Switched off").waitFor();
  await portray(page, "credential-off");
  await row.getByRole("button", { name: "Enable" }).click();
  await row.getByText("Ready").waitFor();
  await row.getByRole("button", { name: "Remove" }).click();
  await accessible(page);
  await portray(page, "credential-remove");
  await row.getByRole("button", { name: "Cancel" }).click();
  await row.getByRole("button", { name: "Remove" }).click();
  await row.getByRole("group").getByRole("button", { name: "Remove" }).click();
  await page.getByRole("row", { name: /lab.*Not set/ }).waitFor();
  await context.close();
  expect(faults).toEqual([]);
});

test("an organization's: several under names, and what is refused is said at its field", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.owner, "credentials?of=org");
  await page.getByRole("button", { name: "Add a credential" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Provider").fill("anthropic");
  await dialog.getByLabel("Secret").fill("not a key of theirs");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.locator("[aria-invalid]").waitFor();
  await accessible(page);
  await dialog.getByLabel("Provider").fill("lab");
  await dialog.getByLabel("Name").fill(HOSTILE);
  await dialog.getByLabel("Secret").fill(GOOD);
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.locator("[aria-invalid]").waitFor();
  await portray(page, "credential-wrong");
  await dialog.getByLabel("Name").fill("first");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByRole("row", { name: /lab first Ready/ }).waitFor();
  await page.getByRole("button", { name: "Add a credential" }).click();
  await dialog.getByLabel("Provider").fill("lab");
  await dialog.getByLabel("Name").fill("second");
  await dialog.getByLabel("Secret").fill(BAD);
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByRole("row", { name: /lab second Ready/ }).waitFor();
  await portray(page, "credentials-org");
  await unharmed(page);
  await context.close();
  expect(faults).toEqual([]);
});

test("members see the organization's and change their own, and see none of the platform's", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.member, "credentials");
  // What they cannot list, they can name.
  await page.getByRole("row", { name: /sim.*Not set/ }).waitFor();
  await page.getByRole("button", { name: "Add a credential" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Provider").fill("no-such-provider");
  await dialog.getByLabel("Secret").fill("mika-own-secret-0123456789");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByText(/no such provider/i).waitFor();
  await dialog.getByLabel("Provider").fill("lab");
  await dialog.getByLabel("Address").fill("https://localhost/v1");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.locator("[aria-invalid]").waitFor();
  await dialog.getByLabel("Address").fill("https://models.example.com");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByRole("row", { name: /models\.example\.com/ }).waitFor();
  await portray(page, "credentials-mine");
  await page.getByRole("button", { name: "Organization's" }).click();
  await page.getByRole("row", { name: /lab first/ }).waitFor();
  expect(await page.getByRole("button", { name: "Test" }).count()).toBe(0);
  expect(await page.getByRole("button", { name: "Add a credential" }).count()).toBe(0);
  expect(await page.getByRole("button", { name: "Platform's" }).count()).toBe(0);
  await context.close();
  expect(faults).toEqual([]);
});

test("one that its provider refuses says since when; a list that fails says why", async () => {
  const { page, context, faults } = await open(chromium);
  let broken = true;
  const said = (id: string, state: object) => ({
    id,
    owner: { kind: "platform" },
    provider: "lab",
    name: id,
    configured: true,
    configured_at: "2026-01-01T00:00:00Z",
    fingerprint: "0123abcd",
    managed: false,
    ...state,
  });
  const hour = 3_600_000;
  const at = (ms: number) => new Date(Date.now() + ms).toISOString();
  await page.route("**/platform/credentials*", (route) =>
    broken
      ? route.fulfill({ status: 500, json: { error: { code: "internal", message: "It broke." } } })
      : route.fulfill({
          json: {
            data: [
              said("refused", { state: "stale", stale_since: at(-3 * hour) }),
              said("resting", {
                state: "cooling",
                until: at(2 * hour),
                last_refusal: { status: 429, at: at(-hour) },
              }),
              said(HOSTILE, { state: "unusable", base_url: HOSTILE }),
              said("stated", { state: "ready", managed: true }),
            ],
            next: null,
          },
        }),
  );
  const go = await held(page, "**/platform/credentials*");
  await signIn(page, here, here.people.root, "credentials?of=platform");
  await page.getByRole("status", { name: "Loading" }).waitFor();
  await accessible(page);
  go();
  await page.getByText("It broke.").waitFor();
  broken = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("row", { name: /refused Refused since [23] h ago/ }).waitFor();
  await page.getByRole("row", { name: /resting Resting back in.*429/ }).waitFor();
  await portray(page, "credentials-states");
  await unharmed(page);
  const stated = page.getByRole("row", { name: /Configuration file/ });
  expect(await stated.getByRole("button", { name: "Remove" }).count()).toBe(0);
  await context.close();
  expect(faults).toEqual([]);
});
