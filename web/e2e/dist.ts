// A build that no binary has embedded yet: with TOLLHOUSE_E2E_DIST=1, pages come from web/dist, and
// everything else, the headers that bind them included, from the gateway.

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BrowserContext } from "playwright-core";

const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const TYPES: Record<string, string> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** Has a browser take the dashboard's files from `dist`, if that is wanted. */
export async function fromDist(context: BrowserContext): Promise<void> {
  if (!process.env.TOLLHOUSE_E2E_DIST) return;
  await context.route("**/dashboard/**", async (route) => {
    const { origin, pathname } = new URL(route.request().url());
    const named = join(DIST, pathname.replace(/^\/dashboard\//, ""));
    // Every page is the same file, as the gateway has it.
    const path = existsSync(named) && statSync(named).isFile() ? named : join(DIST, "index.html");
    const served = await route.fetch({ url: `${origin}/dashboard/` });
    const type = TYPES[path.split(".").at(-1) ?? ""] ?? "application/octet-stream";
    const policy = served.headers()["content-security-policy"] ?? "default-src 'none'";
    await route.fulfill({
      path,
      headers: { "content-type": type, "content-security-policy": policy },
    });
  });
}
