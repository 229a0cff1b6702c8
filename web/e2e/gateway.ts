// A real gateway with people in it and two months of use, for tests that look at it with a browser.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
export const BINARY = process.env.TOLLHOUSE_BIN ?? here("../../target/debug/tollhouse");
const START_MS = 30_000;
/** A PostgreSQL server to make databases in, in place of SQLite files. */
const POSTGRES = process.env.TEST_DATABASE_URL;

/** In every string that people or models choose. It shows when one is taken for markup. */
export const HOSTILE = `"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>{{7*7}}`;
export const PASSWORD = "correct horse battery staple";

export type Person = { name: string; email: string; id: string };

export type World = {
  url: string;
  adminToken: string;
  orgs: { id: string; name: string }[];
  people: Record<"root" | "owner" | "member" | "viewer", Person>;
  /** Asks the control plane with the administrator's token. */
  api: <T = unknown>(method: string, path: string, body?: unknown) => Promise<T>;
  /** Ends the gateway, and all that it kept. */
  stop: () => Promise<void>;
};

type Ready = {
  url: string;
  key: string;
  admin_token: string;
  data_dir: string;
  /** The simulator, which also plays the authorities of accounts. */
  provider_url: string;
  /** A file, or an address. */
  database: string;
};

/** Starts a gateway with its simulated provider, and waits until it is ready. */
export async function demo({
  port = 0,
  history = 0,
} = {}): Promise<{ ready: Ready; stop: () => Promise<void> }> {
  if (!existsSync(BINARY)) {
    throw new Error(`There is no ${BINARY}: build it (cargo build) or set TOLLHOUSE_BIN.`);
  }
  const directory = mkdtempSync(join(tmpdir(), "tollhouse-e2e-"));
  const file = join(directory, "ready.json");
  const postgres = POSTGRES && freshDatabase(POSTGRES);
  const args = ["demo", "--port", `${port}`, "--history", `${history}`, "--ready-file", file];
  if (postgres) args.push("--database", "env:E2E_DATABASE");
  const child = spawn(BINARY, args, {
    stdio: ["ignore", "ignore", "inherit"],
    env: named(postgres),
  });
  const told = await written(file, child);
  const ready = { ...told, database: postgres ?? join(told.data_dir, "tollhouse.db") };
  const stop = async () => {
    child.kill("SIGINT");
    await new Promise((resolve) => {
      if (child.exitCode !== null) resolve(undefined);
      else child.once("exit", resolve);
    });
    rmSync(directory, { recursive: true, force: true });
  };
  return { ready, stop };
}

type Told = Omit<Ready, "database">;

