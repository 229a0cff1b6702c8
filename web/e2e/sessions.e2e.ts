import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, browser, open, portray, settled, signIn, unharmed } from "./browser";
import { HOSTILE, type World, world } from "./gateway";

let chromium: Browser;
let here: World;

beforeAll(async () => {
  [chromium, here] = await Promise.all([browser(), world()]);
});
afterAll(async () => {
  await chromium?.close();
  await here?.stop();
});

type Listed = { data: { id: string; name?: string; calls: number }[] };

/** The longest conversation of a model. */
async function longest(model: string): Promise<string | undefined> {
  const { data } = await here.api<Listed>("GET", `/sessions?model=${model}&limit=200`);
  return data.sort((a, b) => b.calls - a.calls)[0]?.id;
}

test("conversations are listed, and one shows its turns, sub-agents and cache breaks", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, "sessions");
  await page.getByRole("table", { name: "Sessions" }).getByRole("row").nth(3).waitFor();
  await portray(page, "sessions");
  await page.goto(`${here.url}/dashboard/sessions/${await longest("claude-opus-4-5")}`);
  const turns = page.getByRole("table", { name: "Turns" });
  await turns.getByRole("link", { name: "Turn 1", exact: true }).waitFor();
  await page.getByRole("region", { name: "Sub-agents" }).getByText("agent-1").waitFor();
  await portray(page, "session");
  // Where the cache broke is found at once.
  const all = await page.getByRole("button", { name: /^All \d+$/ }).textContent();
  await page.getByRole("button", { name: /^Cache broke \d+$/ }).click();
  await page.waitForURL((url) => url.searchParams.get("only") === "breaks");
  const notes = turns.getByRole("cell", { name: /^cache broke/ });
  await notes.first().waitFor();
  await expect
    .poll(async () => (await turns.getByRole("row").count()) - (await notes.count()))
    .toBe(1);
  await portray(page, "session-breaks");
  await page.getByRole("button", { name: all ?? "" }).click();
  await page.waitForURL((url) => !url.searchParams.has("only"));
  await turns.getByRole("link", { name: "Turn 2", exact: true }).click();
  await page.getByRole("heading", { name: "What happened" }).waitFor();
  await page.goBack();
  await turns.getByRole("link", { name: "Turn 2", exact: true }).waitFor();
  await context.close();
  expect(faults).toEqual([]);
});

test("sub-agents are a tree, with what each cost and what it cost with those below, and their names are text", async () => {
  const key = await here.api<{ secret: string }>("POST", "/keys", {
    name: "tree",
    credentials: { platform: true },
    org: here.orgs[0]?.id,
  });
  const call = async (agent?: string, kind?: string, parent?: string) => {
    const response = await fetch(`${here.url}/v1/messages`, {
      method: "POST",
      headers: {
        "x-api-key": key.secret,
        "anthropic-version": "2023-06-01",
        "x-tollhouse-session": "tree",
        ...(agent && { "x-claude-code-agent-id": agent }),
        ...(kind && { "x-claude-code-agent-type": kind }),
        ...(parent && { "x-claude-code-parent-agent-id": parent }),
      },
      body: JSON.stringify({
        model: "sim-echo",
        max_tokens: 16,
        messages: [{ role: "user", content: "hi" }],
      }),
    });
    await response.text();
    return response.headers.get("x-tollhouse-call") ?? "";
  };
  await call();
  await call(HOSTILE, "Explore");
  await call("nested", HOSTILE, HOSTILE);
  await call("nested", HOSTILE, HOSTILE);
  // Nobody knows its parent.
  const last = await call("stray", "Plan", "gone");
  const path = async () => {
    const { data } = await here.api<Listed>("GET", "/sessions?limit=20");
    return data.find(({ name, calls }) => name === "tree" && calls === 5)?.id;
  };
  await expect.poll(path).toBeTruthy();
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, `sessions/${await path()}`);
  const agents = page.getByRole("region", { name: "Sub-agents" });
  const cells = async (row: number) =>
    (await agents.getByRole("row").nth(row).getByRole("cell").allTextContents()).map((text) =>
      text.trim(),
    );
  await agents.getByRole("row").nth(4).waitFor();
  expect((await cells(1))[0]).toBe("The conversation itself");
  expect((await cells(1))[5]).toMatch(/^5 calls, /);
  expect((await cells(2)).slice(0, 2)).toEqual([`Explore ${HOSTILE}`, "1"]);
  expect((await cells(2))[5]).toMatch(/^3 calls, /);
  expect((await cells(3)).slice(0, 2)).toEqual([`${HOSTILE} nested`, "2"]);
  expect((await cells(3))[5]).toBe("–");
  expect((await cells(4)).slice(0, 2)).toEqual(["Plan stray", "1"]);
  await agents.getByTitle("level 2").getByText("nested").waitFor();
  await unharmed(page);
  await portray(page, "session-tree");
  await page.goto(`${here.url}/dashboard/calls/${last}`);
  await page.getByText("Plan stray").waitFor();
  await page.getByText("gone").waitFor();
  await context.close();
  expect(faults).toEqual([]);
});

