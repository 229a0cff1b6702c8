import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, browser, open, PHONE, portray, settled, signIn, unharmed } from "./browser";
import { HOSTILE, type World, world } from "./gateway";

const MANY = 100_000;

let chromium: Browser;
let here: World;

beforeAll(async () => {
  [chromium, here] = await Promise.all([browser(), world(MANY)]);
});
afterAll(async () => {
  await chromium?.close();
  await here?.stop();
});

test("a hundred thousand calls scroll, and few of them are drawn", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, "calls");
  const rows = page.getByRole("table", { name: "Calls" }).getByRole("row");
  await rows.nth(5).waitFor();
  await portray(page, "calls");
  // Down and down, until rows are in sight that came with later parts.
  await page.waitForFunction(() => {
    window.scrollTo(0, document.documentElement.scrollHeight);
    const drawn = [...document.querySelectorAll("[aria-rowindex]")];
    return drawn.some((row) => Number(row.ariaRowIndex) > 500);
  });
  expect(await rows.count()).toBeLessThan(100);
  await context.close();
  expect(faults).toEqual([]);
});

test("filters stand in the address, and what they find is only that", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, "calls");
  const outcome = page.getByLabel("Outcome");
  await outcome.focus();
  await outcome.locator("option", { hasText: "refused" }).waitFor({ state: "attached" });
  await outcome.selectOption("refused");
  await page.waitForURL((url) => url.searchParams.get("outcome") === "refused");
  await settled(page);
  const cells = page.getByRole("cell", { name: /^(success|refused|upstream error|client left)$/ });
  await cells.first().waitFor();
  expect(new Set(await cells.allTextContents())).toEqual(new Set(["refused"]));
  // Why stands in the row: nobody has to open the call for that.
  await page.getByRole("cell", { name: "429 rate_limited: 60 requests" }).first().waitFor();
  // The same address shows the same, and a way back.
  await page.reload();
  await settled(page);
  expect(await page.getByLabel("Outcome").inputValue()).toBe("refused");
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByRole("cell", { name: "success" }).first().waitFor();
  expect(new URL(page.url()).search).toBe("");
  const status = page.getByLabel("Status");
  await status.focus();
  await status.locator("option", { hasText: "529" }).waitFor({ state: "attached" });
  await status.selectOption("529");
  await page.getByRole("cell", { name: "529 overloaded" }).first().waitFor();
  await settled(page);
  expect(new Set(await cells.allTextContents())).toEqual(new Set(["upstream error"]));
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByRole("cell", { name: "success" }).first().waitFor();
  await outcome.selectOption("unsuccessful");
  await page.waitForURL((url) => url.searchParams.get("outcome") === "unsuccessful");
  await settled(page);
  await cells.first().waitFor();
  expect(await cells.allTextContents()).not.toContain("success");
  await page.getByLabel("Fallback").selectOption("server_error");
  await page.getByText("No call passes these filters").waitFor();
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByRole("cell", { name: "success" }).first().waitFor();
  await page.getByLabel("Tag").fill("repo=billing");
  await page.keyboard.press("Enter");
  await page.getByLabel("Cost at least").fill("$0.20");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.searchParams.get("min_cost_usd") === '"0.20"');
  await settled(page);
  const { data } = await here.api<{ data: { id: string }[] }>(
    "GET",
    "/calls?tag=repo%3Dbilling&min_cost_usd=0.20&limit=1",
  );
  expect(await page.getByRole("cell").getByRole("link").first().getAttribute("href")).toContain(
    data[0]?.id,
  );
  await page.getByLabel("Tag").fill("nonsense");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
  await page.goto(`${here.url}/dashboard/calls?model=no-such-model`);
  await page.getByText("No call passes these filters").waitFor();
  await portray(page, "calls-none");
  await context.close();
  expect(faults).toEqual([]);
});

test("what passes the filters is taken along as a file", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, "calls?outcome=refused&tag=repo%3Dbilling");
  await page.getByRole("cell", { name: "refused" }).first().waitFor();
  const take = async (name: string) => {
    const started = page.waitForEvent("download");
    await page.getByRole("link", { name }).click();
    const file = await started;
    return { name: file.suggestedFilename(), text: readFileSync(await file.path(), "utf8") };
  };
  const query = "calls?outcome=refused&tag=repo%3Dbilling&limit=1000";
  const { data } = await here.api<{ data: { id: string }[] }>("GET", `/${query}`);
  const csv = await take("Export CSV");
  expect(csv.name).toMatch(/\.csv$/);
  expect(csv.text.trim().split("\n").length).toBe(data.length + 1);
  const lines = (await take("Export JSON lines")).text.trim().split("\n");
  expect(lines.map((line) => JSON.parse(line).id)).toEqual(data.map(({ id }) => id));
  await context.close();
  expect(faults).toEqual([]);
});

test("a call shows how its cost came about", async () => {
  const { page, context, faults } = await open(chromium);
  const { data } = await here.api<{ data: { id: string; cost_usd: string }[] }>(
    "GET",
    "/calls?model=claude-sonnet-4-5&outcome=success&limit=1",
  );
  const call = data[0];
  await signIn(page, here, here.people.owner, `calls/${call?.id}`);
  await page.getByRole("heading", { name: "Tokens and cost" }).waitFor();
  await settled(page);
  // The catalog has this model's price, and the seed used it.
  await page.getByText("× 15").waitFor();
  expect(await page.getByText("The price has changed since this call").count()).toBe(0);
  expect(await page.getByTitle(`$${call?.cost_usd}`).count()).toBe(1);
  await portray(page, "call");
  await context.close();
  expect(faults).toEqual([]);
});

