// Bridges to people's own logins: how they are, whose they are, and what to do about it.

import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessible, type Browser, browser, open, portray, signIn, unharmed } from "./browser";
import { HOSTILE, PASSWORD, type Serving, serving } from "./gateway";

const SECRET = "secret-of-a-bridge-0123456789abcdefgh";

/** What somebody's own bridge would be, by the letter of docs/bridges.md. */
type Bridge = { port: number; says: object; proves: boolean; server: Server };

let chromium: Browser;
let directory: string;
let bridge: Bridge;
let here: Serving;

function ready(): object {
  return { status: "ready", provider: "claude", detail: HOSTILE };
}

async function listen(): Promise<Bridge> {
  const made = { port: 0, says: ready(), proves: true } as Bridge;
  made.server = createServer((request, response) => {
    const nonce = request.headers["x-tollhouse-nonce"];
    const { localAddress, localPort } = request.socket;
    const text = `tollhouse-bridge-1\n${nonce}\n${localAddress}:${localPort}`;
    if (nonce && made.proves) {
      const proof = createHmac("sha256", SECRET).update(text).digest("hex");
      response.setHeader("x-tollhouse-proof", proof);
    }
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(made.says));
  });
  await new Promise<void>((listening) => made.server.listen(0, "127.0.0.1", listening));
  made.port = (made.server.address() as AddressInfo).port;
  return made;
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "tollhouse-e2e-bridge-"));
  bridge = await listen();
  const secret = join(directory, "secret");
  writeFileSync(secret, SECRET, { mode: 0o600 });
  [chromium, here] = await Promise.all([
    browser(),
    serving(
      directory,
      `
[[bridge]]
name = "claude"
url = "http://127.0.0.1:${bridge.port}"
secret = "file:${secret}"
owner = "ada@example.com"
probe_seconds = 5
`,
    ),
  ]);
  const root = { name: "Rosa", email: "rosa@example.com", admin: true };
  const { id } = await here.api<{ id: string }>("POST", "/users", root);
  await here.api("PUT", `/users/${id}/password`, { new: PASSWORD });
});
afterAll(async () => {
  await chromium?.close();
  await here?.stop();
  bridge?.server.close();
  rmSync(directory, { recursive: true, force: true });
});

type Row = { state: string; bridge: { ownerless: boolean; detail?: string } };

/** Waits until the gateway has seen it so. */
async function until(right: (row: Row) => boolean): Promise<void> {
  for (;;) {
    const { data } = await here.api<{ data: Row[] }>("GET", "/providers");
    if (data.some(right)) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

test("a bridge is shown with its state, its owner, its last error and what to do", async () => {
  const { page, context, faults } = await open(chromium);
  const rosa = { name: "Rosa", email: "rosa@example.com", id: "" };
  await until(({ bridge }) => Boolean(bridge.detail));
  await signIn(page, here, rosa, "providers");
  const card = page.getByRole("list", { name: "Bridges" }).getByRole("listitem");
  await card.getByText("waits for its owner").waitFor();
  await card.getByText("ada@example.com, who has no account yet").waitFor();

  await here.api("POST", "/users", { name: "Ada", email: "ada@example.com" });
  await until(({ bridge }) => !bridge.ownerless);
  await page.reload();
  await card.getByText("ready", { exact: true }).waitFor();
  await card.getByText("Claude Code, of ada@example.com").waitFor();
  expect(await card.getByText("Last error").count()).toBe(0);
  await unharmed(page);
  await accessible(page);

  bridge.says = { status: "auth_required", provider: "claude", configured: false };
  await until(({ state }) => state === "auth_required");
  await page.reload();
  await card.getByText("needs a login").waitFor();
  await card.getByText("claude auth login", { exact: true }).waitFor();
  await portray(page, "bridges-login");

  // Something else has its port.
  bridge.says = ready();
  bridge.proves = false;
  await until(({ state }) => state === "unreachable");
  await page.reload();
  await card.getByText("does not prove that it knows the secret").first().waitFor();
  const start = `tollhouse bridge claude --listen 127.0.0.1:${bridge.port}`;
  await card.getByText(start, { exact: true }).waitFor();
  await accessible(page);
  await portray(page, "bridges-unreachable");

  // What is over stays to be seen.
  bridge.proves = true;
  await until(({ state }) => state === "ready");
  await page.reload();
  await card.getByText("ready", { exact: true }).waitFor();
  await card.getByText("Last error").waitFor();
  await context.close();
  expect(faults).toEqual([]);
});