test("names that clients give conversations are text", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, `sessions?model=${encodeURIComponent(HOSTILE)}`);
  await page.getByRole("link", { name: HOSTILE }).first().click();
  await page.getByRole("heading", { name: "Turns" }).waitFor();
  await settled(page);
  await unharmed(page);
  await context.close();
  expect(faults).toEqual([]);
});

type Answer = { content: { type: string; id?: string; text?: string }[] };

/** A conversation whose every word is hostile, kept: a tool is called, fails, and history is rewritten. */
async function hostileTalk(): Promise<string> {
  const credentials = { platform: true };
  const body = { name: "talk", capture: "full", credentials, org: here.orgs[0]?.id };
  const key = await here.api<{ secret: string }>("POST", "/keys", body);
  const say = async (model: string, messages: unknown[], headers: Record<string, string> = {}) => {
    const response = await fetch(`${here.url}/v1/messages`, {
      method: "POST",
      headers: {
        "x-api-key": key.secret,
        "anthropic-version": "2023-06-01",
        "x-tollhouse-session": "talk",
        ...headers,
      },
      body: JSON.stringify({
        model,
        max_tokens: 64,
        system: `You are ${HOSTILE}`,
        tools: [{ name: "Read", input_schema: { type: "object", properties: {} } }],
        messages,
      }),
    });
    const answer = (await response.json()) as Answer;
    return { answer, call: response.headers.get("x-tollhouse-call") ?? "" };
  };
  const image = {
    type: "base64",
    media_type: "image/png",
    data: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  };
  const user = {
    role: "user",
    content: [
      { type: "text", text: `Look at this: ${HOSTILE}` },
      { type: "image", source: image },
    ],
  };
  const { answer } = await say("sim-tool", [user]);
  const called = answer.content.find(({ type }) => type === "tool_use");
  const failed = { type: "tool_result", tool_use_id: called?.id, is_error: true, content: HOSTILE };
  const result = { role: "user", content: [failed] };
  await say("sim-echo", [user, { role: "assistant", content: answer.content }, result]);
  await say("sim-echo", [{ role: "user", content: "Beside" }], {
    "x-claude-code-agent-id": "agent-<b>1",
  });
  const used = { type: "tool_use", id: "toolu_x", name: HOSTILE, input: { path: HOSTILE } };
  const done = { type: "tool_result", tool_use_id: "toolu_x", content: HOSTILE };
  // The provider refuses such a name, and that is shown, too.
  const { call } = await say("sim-echo", [
    user,
    { role: "assistant", content: [used] },
    { role: "user", content: [done] },
  ]);
  for (;;) {
    // What calls say is stored a moment after they end.
    const found = await here.api("GET", `/calls/${call}/capture`).catch(() => undefined);
    if (found) break;
  }
  const { session } = await here.api<{ session: string }>("GET", `/calls/${call}`);
  return session;
}