async function written(file: string, child: ChildProcess): Promise<Told> {
  const until = Date.now() + START_MS;
  while (!existsSync(file)) {
    if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode}`);
    if (Date.now() > until) throw new Error("the gateway was not ready in time");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return JSON.parse(readFileSync(file, "utf8"));
}

/** The environment, with the address of a database: it has a password, which no command line may show. */
function named(database: string | undefined): NodeJS.ProcessEnv {
  return database ? { ...process.env, E2E_DATABASE: database } : process.env;
}

/** A gateway with a configuration of its own. */
export type Serving = Pick<World, "url" | "api" | "stop">;

/** Serves what `tables` say, with what it keeps below `directory`. */
export async function serving(directory: string, tables: string): Promise<Serving> {
  const token = randomBytes(32).toString("base64url");
  const postgres = POSTGRES && freshDatabase(POSTGRES);
  const database = postgres ? 'database = "env:E2E_DATABASE"\n' : "";
  const file = join(directory, "tollhouse.toml");
  // Browsers are heard at the address that the gateway is told, which is not known of a port of its choice.
  const listen = `127.0.0.1:${await freePort()}`;
  const server = `[server]\nlisten = "${listen}"\ndata_dir = "${directory}/data"\n${database}`;
  writeFileSync(file, `${server}[admin]\ntoken = "env:E2E_TOKEN"\n${tables}`);
  const child = spawn(BINARY, ["serve", "--config", file, "--log", "error"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...named(postgres), E2E_TOKEN: token, HOME: directory, XDG_CONFIG_HOME: directory },
  });
  const url = await address(child);
  const stop = async () => {
    child.kill("SIGINT");
    if (child.exitCode === null) await new Promise((resolve) => child.once("exit", resolve));
  };
  return { url, api: ask(url, token), stop };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

/** Where it says that it listens. */
function address(child: ChildProcess): Promise<string> {
  return new Promise((found, failed) => {
    let said = "";
    child.stdout?.on("data", (bytes) => {
      said += bytes;
      const url = said.match(/listening on (http\S+)\n/)?.[1];
      if (url) found(url);
    });
    child.once("exit", (code) => failed(new Error(`the gateway ended with ${code}: ${said}`)));
  });
}

/** A database of its own on the server, whose end is also its end. */
function freshDatabase(server: string): string {
  const name = `e2e_${randomBytes(6).toString("hex")}`;
  const made = spawnSync("psql", ["-qX", "-c", `CREATE DATABASE ${name}`, server]);
  if (made.status !== 0) throw new Error(`no database: ${made.stderr ?? made.error}`);
  const address = new URL(server);
  address.pathname = `/${name}`;
  return address.href;
}

/** A gateway with two organizations, a person of each role, their keys, and `calls` calls. */
export async function world(calls = 4000): Promise<World> {
  const { ready, stop } = await demo();
  try {
    return await peopled(ready, stop, calls);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function peopled(ready: Ready, stop: World["stop"], calls: number): Promise<World> {
  const api = ask(ready.url, ready.admin_token);
  const orgs = [
    await api<{ id: string; name: string }>("POST", "/orgs", { name: "platform" }),
    await api<{ id: string; name: string }>("POST", "/orgs", { name: "research" }),
  ];
  const [first, second] = orgs as [World["orgs"][0], World["orgs"][0]];
  const person = async (name: string, role?: string) => {
    const email = `${name.toLowerCase()}@example.com`;
    const body = role ? { name, email, org: first.id, role } : { name, email, admin: true };
    const user = await api<{ id: string }>("POST", "/users", body);
    await api("PUT", `/users/${user.id}/password`, { new: PASSWORD });
    return { name, email, id: user.id };
  };
  const people = {
    root: await person("Rosa"),
    owner: await person("Olga", "owner"),
    member: await person("Mika", "member"),
    viewer: await person("Vera", "viewer"),
  };
  const key = async (name: string, org: string, owner?: string) => {
    const made = await api<{ id: string }>("POST", "/keys", { name, org, ...(owner && { owner }) });
    return { id: made.id, org, user: owner };
  };
  await api("PUT", `/orgs/${second.id}/members/${people.member.id}`, { role: "member" });
  const keys = [
    await key("olga laptop", first.id, people.owner.id),
    await key("mika laptop", first.id, people.member.id),
    await key("nightly review", first.id),
    await key("mika research", second.id, people.member.id),
    await key(HOSTILE.slice(0, 60), second.id),
  ];
  const { database } = ready;
  const input = JSON.stringify({
    database,
    calls,
    days: 60,
    now: Date.now(),
    keys,
    hostile: HOSTILE,
  });
  const seeded = spawnSync("python3", [here("seed.py")], { input, encoding: "utf8" });
  if (seeded.status !== 0) throw new Error(`seed.py failed: ${seeded.stderr}`);
  // The rows did not come through the ledger, so nobody has added them up.
  const postgres = database.startsWith("postgres:");
  const rebuild = ["db", "rollup", "--rebuild", "--data-dir", ready.data_dir];
  if (postgres) rebuild.push("--database", "env:E2E_DATABASE");
  const env = named(postgres ? database : undefined);
  const summed = spawnSync(BINARY, rebuild, { encoding: "utf8", env });
  if (summed.status !== 0) throw new Error(`no sums: ${summed.stderr}`);
  return { url: ready.url, adminToken: ready.admin_token, orgs, people, api, stop };
}

/** Asks a control plane with a token. */
export function ask(url: string, token: string): World["api"] {
  return async (method, path, body) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  };
}
