import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { queries } from "./queries";
import { isChanged, replaceRoutes, routes, routesTag } from "./routing";

const asked = vi.fn<(request: Request) => Promise<Response>>();

function json(status: number, body: unknown, tag?: string): Response {
  const headers = { "content-type": "application/json", ...(tag && { etag: tag }) };
  return new Response(JSON.stringify(body), { status, headers });
}

const route = (model: string) => ({ model, managed: false, targets: [{ provider: "sim" }] });
const CHANGED = { error: { code: "changed", message: "Somebody changed this." } };

beforeEach(() => {
  vi.stubGlobal("fetch", asked);
  asked.mockReset();
});
afterEach(() => {
  queries.clear();
  vi.unstubAllGlobals();
});

test("routes that somebody changed are not replaced: that is said, and they are read again", async () => {
  let held = { data: [route("a")], next: null as null };
  let tag = '"one"';
  const named: (string | null)[] = [];
  asked.mockImplementation(async (request) => {
    if (request.method === "GET") return json(200, held, tag);
    named.push(request.headers.get("if-match"));
    if (request.headers.get("if-match") !== tag) return json(412, CHANGED);
    return json(200, held, tag);
  });
  const read = await queries.fetchQuery(routes());
  expect(read).toEqual({ data: [route("a")], tag: '"one"' });
  held = { data: [route("a"), route("theirs")], next: null };
  tag = '"two"';
  const failure = await replaceRoutes([route("ours")], read.tag).catch((error) => error);
  expect(isChanged(failure)).toBe(true);
  expect(failure.message).toMatch(/^Somebody changed the routes/);
  // It has been read again: what is sent now holds against whoever changes it next.
  expect(routesTag()).toBe('"two"');
  const again = await queries.fetchQuery(routes());
  expect(again.data.map(({ model }) => model)).toEqual(["a", "theirs"]);
  await replaceRoutes([...again.data, route("ours")], again.tag);
  expect(named).toEqual(['"one"', '"two"']);
});

test("a tag that a proxy made a weak one names the same routes", async () => {
  const named: (string | null)[] = [];
  asked.mockImplementation(async (request) => {
    if (request.method !== "GET") named.push(request.headers.get("if-match"));
    return json(200, { data: [route("a")], next: null }, 'W/"one"');
  });
  const { tag } = await queries.fetchQuery(routes());
  await replaceRoutes([route("b")], tag);
  expect(named).toEqual(['"one"']);
});
