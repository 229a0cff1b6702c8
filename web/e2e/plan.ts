// A gateway whose accounts are issued by the simulator of another one, which plays the authority.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { demo, PASSWORD, type Person, type Serving, serving } from "./gateway";

export type Plan = Serving & {
  mika: Person;
  vera: Person;
  /** Administers the organization that both are in. */
  olga: Person;
  org: { id: string };
  /** Has the authority do something; crates/sim/src/authority/http_controls.rs has what. */
  authority: (control: string, fields: unknown) => Promise<unknown>;
};

/**
 * People of an organization, and a provider that takes accounts; or does not, when `enabled` is false. With
 * `organizations`, theirs too.
 */
export async function plan({ enabled = true, organizations = false } = {}): Promise<Plan> {
  const { ready, stop: stopDemo } = await demo();
  const directory = mkdtempSync(join(tmpdir(), "tollhouse-e2e-plan-"));
  const sim = ready.provider_url;
  const tables = `
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
`;
  const end = async () => {
    await stopDemo();
    rmSync(directory, { recursive: true, force: true });
  };
  const here = await serving(directory, tables).catch(async (error) => {
    await end();
    throw error;
  });
  const stop = async () => {
    await here.stop();
    await end();
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
    await authority("now", { seconds: Math.floor(Date.now() / 1000) });
    const { url, api } = here;
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