test("what was said in a session is shown turn by turn, folded, and as text", async () => {
  const session = await hostileTalk();
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, `sessions/${session}`);
  await page.getByRole("button", { name: "Transcript" }).click();
  await page.waitForURL((url) => url.searchParams.get("tab") === "transcript");
  // Nothing is read, and noted, before somebody asks.
  expect(await page.getByText("Tools used").count()).toBe(0);
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await page.getByText("History rewritten here").waitFor();
  const turns = page.getByRole("list").filter({ hasText: "Look at this" }).getByRole("listitem");
  expect(await turns.count()).toBe(4);
  // Each turn once, however often it was sent: an image is only in the first.
  expect(await page.getByText("image/png").count()).toBe(1);
  await page.getByText("agent-<b>1").last().waitFor();
  const tools = page.getByRole("region", { name: "Tools used" });
  const row = tools.getByRole("row").filter({ hasText: "Read" });
  expect(await row.getByRole("cell").allTextContents()).toEqual(["Read", "1", "1"]);
  await portray(page, "transcript");
  const folded = page.locator("details");
  for (let at = 0; at < (await folded.count()); at++)
    await folded.nth(at).locator("summary").click();
  await page.getByText("You are").waitFor();
  await portray(page, "transcript-open");
  await unharmed(page);
  await context.close();
  expect(faults).toEqual([]);
});

/** A conversation of which a request came longer than what is kept of it. */
async function longTalk(): Promise<string> {
  const credentials = { platform: true };
  const body = { name: "long talk", capture: "full", credentials, org: here.orgs[0]?.id };
  const key = await here.api<{ secret: string }>("POST", "/keys", body);
  const said = (role: string, content: string) => ({ role, content });
  const response = await fetch(`${here.url}/v1/messages`, {
    method: "POST",
    headers: {
      "x-api-key": key.secret,
      "anthropic-version": "2023-06-01",
      "x-tollhouse-session": "long",
    },
    body: JSON.stringify({
      model: "sim-coder",
      max_tokens: 64,
      messages: [
        said("user", "Read the log"),
        said("assistant", "Which one?"),
        said("user", "All of it: ".padEnd(1_200_000, "x")),
      ],
    }),
  });
  const call = response.headers.get("x-tollhouse-call") ?? "";
  await response.text();
  for (;;) {
    const found = await here.api("GET", `/calls/${call}/capture`).catch(() => undefined);
    if (found) break;
  }
  const { session } = await here.api<{ session: string }>("GET", `/calls/${call}`);
  return session;
}

test("of a request that was too long to be kept whole, what came before the cut is shown", async () => {
  const session = await longTalk();
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, `sessions/${session}?tab=transcript`);
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await page.getByText("Which one?").waitFor();
  await page.getByText(/The request was cut here: 2 turns whole, 1.05 MB of 1.2 MB kept/).waitFor();
  await portray(page, "transcript-cut");
  await context.close();
  expect(faults).toEqual([]);
});

test("a transcript that nobody kept, or that is not for everybody, says so", async () => {
  const { page, context, faults } = await open(chromium);
  const seeded = await longest("claude-opus-4-5");
  await signIn(page, here, here.people.root, `sessions/${seeded}?tab=transcript`);
  await page.getByText("Nothing is kept of what was said here").waitFor();
  await portray(page, "transcript-none");
  await context.close();
  const session = await hostileTalk();
  const other = await open(chromium);
  await signIn(other.page, here, here.people.viewer, `sessions/${session}?tab=transcript`);
  await other.page.getByText("administrators may read them").waitFor();
  expect(await other.page.getByRole("button", { name: "Show", exact: true }).count()).toBe(0);
  await other.context.close();
  expect([...faults, ...other.faults]).toEqual([]);
});