test("a call that went elsewhere, translated, says why, what it lost, and what its answer said", async () => {
  const { page, context, faults } = await open(chromium);
  // The first target is not there; the second speaks another protocol.
  const nowhere = { endpoints: { messages: "http://127.0.0.1:9" }, auth: "none", open: true };
  await here.api("PUT", "/providers/nowhere", nowhere);
  const targets = [
    { provider: "nowhere" },
    { provider: "sim", model: "sim-coder", protocol: "chat" },
  ];
  await here.api("PUT", "/routes", { data: [{ model: "elsewhere", targets }] });
  const body = { name: "elsewhere", org: here.orgs[0]?.id, credentials: { platform: true } };
  const key = await here.api<{ secret: string }>("POST", "/keys", body);
  const response = await fetch(`${here.url}/v1/messages`, {
    method: "POST",
    headers: { "x-api-key": key.secret, "anthropic-version": "2023-06-01" },
    body: JSON.stringify({
      model: "elsewhere",
      max_tokens: 64,
      top_k: 5,
      messages: [{ role: "user", content: "hello" }],
    }),
  });
  await response.text();
  const ours = [...response.headers].filter(([name]) => name.startsWith("x-tollhouse-"));
  expect(Object.fromEntries(ours)).toMatchObject({
    "x-tollhouse-mode": "translated",
    "x-tollhouse-provider": "sim",
    "x-tollhouse-loss": expect.stringContaining("top_k"),
    "x-tollhouse-fallback": expect.any(String),
  });
  await signIn(page, here, here.people.root, `calls/${response.headers.get("x-tollhouse-call")}`);
  await page.getByText("nowhere could not be reached; another was asked").waitFor();
  await page.getByText("Sent to sim, asked for sim-coder, 2 attempts").waitFor();
  await page.getByText(/^Tried elsewhere for/).waitFor();
  await page.getByText("messages to chat").waitFor();
  await page.getByText("Lost in translation").waitFor();
  const added = await page.getByRole("region", { name: "Headers we added" }).last().textContent();
  // Word for word what the client got.
  const lines = (added ?? "").trim().split("\n");
  expect(lines.sort()).toEqual(ours.map(([name, value]) => `${name}: ${value}`).sort());
  await portray(page, "call-elsewhere");
  await page.getByRole("link", { name: "elsewhere", exact: true }).click();
  await page.getByRole("heading", { name: "elsewhere" }).waitFor();
  // What it cost has more digits than most, and all of them are there.
  await page.goto(`${here.url}/dashboard/calls?model=elsewhere`);
  const cost = page.getByRole("cell", { name: /^\$0\.000\d/ }).first();
  await cost.waitFor();
  expect(await cost.evaluate((cell) => cell.scrollWidth - cell.clientWidth)).toBe(0);
  await context.close();
  // A refusal tells why, and says only which call it was.
  const refused = await here.api<{ data: { id: string; error: string }[] }>(
    "GET",
    "/calls?outcome=refused&limit=1",
  );
  const other = await open(chromium);
  await signIn(other.page, here, here.people.root, `calls/${refused.data[0]?.id}`);
  await other.page.getByText(/^Refused here, status 429/).waitFor();
  await portray(other.page, "call-refused");
  await other.context.close();
  expect([...faults, ...other.faults]).toEqual([]);
});

test("what people and models write is text", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, `calls?model=${encodeURIComponent(HOSTILE)}`);
  await page.getByRole("cell", { name: HOSTILE }).first().waitFor();
  await unharmed(page);
  await page.getByRole("row").nth(1).getByRole("link").click();
  await page.getByRole("heading", { name: "What happened" }).waitFor();
  await unharmed(page);
  await context.close();
  expect(faults).toEqual([]);
});

test("a call that is another organization's is not there, and says so", async () => {
  const { page, context } = await open(chromium, { viewport: PHONE });
  const research = here.orgs[1]?.id;
  const { data } = await here.api<{ data: { id: string }[] }>(
    "GET",
    `/calls?org=${research}&limit=1`,
  );
  await signIn(page, here, here.people.owner, `calls/${data[0]?.id}`);
  await page.getByRole("alert").getByText("There is no call with this id.").waitFor();
  await context.close();
});

test("what a call said is shown when it is asked for, and forgotten after a question", async () => {
  const { page, context, faults } = await open(chromium);
  const credentials = { platform: true };
  const body = { name: "kept", capture: "full", credentials, org: here.orgs[0]?.id };
  const key = await here.api<{ id: string; secret: string }>("POST", "/keys", body);
  const response = await fetch(`${here.url}/v1/messages`, {
    method: "POST",
    headers: { "x-api-key": key.secret, "anthropic-version": "2023-06-01" },
    body: JSON.stringify({
      model: "sim-echo",
      max_tokens: 64,
      stream: true,
      messages: [{ role: "user", content: HOSTILE }],
    }),
  });
  await response.text();
  const id = response.headers.get("x-tollhouse-call");
  await signIn(page, here, here.people.root, `calls/${id}`);
  await page.getByRole("button", { name: "Show" }).click();
  await page.getByText("The stream as it came").waitFor();
  await page.getByRole("region", { name: "The client" }).getByText("window.hacked").waitFor();
  await portray(page, "call-said");
  await unharmed(page);
  await page.getByRole("button", { name: "Forget" }).click();
  await page.getByRole("button", { name: "Forget" }).click();
  await page.getByRole("heading", { name: "What was said" }).waitFor({ state: "detached" });
  await context.close();
  expect(faults).toEqual([]);
});
