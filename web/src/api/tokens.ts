// Personal tokens: one's own, and those of whom one administers.

import { queryOptions } from "@tanstack/react-query";
import { client, type Schemas, taken } from "./client";
import { queries } from "./queries";

export type Token = Schemas["Token"];
export type NewToken = Schemas["NewToken"];
export type CreatedToken = Schemas["CreatedToken"];

/** Whose tokens: a user's by id, or one's own. */
export type Holder = string | "me";

const MOST = 1000;

export function tokens(of: Holder) {
  return queryOptions({
    queryKey: ["tokens", of],
    queryFn: ({ signal }) => {
      const query = { limit: MOST };
      return of === "me"
        ? taken(client.GET("/api/v1/me/tokens", { params: { query }, signal }))
        : taken(
            client.GET("/api/v1/users/{id}/tokens", {
              params: { path: { id: of }, query },
              signal,
            }),
          );
    },
  });
}

export function createToken(of: Holder, body: NewToken): Promise<CreatedToken> {
  return changing(
    of === "me"
      ? client.POST("/api/v1/me/tokens", { body })
      : client.POST("/api/v1/users/{id}/tokens", { params: { path: { id: of } }, body }),
  );
}

export function revokeToken(of: Holder, token: string): Promise<unknown> {
  return changing(
    of === "me"
      ? client.DELETE("/api/v1/me/tokens/{token}", { params: { path: { token } } })
      : client.DELETE("/api/v1/users/{id}/tokens/{token}", {
          params: { path: { id: of, token } },
        }),
  );
}

/** The present one is asked for too: whoever found a session open does not have it. */
export function changePassword(current: string, password: string): Promise<unknown> {
  return taken(client.PUT("/api/v1/me/password", { body: { current, new: password } }));
}

async function changing<T>(answer: Parameters<typeof taken<T>>[0]): Promise<T> {
  const done = await taken(answer);
  await queries.invalidateQueries({ queryKey: ["tokens"] });
  return done;
}
