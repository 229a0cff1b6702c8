import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { ProxyInfo } from "../../api/clients";
import { connectSearch, likely } from "./search";
import { CLIENTS, PLACEHOLDER, quoted, snippets, UNSET } from "./snippets";

const URL_HERE = "https://gate.example.com";
const CONFIG = { provider: { tollhouse: { options: { baseURL: `${URL_HERE}/v1` }, models: {} } } };
const INFO: ProxyInfo = {
  url: URL_HERE,
  version: "0",
  capture: "off",
  protocols: [],
  paths: [],
  clients: [
    {
      client: "claude-code",
      env: { ANTHROPIC_AUTH_TOKEN: PLACEHOLDER, ANTHROPIC_BASE_URL: URL_HERE },
    },
    { client: "codex", env: { TOLLHOUSE_KEY: PLACEHOLDER }, args: ["-c", 'a="b"'] },
    {
      client: "opencode",
      env: { TOLLHOUSE_KEY: PLACEHOLDER, OPENCODE_CONFIG_CONTENT: JSON.stringify(CONFIG) },
    },
    { client: "anthropic-sdk", env: { ANTHROPIC_API_KEY: PLACEHOLDER } },
    { client: "openai-sdk", env: { OPENAI_API_KEY: PLACEHOLDER } },
  ],
};

test("what is taken out is what the gateway's own table takes out", () => {
  const table = readFileSync(new URL("../../../../catalog/agents.toml", import.meta.url), "utf8");
  for (const agent of table.split("[[agent]]").slice(1)) {
    const name = /^name = "(.+)"$/m.exec(agent)?.[1] ?? "";
    const list = /^unset = \[([^\]]*)\]/m.exec(agent)?.[1] ?? "";
    const names = [...list.matchAll(/"([^"]+)"/g)].map(([, variable]) => variable);
    if (INFO.clients.some(({ client }) => client === name))
      expect(UNSET[name], name).toEqual(names);
  }
});

test("no snippet sets two credentials of a vendor, and each has the secret at most once", () => {
  for (const [client] of CLIENTS) {
    const text = snippets(client, { info: INFO, secret: "th-secret", model: "claude-x" })
      .map((snippet) => snippet.text)
      .join("\n");
    expect(text.split("th-secret"), client).toHaveLength(2);
    expect(text, client).not.toContain(PLACEHOLDER);
    const sets = (name: string) => new RegExp(`export ${name}=`).test(text);
    expect(sets("ANTHROPIC_AUTH_TOKEN") && sets("ANTHROPIC_API_KEY"), client).toBe(false);
  }
  const [claude] = snippets("claude-code", { info: INFO, secret: "th-secret", model: "m" });
  expect(claude?.text).toContain("export ANTHROPIC_AUTH_TOKEN='th-secret'");
  expect(claude?.text).toMatch(/^unset ANTHROPIC_API_KEY /);
});

test("words of a shell stay words, and models are named as each client wants", () => {
  expect(quoted("it's $HOME")).toBe(`'it'\\''s $HOME'`);
  const text = (client: Parameters<typeof snippets>[0], model: string) =>
    snippets(client, { info: INFO, secret: undefined, model })[0]?.text ?? "";
  expect(text("codex", "gpt-5")).toContain(`codex \\\n  -c 'a="b"' \\\n  -c 'model="gpt-5"'`);
  const config = /CONTENT='(.*)'/.exec(text("opencode", "claude-x"))?.[1] ?? "";
  expect(JSON.parse(config)).toMatchObject({
    model: "tollhouse/claude-x",
    provider: {
      tollhouse: { models: { "claude-x": { provider: { npm: "@ai-sdk/anthropic" } } } },
    },
  });
});

test("an address names a client, a key and a model, and nothing else", () => {
  const search = { client: "codex", key: "key_1", model: "m" };
  expect(connectSearch({ ...search, secret: "th-1" })).toEqual(search);
  expect(connectSearch({ client: "x", key: 1 })).toEqual({});
  expect(likely("claude-code", ["gpt-5", "claude-sonnet-4", "claude-sonnet-4-5"])).toBe(
    "claude-sonnet-4-5",
  );
  expect(likely("codex", ["claude-x"])).toBe("claude-x");
});
