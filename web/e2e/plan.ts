// A gateway whose accounts are issued by the simulator of another one, which plays the authority.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ask, BINARY, demo, PASSWORD, type Person, type World } from "./gateway";

const START_MS = 30_000;
const ADMIN = "plan-administrator-0123456789abcdef0123456789";

export type Plan = Pick<World, "url" | "api" | "stop"> & {
  mika: Person;
  vera: Person;
  /** Administers the organization that both are in. */
  olga: Person;
  org: { id: string };
  /** Has the authority do something; crates/sim/src/authority/http_controls.rs has what. */
  authority: (control: string, fields: unknown) => Promise<unknown>;
};

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" ? (address?.port ?? 0) : 0;
      server.close(() => resolve(port));
    });
  });
}

/**
 * People of an organization, and a provider that takes accounts; or does not, when `enabled` is false. With
 * `organizations`, theirs too.
 */
export async function plan({ enabled = true, organizations = false } = {}): Promise<Plan> {
  const { ready, stop: stopDemo } = await demo();
  const directory = mkdtempSync(join(tmpdir(), "tollhouse-e2e-plan-"));
  const sim = ready.provider_url;
  const url = `http://127.0.0.1:${await freePort()}`;
  const config = join(directory, "tollhouse.toml");
  writeFileSync(
    config,
    `[server]
listen = "${new URL(url).host}"
data_dir = "${join(directory, "data")}"
[admin]
token = "env:E2E_ADMIN_TOKEN"
[[provider]]
name = "plan"
endpoints = { responses = "${sim}/backend-api/codex" }
account = { authority = "codex", header = "chatgpt-account-id" }
quirks = ["by_plan"]
[accounts]
enabled = ${enabled}
allow_organization = ${organizations}
[accounts.authority.codex]
base = "${sim}"
`,
  );
  const child = spawn(BINARY, ["serve", "--config", config, "--log", "error"], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, E2E_ADMIN_TOKEN: ADMIN, HOME: directory, XDG_CONFIG_HOME: directory },
  });
  const stop = async () => {
    const ended = new Promise((resolve) => {
      if (child.exitCode !== null) resolve(undefined);
      else child.once("exit", resolve);
    });
    child.kill("SIGINT");
    await ended;
    await stopDemo();
    rmSync(directory, { recursive: true, force: true });
  };
  const authority: Plan["authority"] = async (control, fields) => {
    const response = await fetch(`${sim}/sim/authority/${control}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(fields),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${control}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  };
  try {
    await answers(url, () => child.exitCode);
    await authority("now", { seconds: Math.floor(Date.now() / 1000) });
    const api = ask(url, ADMIN);
    const org = await api<{ id: string }>("POST", "/orgs", { name: "research" });
    const person = async (name: string, role: string): Promise<Person> => {
      const email = `${name.toLowerCase()}@example.com`;
      const body = { name, email, org: org.id, role };
      const { id } = await api<{ id: string }>("POST", "/users", body);
      await api("PUT", `/users/${id}/password`, { new: PASSWORD });
      return { name, email, id };
    };
    const mika = await person("Mika", "member");
    const [vera, olga] = [await person("Vera", "viewer"), await person("Olga", "owner")];
    return { url, api, stop, mika, vera, olga, org, authority };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function answers(url: string, ended: () => number | null): Promise<void> {
  const until = Date.now() + START_MS;
  for (;;) {
    const response = await fetch(`${url}/readyz`).catch(() => undefined);
    if (response?.ok) return;
    if (ended() !== null) throw new Error(`the gateway ended with ${ended()}`);
    if (Date.now() > until) throw new Error("the gateway was not ready in time");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
