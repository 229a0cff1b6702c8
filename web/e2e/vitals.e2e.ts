// What a visit costs, page by page: how much moves, how long the browser is busy, what is asked, and of whom.

import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, browser, held, open, type Page, settled } from "./browser";
import { ask, demo } from "./gateway";

/** How much may move while a page fills: what is called good. */
const MOST_SHIFT = 0.1;
/**
 * Milliseconds for which the browser may be too busy to hear anybody, beyond 50 of each task. What is called good is
 * 200, which a quiet machine shows; a page that has become slow is to fail here, and not a machine that is.
 */
const MOST_BLOCKED = 500;
/** Requests for one page, its parts and its numbers. */
const MOST_REQUESTS = 24;
/** Bytes of code and styles for one page, as they are sent. */
const MOST_BYTES = 200_000;
/** What is measured is the page, and not what else the machine does: one of these must be good. */
const ATTEMPTS = 8;
/** Milliseconds for all of them. */
const PATIENCE = 240_000;

let chromium: Browser;
let here: Awaited<ReturnType<typeof demo>>;
let cookies: Awaited<ReturnType<Awaited<ReturnType<typeof open>>["context"]["storageState"]>>;
let pages: string[];

beforeAll(async () => {
  [chromium, here] = await Promise.all([browser(), demo({ history: 1440 })]);
  const { url, admin_token } = here.ready;
  const api = ask(url, admin_token);
  type Listed = { data: { id: string }[] };
  const first = async (path: string) => (await api<Listed>("GET", path)).data[0]?.id;
  const org = await api<{ id: string }>("POST", "/orgs", { name: "platform" });
  const rosa = await api<{ id: string }>("POST", "/users", {
    name: "Rosa",
    email: "rosa@example.com",
    org: org.id,
    role: "owner",
  });
  pages = [
    "",
    "live",
    "calls",
    `calls/${await first("/calls?limit=1")}`,
    "sessions",
    `sessions/${await first("/sessions?limit=1")}`,
    "connect",
    "keys",
    "keys/new",
    `keys/${await first("/keys?limit=1")}`,
    "credentials",
    "accounts",
    "budgets",
    "people",
    `people/${rosa.id}`,
    `organizations/${org.id}`,
    "providers",
    "prices",
    "audit",
  ];
  const { page, context } = await open(chromium);
  await page.goto(`${url}/dashboard/#token=${admin_token}`);
  await page.locator("#content").waitFor();
  cookies = await context.storageState();
  await context.close();
});
afterAll(async () => {
  await chromium?.close();
  await here?.stop();
});

type Vitals = { shift: number; moved: string[]; blocked: number };

/** Notes what moves without anybody having pressed anything, and tasks that take long. */
async function watched(page: Page): Promise<() => Promise<Vitals>> {
  await page.addInitScript(() => {
    const vitals: Vitals = { shift: 0, moved: [], blocked: 0 };
    Object.assign(globalThis, { vitals });
    type Shift = PerformanceEntry & {
      value: number;
      hadRecentInput: boolean;
      sources?: { node?: Element | null }[];
    };
    new PerformanceObserver((list) => {
      for (const shift of list.getEntries() as Shift[]) {
        if (shift.hadRecentInput) continue;
        vitals.shift += shift.value;
        for (const { node } of shift.sources ?? []) {
          const name = node instanceof Element ? `${node.tagName}.${node.className}` : "text";
          vitals.moved.push(`${name} ${shift.value.toFixed(3)}`);
        }
      }
    }).observe({ type: "layout-shift", buffered: true });
    new PerformanceObserver((list) => {
      for (const task of list.getEntries()) vitals.blocked += Math.max(0, task.duration - 50);
    }).observe({ type: "longtask", buffered: true });
  });
  return () => page.evaluate(() => (globalThis as unknown as { vitals: Vitals }).vitals);
}

type Visit = Vitals & { requests: string[]; bytes: number };

/** Goes to a page with nothing of it at hand, and waits until all of it is there. */
async function visit(path: string, waiting: boolean): Promise<Visit> {
  const { page, context, faults } = await open(chromium, { storageState: cookies });
  const asked: string[] = [];
  const sizes: Promise<number>[] = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("requestfinished", (request) => {
    if (/\/dashboard\/.*\.(js|css)$/.test(request.url()))
      sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize));
  });
  const vitals = await watched(page);
  // Who is there is asked first, and nothing is drawn before; everything else has a place to wait in.
  const go = waiting ? await held(page, /\/api\/v1\/(?!me$|session)/) : undefined;
  await page.goto(`${here.ready.url}/dashboard/${path}`);
  await page.locator("#content h1").waitFor();
  if (go) {
    // Until the page that waits has been drawn, for there is nothing to move before.
    await page.evaluate(
      () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
    );
    go();
  }
  await settled(page);
  await page.waitForFunction(() => document.fonts.status === "loaded");
  const seen = await vitals();
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  await context.close();
  expect(faults, path).toEqual([]);
  return { ...seen, requests: asked, bytes };
}

test("no page moves while it fills", async () => {
  const bad: string[] = [];
  for (const path of pages) {
    const { shift, moved } = await visit(path, true);
    if (shift > MOST_SHIFT) bad.push(`${path}: ${shift.toFixed(3)} by ${moved.join(", ")}`);
  }
  expect(bad).toEqual([]);
});

test(
  "no page keeps the browser busy, asks much, or asks anybody else",
  async () => {
    const bad: string[] = [];
    for (const path of pages) {
      let blocked = Number.POSITIVE_INFINITY;
      for (let at = 0; at < ATTEMPTS && blocked > MOST_BLOCKED; at++) {
        const seen = await visit(path, false);
        blocked = Math.min(blocked, seen.blocked);
        if (at > 0) continue;
        const strangers = seen.requests.filter((url) => !url.startsWith(`${here.ready.url}/`));
        if (strangers.length > 0) bad.push(`${path} asks ${strangers.join(", ")}`);
        if (seen.requests.length > MOST_REQUESTS)
          bad.push(`${path}: ${seen.requests.length} requests: ${seen.requests.join(" ")}`);
        // What comes from `dist` and not from the gateway is not compressed.
        if (!process.env.TOLLHOUSE_E2E_DIST && seen.bytes > MOST_BYTES)
          bad.push(`${path}: ${seen.bytes} bytes`);
      }
      if (blocked > MOST_BLOCKED) bad.push(`${path}: busy for ${Math.round(blocked)} ms`);
    }
    expect(bad).toEqual([]);
  },
  PATIENCE,
);
