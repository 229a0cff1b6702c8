// Signing in and out.

import { ApiFailure, client, plainly, taken } from "./client";
import { type Me, session } from "./session";

/** Asks who is signed in; nobody is no error. */
export async function recall(): Promise<void> {
  try {
    session.opened(await whoAmI());
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.status !== 401) throw error;
    session.closed();
  }
}

function whoAmI(): Promise<Me> {
  return taken(client.GET("/api/v1/me", plainly));
}

/** Opens a session. True when somebody else is signed in than before. */
export async function signIn(email: string, password: string): Promise<boolean> {
  const before = session.state.get();
  await taken(client.POST("/api/v1/session", { body: { email, password }, ...plainly }));
  const me = await whoAmI();
  const other = "me" in before && before.me.user?.id !== me.user?.id;
  session.opened(me);
  return other;
}

export async function signOut(): Promise<void> {
  await taken(client.DELETE("/api/v1/session"));
  session.closed();
}
