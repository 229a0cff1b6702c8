import { expect, test } from "vitest";
import type { Key } from "../../api/keys";
import type { DryRun, Provider } from "../../api/routing";
import type { Me } from "../../api/session";
import { cureOf, protocolOf } from "./foreseen";
import { CLIENTS } from "./snippets";

function said(status: number | undefined, ...names: string[]): DryRun {
  const targets = names.map((provider) => ({ provider }));
  const refusal = { status: status ?? 0, kind: "k", message: "m", body: "{}" };
  return {
    route: { model: "m", targets, managed: false },
    targets: [],
    left_out: [],
    ...(status && { refusal }),
  } as DryRun;
}

/** As the control plane sends them: what takes accounts takes keys, too. */
const PROVIDERS = [
  { name: "keys", credentials: [{ kind: "api_key" }] },
  {
    name: "plan",
    credentials: [{ kind: "oauth_account", authority: "codex" }, { kind: "api_key" }],
  },
  {
    name: "blocked",
    credentials: [{ kind: "oauth_account", missing: "It needs a client id." }, { kind: "api_key" }],
  },
  { name: "none", credentials: [] },
] as unknown as Provider[];

const ALL = { client: false, user: true, org: true, platform: true };

function key(more: object): Key {
  return { id: "key_1", owner: "user_1", credentials: ALL, ...more } as unknown as Key;
}

function me(role: string, admin = false): Me {
  const orgs = [{ id: "org_1", name: "o", role }];
  return { admin, scope: "admin", user: { id: "user_1", orgs } } as unknown as Me;
}

const cure = (dry: DryRun, of = key({}), who = me("member")) => cureOf(dry, of, PROVIDERS, who);

test("where a key lacks something to draw on, it is said where that is given", () => {
  expect(cure(said(424, "keys"))).toEqual({ page: "credentials", provider: "keys", of: "me" });
  expect(cure(said(424, "plan"))).toEqual({ page: "accounts", provider: "plan" });
  expect(cure(said(424, "plan", "keys"))?.page).toBe("accounts");
  expect(cure(said(424, "none", "keys", "plan"))?.page).toBe("credentials");
  expect(cure(said(424, "blocked"))).toEqual({
    page: "credentials",
    provider: "blocked",
    of: "me",
  });
  expect(cure(said(424, "none", "gone"))).toBeUndefined();
  expect(cure(said(424, "keys", "plan"), key({ providers: ["plan"] }))?.page).toBe("accounts");
});

test("nothing is said where that would not help, or is not theirs to give", () => {
  expect(cure(said(undefined, "keys"))).toBeUndefined();
  expect(cure(said(403, "keys"))).toBeUndefined();
  const shared = key({ owner: null, org: "org_1" });
  expect(cure(said(424, "keys"), shared)).toBeUndefined();
  // Of the key's organization, whichever is looked at; and nobody signs in for others.
  for (const provider of ["keys", "plan"]) {
    expect(cure(said(424, provider), shared, me("admin"))).toEqual({
      page: "credentials",
      provider,
      of: "org",
      org: "org_1",
    });
  }
  const lent = key({ owner: null, credentials: { ...ALL, user: false, org: false } });
  expect(cure(said(424, "keys"), lent)).toBeUndefined();
  expect(cure(said(424, "keys"), lent, me("owner", true))).toMatchObject({ of: "platform" });
});

test("every client speaks one protocol of a model", () => {
  const spoken = CLIENTS.map(([client]) => protocolOf(client, "claude-sonnet-5"));
  expect(spoken).toEqual([
    "messages",
    "responses",
    "messages",
    "chat",
    "messages",
    "messages",
    "chat",
    "chat",
    "messages",
  ]);
  expect(protocolOf("opencode", "gpt-5")).toBe("responses");
  expect(protocolOf("opencode", "sim-echo")).toBe("chat");
});
