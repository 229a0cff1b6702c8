// Debian's Chromium, and what every page is held to.

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import { fromDist } from "./dist";
import { PASSWORD, type Person, type World } from "./gateway";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Where pictures go, if anybody wants them: never into the repository. */
const PICTURES = process.env.TOLLHOUSE_E2E_PICTURES;

export const DESK = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

export function browser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A page of somebody's own, which fails its test when anything goes wrong inside. */
export async function open(browser: Browser, options: Parameters<Browser["newContext"]>[0] = {}) {
  const context = await browser.newContext({ viewport: DESK, ...options });
  await fromDist(context);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    // A refusal is also a line on the console; tests look at what the page says of it.
    const expected = /Failed to load resource/.test(message.text());
    if (message.type() === "error" && !expected) faults.push(message.text());
  });
  return { context, page, faults };
}

export async function signIn(
  page: Page,
  world: Pick<World, "url">,
  person: Person,
  path = "",
): Promise<void> {
  await page.goto(`${world.url}/dashboard/${path}`);
  await page.getByLabel("Email").fill(person.email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator("#content").waitFor();
}

/** Waits until nothing is on its way. */
export async function settled(page: Page): Promise<void> {
  // Whatever was pressed has been drawn, and so asked for.
  await page.evaluate(
    () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
  );
  await page.waitForFunction(() => !document.querySelector('[data-busy], [aria-label="Loading"]'));
}

/** No violation that axe knows of. */
export async function accessible(page: Page): Promise<void> {
  // By way of the debugger, which the page's policy does not bind.
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const runner = (globalThis as unknown as { axe: typeof import("axe-core") }).axe;
    const results = await runner.run(document, { resultTypes: ["violations"] });
    return results.violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`,
    );
  });
  expect(violations).toEqual([]);
}

/** A page in light, in dark and on a phone: nothing sticks out, axe is content, pictures are taken. */
export async function portray(page: Page, name: string): Promise<void> {
  for (const [look, scheme, size] of [
    ["light", "light", DESK],
    ["dark", "dark", DESK],
    ["phone", "light", PHONE],
  ] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize(size);
    await settled(page);
    await accessible(page);
    expect(await sticksOut(page), `${name} on ${look}`).toEqual([]);
    await picture(page, `${name}-${look}`);
  }
  await page.setViewportSize(DESK);
}

/** A picture for whoever wants to look; of a page without end, what is in sight. */
export async function picture(page: Page, name: string): Promise<void> {
  if (!PICTURES) return;
  mkdirSync(PICTURES, { recursive: true });
  const fullPage = await page.evaluate(
    () => document.documentElement.scrollHeight < 2 * window.innerHeight,
  );
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage });
}

/** What makes the page wider than the window. */
function sticksOut(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const wide = [...document.querySelectorAll("body *")].filter(
      (element) => element.getBoundingClientRect().right > width + 1,
    );
    return wide.map((element) => `${element.tagName}.${element.className}`).slice(0, 8);
  });
}

/** Nothing that people or models wrote was taken for markup. */
export async function unharmed(page: Page): Promise<void> {
  expect(await page.evaluate(() => "hacked" in globalThis)).toBe(false);
  expect(await page.locator('img[src="x"]').count()).toBe(0);
}

export type { Browser, BrowserContext, Page };

/** Holds back what a page asks for, so that it is seen while it waits; gives what lets it go. */
export async function held(page: Page, url: string | RegExp): Promise<() => void> {
  let go = () => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  await page.route(url, async (route) => {
    await gate;
    await route.fallback();
  });
  return go;
}
