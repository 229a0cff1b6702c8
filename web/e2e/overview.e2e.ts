import { afterAll, beforeAll, expect, test } from "vitest";
import { change, count, duration, money } from "../src/format";
import {
  accessible,
  type Browser,
  browser,
  open,
  type Page,
  picture,
  portray,
  settled,
  signIn,
  unharmed,
} from "./browser";
import { type World, world } from "./gateway";

const DAY_MS = 86_400_000;

type Report = {
  totals: { calls: number; cost_usd: string; latency: { ttft: { p50_ms: number } } };
  previous: { totals: { cost_usd: string } };
};

let chromium: Browser;
let here: World;

beforeAll(async () => {
  [chromium, here] = await Promise.all([browser(), world()]);
});
afterAll(async () => {
  await chromium?.close();
  await here?.stop();
});

test("the overview shows what the control plane says, and compares it", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, "?range=30d");
  await settled(page);
  const from = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - 29 * DAY_MS);
  const report = await here.api<Report>(
    "GET",
    `/usage?from=${from.toISOString()}&compare=previous&latency=true`,
  );
  const tile = (name: string) =>
    page.locator("dt", { hasText: name }).locator("xpath=following-sibling::dd");
  expect(await tile("Calls").first().textContent()).toBe(count(report.totals.calls));
  expect(await tile("Spend").first().textContent()).toBe(money(report.totals.cost_usd));
  const spent = change(Number(report.totals.cost_usd), Number(report.previous.totals.cost_usd));
  expect(await tile("Spend").last().textContent()).toContain(spent);
  const first = report.totals.latency.ttft.p50_ms;
  expect(await tile("First byte").first().textContent()).toBe(duration(first));
  await portray(page, "overview");
  await page.getByRole("button", { name: "Key" }).click();
  await page.getByRole("row", { name: /nightly review/ }).waitFor();
  await unharmed(page);
  await context.close();
  expect(faults).toEqual([]);
});

test("a group leads to its calls, and a tag of any name is one", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, "?range=90d&by=tag");
  await page.getByRole("row", { name: /billing/ }).waitFor();
  await unharmed(page);
  await page.getByLabel("Name of the tag").fill("branch");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.searchParams.get("tag") === "branch");
  await page.getByRole("row", { name: /main/ }).waitFor();
  await page.getByRole("button", { name: "Caller" }).click();
  await page.getByRole("link", { name: "opencode" }).click();
  await page.waitForURL((url) => url.searchParams.get("caller") === "opencode");
  // Those of the same time, and no others.
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  expect(new URL(page.url()).searchParams.get("from")).toBe(
    new Date(today - 89 * DAY_MS).toISOString(),
  );
  await page.getByRole("cell", { name: "opencode" }).first().waitFor();
  await context.close();
  expect(faults).toEqual([]);
});

test("what needs somebody fits a line, and the rest of it is shown when asked for", async () => {
  const { page, context, faults } = await open(chromium);
  const spent = (name: string) => ({
    scope: "key",
    id: `key_${name}`,
    name,
    window: "month",
    usd: "10",
    spent_usd: "11",
    reserved_usd: "0",
  });
  const data = ["one", "two", "three", "four", "five"].map(spent);
  await page.route("**/api/v1/budgets*", (route) => route.fulfill({ json: { data, next: null } }));
  await signIn(page, here, here.people.root, "?range=30d");
  const told = page.getByRole("link", { name: /has used up its \$10\.00 a month/ });
  await told.nth(2).waitFor();
  const tiles = page.locator("dl").first();
  const before = await tiles.boundingBox();
  expect(await told.count()).toBe(3);
  await page.getByRole("button", { name: "and 2 more" }).click();
  await page.getByRole("link", { name: "five has used up" }).waitFor();
  await accessible(page);
  await portray(page, "overview-attention-whole");
  await page.getByRole("button", { name: "show fewer" }).click();
  expect(await told.count()).toBe(3);
  expect(await tiles.boundingBox()).toEqual(before);
  await context.close();
  expect(faults).toEqual([]);
});

/** The overview's chart of calls, and what was drawn of it. */
async function charted(page: Page) {
  await signIn(page, here, here.people.root, "?range=30d");
  return drawn(page);
}

async function drawn(page: Page) {
  await settled(page);
  const chart = page.getByRole("figure", { name: "Calls" });
  const box = await chart.locator(".u-over").boundingBox();
  const at = (part: number) => ({
    x: (box?.x ?? 0) + part * (box?.width ?? 0),
    y: (box?.y ?? 0) + (box?.height ?? 0) / 2,
  });
  return { chart, at };
}

/** The calls that a page shows: from when, and of how many days. */
async function arrived(page: Page) {
  await page.waitForURL((url) => url.pathname === "/dashboard/calls" && url.searchParams.has("to"));
  const { searchParams } = new URL(page.url());
  const [from, to] = [searchParams.get("from") ?? "", searchParams.get("to") ?? ""];
  return { from, days: (Date.parse(to) - Date.parse(from)) / DAY_MS };
}

