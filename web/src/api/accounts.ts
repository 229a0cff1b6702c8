// Accounts: logins at providers, and signing in with them. Tokens go in and never out.

import { queryOptions } from "@tanstack/react-query";
import { client, type Schemas, taken } from "./client";
import { queries } from "./queries";

export type Account = Schemas["Account"];
export type SignInBegun = Schemas["SignInBegun"];
export type SignInView = Schemas["SignInView"];
export type Flow = "device" | "browser";

/** One window of a plan, as the document leaves it open. */
export type Window = { used_percent: number; minutes?: number; resets_at?: string };

const MOST = 1000;
const FRESH_MS = 10_000;
/** They rest, come back and are renewed by themselves. */
const AGAIN_MS = 20_000;

export function accounts() {
  return queryOptions({
    queryKey: ["accounts"],
    queryFn: ({ signal }) =>
      taken(client.GET("/api/v1/accounts", { params: { query: { limit: MOST } }, signal })),
    staleTime: FRESH_MS,
    refetchInterval: AGAIN_MS,
  });
}

/** Which login is wanted, and whose it will be: one's own unless an organization is named. */
export type Wanted = { provider: string; name: string; owner?: string };

export function beginSignIn(wanted: Wanted, flow: Flow): Promise<SignInBegun> {
  return taken(client.POST("/api/v1/accounts/login", { body: { ...wanted, flow } }));
}

/** How an attempt stands. Asking is what goes on with it. */
export async function askSignIn(id: string): Promise<SignInView> {
  const params = { path: { id } };
  return ended(await taken(client.GET("/api/v1/accounts/login/{id}", { params })));
}

/** Hands in the address that a browser came back to. */
export async function finishSignIn(id: string, callback_url: string): Promise<SignInView> {
  const params = { path: { id } };
  const body = { callback_url };
  return ended(await taken(client.POST("/api/v1/accounts/login/{id}/code", { params, body })));
}

export function cancelSignIn(id: string): Promise<unknown> {
  return taken(client.DELETE("/api/v1/accounts/login/{id}", { params: { path: { id } } }));
}

function ended(view: SignInView): SignInView {
  if (view.state === "done") changed();
  return view;
}

/** Takes over what a Codex `auth.json` holds, with the consent of whoever brings it. */
export function importAccount(
  wanted: Wanted,
  text: string,
  consent: boolean,
): Promise<Schemas["Imported"]> {
  // An object or its text: the document knows the first alone.
  const auth_json = text as unknown as Record<string, never>;
  const body = { ...wanted, auth_json, consent };
  return changing(client.POST("/api/v1/accounts/import", { body }));
}

export function pauseAccount(id: string): Promise<Account> {
  return changing(client.POST("/api/v1/accounts/{id}/pause", { params: { path: { id } } }));
}

export function resumeAccount(id: string): Promise<Account> {
  return changing(client.POST("/api/v1/accounts/{id}/resume", { params: { path: { id } } }));
}

/** Ends a rest before its time. */
export function wakeAccount(id: string): Promise<Account> {
  return changing(client.POST("/api/v1/accounts/{id}/wake", { params: { path: { id } } }));
}

/** Renews its tokens now. */
export function refreshAccount(id: string): Promise<Account> {
  return changing(client.POST("/api/v1/accounts/{id}/refresh", { params: { path: { id } } }));
}

export function removeAccount(id: string): Promise<unknown> {
  return changing(client.DELETE("/api/v1/accounts/{id}", { params: { path: { id } } }));
}

/** The answer to a change, after which states are asked again. */
async function changing<T>(answer: Parameters<typeof taken<T>>[0]): Promise<T> {
  const done = await taken(answer);
  changed();
  return done;
}

function changed(): void {
  void queries.invalidateQueries({ queryKey: ["accounts"] });
  // They are credentials too.
  void queries.invalidateQueries({ queryKey: ["credentials"] });
}
