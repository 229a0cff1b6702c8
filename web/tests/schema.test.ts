import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
// @ts-expect-error plain JavaScript, so that it runs without a build
import { schema, target } from "../scripts/schema.mjs";

// Making the types takes a machine that does much else longer than tests are given.
test("the types are those of the gateway's document: `npm run generate` makes them anew", async () => {
  expect(readFileSync(target, "utf8")).toBe(await schema());
}, 60_000);