test("a part of a chart leads to its calls, whose time can be chosen anew", async () => {
  const { page, context, faults } = await open(chromium);
  const { at } = await charted(page);
  await page.mouse.click(at(0.5).x, at(0.5).y);
  const { from, days } = await arrived(page);
  expect(days).toBe(1);
  const table = page.getByRole("table", { name: "Calls" });
  await table.getByRole("row").nth(1).waitFor();
  await settled(page);
  const newest = await table.locator("time").first().getAttribute("datetime");
  expect(newest?.slice(0, 10)).toBe(from.slice(0, 10));
  await portray(page, "calls-between");
  const field = (name: string) => page.getByLabel(name, { exact: true });
  expect(await field("From").inputValue()).not.toBe("");
  await field("To").fill("");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => !url.searchParams.has("to") && url.searchParams.has("from"));
  // With none of the two there are still their fields, until another time is chosen.
  await field("From").fill("");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => !url.searchParams.has("from"));
  expect(await field("Time").inputValue()).toBe("between");
  await field("To").fill("2026-01-02T03:04");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.searchParams.has("to"));
  await field("Time").selectOption("");
  await page.waitForURL((url) => !url.searchParams.has("to"));
  await context.close();
  expect(faults).toEqual([]);
});

test("a hand that is not still opens a part of a chart", async () => {
  const { page, context, faults } = await open(chromium);
  const { at } = await charted(page);
  await page.mouse.move(at(0.5).x, at(0.5).y);
  await page.mouse.down();
  await page.mouse.move(at(0.5).x + 3, at(0.5).y + 2, { steps: 3 });
  await page.mouse.up();
  expect((await arrived(page)).days).toBe(1);
  await context.close();
  expect(faults).toEqual([]);
});

test("a finger looks at a part of a chart before it opens it", async () => {
  const desk = await open(chromium);
  await signIn(desk.page, here, here.people.root);
  // Where there has never been a mouse, as on a phone.
  const storageState = await desk.context.storageState();
  const { page, context, faults } = await open(chromium, { hasTouch: true, storageState });
  await page.goto(`${here.url}/dashboard/?range=30d`);
  await page.locator("#content").waitFor();
  const { chart, at } = await drawn(page);
  const told = () => chart.locator("figcaption").textContent();
  const before = await told();
  await page.touchscreen.tap(at(0.3).x, at(0.3).y);
  await expect.poll(told).not.toBe(before);
  const first = await told();
  await page.touchscreen.tap(at(0.7).x, at(0.7).y);
  await expect.poll(told).not.toBe(first);
  await settled(page);
  expect(new URL(page.url()).pathname).toBe("/dashboard/");
  await page.touchscreen.tap(at(0.7).x, at(0.7).y);
  expect((await arrived(page)).days).toBe(1);
  await context.close();
  await desk.context.close();
  expect(faults).toEqual([]);
});

test("a chart is gone along and opened by keyboard, and several of its parts by pointer", async () => {
  const { page, context, faults } = await open(chromium);
  const { chart, at } = await charted(page);
  const slider = chart.getByRole("slider");
  await slider.focus();
  const last = await slider.getAttribute("aria-valuetext");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  const told = await slider.getAttribute("aria-valuetext");
  expect(told).toMatch(/Succeeded [\d.k]+, Failed/);
  expect(told).not.toBe(last);
  await picture(page, "overview-by-keyboard");
  await accessible(page);
  await page.keyboard.press("Enter");
  expect((await arrived(page)).days).toBe(1);
  await page.goBack();
  await settled(page);
  await page.mouse.move(at(0.25).x, at(0.25).y);
  await page.mouse.down();
  await page.mouse.move(at(0.5).x, at(0.5).y, { steps: 4 });
  await page.mouse.up();
  const { days } = await arrived(page);
  expect(days).toBeGreaterThan(5);
  expect(days).toBeLessThan(11);
  await context.close();
  expect(faults).toEqual([]);
});

test("an organization is chosen once for every page, and stands in the address", async () => {
  const { page, context } = await open(chromium);
  await signIn(page, here, here.people.root, "?range=30d&by=key");
  const research = here.orgs[1];
  await page.getByLabel("Organization", { exact: true }).selectOption({ label: "research" });
  await page.waitForURL((url) => url.searchParams.get("org") === research?.id);
  await page.getByRole("row", { name: /mika research/ }).waitFor();
  await settled(page);
  expect(await page.getByRole("row", { name: /olga laptop/ }).count()).toBe(0);
  await context.close();
});

test("without calls it says what to do", async () => {
  const { page, context } = await open(chromium);
  await here.api("POST", "/orgs", { name: "empty" });
  await signIn(page, here, here.people.root);
  await page.getByLabel("Organization", { exact: true }).selectOption({ label: "empty" });
  await page.getByText("No calls in this time").waitFor();
  await portray(page, "overview-empty");
  await context.close();
});
