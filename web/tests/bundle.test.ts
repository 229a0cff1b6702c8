import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const MOST = 250_000;

const built = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".gz"),
);

// Run after `npm run build`; on a fresh clone there is nothing to weigh yet.
test.skipIf(built.length === 0)("all of it is at most 250 kB, as it is sent", () => {
  const sizes = built.map((name) => [name, statSync(join(dist, name)).size] as const);
  const sum = sizes.reduce((total, [, size]) => total + size, 0);
  expect(sum, JSON.stringify(sizes)).toBeLessThanOrEqual(MOST);
});
