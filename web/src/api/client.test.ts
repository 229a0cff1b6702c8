import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiFailure, client, taken } from "./client";
import { server } from "./reachable";
import { type Me, session } from "./session";

const asked = vi.fn<(request: Request) => Promise<Response>>();

function me(csrf: string): Me {
  return { acts_as: "operator", admin: true, scope: "admin", csrf };
}

function json(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json" },
  });
}

const REFUSED = { error: { code: "unauthorized", message: "A token is needed." } };
const change = () => taken(client.POST("/api/v1/orgs", { body: { name: "new" } }));

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", asked);
  asked.mockReset();
  session.closed();
});
afterEach(async () => {
  // A server that a test lost is there again for the next one.
  asked.mockImplementation(async () => new Response("ok"));
  await vi.advanceTimersByTimeAsync(10_000);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("what a session's end interrupts is sent again, whole, once somebody has signed in", async () => {
  const sent: (string | null)[][] = [];
  asked.mockImplementation(async (request) => {
    sent.push([request.headers.get("x-csrf-token"), await request.text()]);
    return sent.length === 1 ? json(401, REFUSED) : json(201, { id: "org_1" });
  });
  session.opened(me("old"));
  const made = change();
  await vi.waitFor(() => expect(session.state.get().is).toBe("expired"));
  expect(sent).toHaveLength(1);
  session.opened(me("new"));
  expect(await made).toEqual({ id: "org_1" });
  expect(sent).toEqual([
    ["old", '{"name":"new"}'],
    ["new", '{"name":"new"}'],
  ]);
});

test("without a session a 401 is an answer", async () => {
  asked.mockImplementation(async () => json(401, REFUSED));
  await expect(change()).rejects.toMatchObject({ status: 401, code: "unauthorized" });
});

test("what only looks sends no proof that it was meant", async () => {
  asked.mockImplementation(async () => json(200, { data: [], next: null }));
  session.opened(me("proof"));
  await taken(client.GET("/api/v1/orgs"));
  expect(asked.mock.calls[0]?.[0].headers.has("x-csrf-token")).toBe(false);
});

test("a refusal says which field it is about", async () => {
  const error = { code: "invalid_request", message: "Too long.", field: "name" };
  asked.mockImplementation(async () => json(400, { error }));
  const failure = await change().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ApiFailure);
  expect(failure).toMatchObject({ status: 400, field: "name", message: "Too long." });
});

test("what a proxy answers in between is a failure with its status", async () => {
  asked.mockImplementation(async () => new Response("<h1>Bad gateway</h1>", { status: 502 }));
  await expect(change()).rejects.toMatchObject({ status: 502, code: "unknown" });
});

test("a server that is gone is asked after until it is back, and everybody is told once", async () => {
  const back = vi.fn();
  const forget = server.onBack(back);
  asked.mockRejectedValue(new TypeError("failed to fetch"));
  await expect(change()).rejects.toMatchObject({ status: 0, code: "unreachable" });
  expect(server.gone.get()).toBe(true);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(server.gone.get()).toBe(true);
  asked.mockImplementation(async () => new Response("ok"));
  await vi.advanceTimersByTimeAsync(2000);
  expect(server.gone.get()).toBe(false);
  expect(back).toHaveBeenCalledOnce();
  forget();
});
