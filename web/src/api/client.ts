// The one way to the control plane: who asks, what went wrong, and what to do when the session has
// ended or the server is gone. Nothing outside src/api knows a URL.

import createClient from "openapi-fetch";
import { server } from "./reachable";
import type { components, paths } from "./schema";
import { session } from "./session";

export type Schemas = components["schemas"];

/** A refusal of the control plane, or none of its answers at all. */
export class ApiFailure extends Error {
  constructor(
    /** The HTTP status; 0 when nobody answered. */
    readonly status: number,
    /** One of the control plane's words. */
    readonly code: string,
    message: string,
    /** The field of a form that it is about. */
    readonly field: string | undefined,
  ) {
    super(message);
    this.name = "ApiFailure";
  }
}

/** Whether asking again later may help, without anybody changing anything. */
export function isPassing(error: unknown): boolean {
  return error instanceof ApiFailure && (error.status === 0 || error.status >= 502);
}

const SAFE = new Set(["GET", "HEAD"]);

/** Sends a request; asks who is there to sign in again when the session has ended, and goes on. */
async function send(request: Request): Promise<Response> {
  for (;;) {
    const attempt = request.clone();
    const csrf = session.csrf();
    if (!SAFE.has(request.method) && csrf) attempt.headers.set("x-csrf-token", csrf);
    const response = await reach(attempt);
    if (response.status !== 401 || !session.isOpen()) return response;
    await session.renewal();
  }
}

async function reach(request: Request): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(request);
  } catch (error) {
    // Somebody went on to another page: nothing is wrong.
    if (request.signal.aborted) throw error;
    server.lost();
    throw new ApiFailure(0, "unreachable", "The server does not answer.", undefined);
  }
  if (response.status >= 502 && response.status <= 504) server.lost();
  return response;
}

export const client = createClient<paths>({
  baseUrl: globalThis.location?.origin ?? "http://localhost",
  fetch: send,
});

/** For requests to which a 401 is an answer, and not the end of a session. */
export const plainly = { fetch: reach };

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** What was answered, or an `ApiFailure`. */
export async function taken<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer;
  if (response.ok) return data as T;
  throw failure(response.status, error);
}

/** The control plane's error envelope, or what a proxy in between made of it. */
export function failure(status: number, body: unknown): ApiFailure {
  const detail = (body as Partial<Schemas["ErrorBody"]> | undefined)?.error;
  const code = detail?.code ?? "unknown";
  const message = detail?.message ?? `The server answered with status ${status}.`;
  return new ApiFailure(status, code, message, detail?.field ?? undefined);
}
