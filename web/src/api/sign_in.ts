// Signing in and out.

import { queryOptions } from "@tanstack/react-query";
import { ApiFailure, client, plainly, type Schemas, taken } from "./client";
import { type Me, session } from "./session";

/** What proves who somebody is. */
export type Proof = { email: string; password: string } | { token: string };

/** Where single sign-on begins, and comes back to. */
export function ssoStart(next: string): string {
  return `/oidc/start?next=${encodeURIComponent(next)}`;
}

/** Which ways in there are. */
export function ways() {
  return queryOptions({
    queryKey: ["ways"],
    queryFn: () => taken<Schemas["Ways"]>(client.GET("/api/v1/session/ways", plainly)),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/**
 * Asks who is signed in; nobody is no error. An address that ends in `#token=` brings the administrator's
 * token: it is exchanged for a session, and does not stay where it can be seen.
 */
export async function recall(): Promise<void> {
  const brought = new URLSearchParams(location.hash.slice(1)).get("token");
  if (brought) history.replaceState(history.state, "", location.pathname + location.search);
  try {
    if (brought) await signIn({ token: brought });
    else session.opened(await whoAmI());
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.status !== 401) throw error;
    session.closed();
  }
}

function whoAmI(): Promise<Me> {
  return taken(client.GET("/api/v1/me", plainly));
}

/** Opens a session. True when somebody else is signed in than before. */
export async function signIn(proof: Proof): Promise<boolean> {
  const before = session.state.get();
  await taken(client.POST("/api/v1/session", { body: proof, ...plainly }));
  const me = await whoAmI();
  const other = "me" in before && before.me.user?.id !== me.user?.id;
  session.opened(me);
  return other;
}

export async function signOut(): Promise<void> {
  await taken(client.DELETE("/api/v1/session"));
  session.closed();
}
