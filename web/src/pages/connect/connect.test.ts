import { expect, test } from "vitest";
import type { ProxyInfo } from "../../api/clients";
import { connectSearch, likely } from "./search";
import { quoted, SHELLS, setting, unsetting } from "./shells";
import { CLIENTS, keepsLogin, PLACEHOLDER, snippets } from "./snippets";

const URL_HERE = "https://gate.example.com";
const CONFIG = { provider: { tollhouse: { options: { baseURL: `${URL_HERE}/v1` }, models: {} } } };
const INFO: ProxyInfo = {
  url: URL_HERE,
  version: "0",
  capture: "off",
  own_credentials: "any",
  protocols: [],
  paths: [],
  clients: [
    {
      client: "claude-code",
      env: { ANTHROPIC_AUTH_TOKEN: PLACEHOLDER, ANTHROPIC_BASE_URL: URL_HERE },
      unset: ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"],
      own_login: {
        env: { ANTHROPIC_CUSTOM_HEADERS: `x-tollhouse-key: ${PLACEHOLDER}` },
        unset: ["CLAUDE_CODE_USE_BEDROCK"],
      },
    },
    {
      client: "codex",
      env: { TOLLHOUSE_KEY: PLACEHOLDER },
      args: ["-c", 'a="b"'],
      unset: ["OPENAI_API_KEY"],
      files: [{ path: ".codex/config.toml", format: "toml", content: '# >>>\na="b"\n# <<<\n' }],
    },
    {
      client: "opencode",
      env: { TOLLHOUSE_KEY: PLACEHOLDER, OPENCODE_CONFIG_CONTENT: JSON.stringify(CONFIG) },
      unset: [],
    },
    { client: "qwen-code", env: { OPENAI_API_KEY: PLACEHOLDER }, unset: ["OPENAI_API_BASE"] },
    { client: "anthropic-sdk", env: { ANTHROPIC_API_KEY: PLACEHOLDER }, unset: [] },
    { client: "openai-sdk", env: { OPENAI_API_KEY: PLACEHOLDER }, unset: [] },
  ],
};

const HERE = { info: INFO, shell: "sh", own: false } as const;

test("no snippet sets two credentials of a vendor, and each has the secret at most once", () => {
  for (const [client] of CLIENTS) {
    const text = snippets(client, { ...HERE, secret: "th-secret", model: "claude-x" })
      .map((snippet) => snippet.text)
      .join("\n");
    expect(text.split("th-secret"), client).toHaveLength(2);
    expect(text, client).not.toContain(PLACEHOLDER);
    const sets = (name: string) => new RegExp(`export ${name}=`).test(text);
    expect(sets("ANTHROPIC_AUTH_TOKEN") && sets("ANTHROPIC_API_KEY"), client).toBe(false);
  }
  const [claude] = snippets("claude-code", { ...HERE, secret: "th-secret", model: "m" });
  expect(claude?.text).toContain("export ANTHROPIC_AUTH_TOKEN='th-secret'");
  expect(claude?.text).toMatch(/^unset ANTHROPIC_API_KEY /);
});

test("words of a shell stay words, and models are named as each client wants", () => {
  expect(quoted("sh", "it's $HOME")).toBe(`'it'\\''s $HOME'`);
  const text = (client: Parameters<typeof snippets>[0], model: string) =>
    snippets(client, { ...HERE, secret: undefined, model })[0]?.text ?? "";
  expect(text("codex", "gpt-5")).toContain(`codex \\\n  -c 'a="b"' \\\n  -c 'model="gpt-5"'`);
  const config = /CONTENT='(.*)'/.exec(text("opencode", "claude-x"))?.[1] ?? "";
  expect(JSON.parse(config)).toMatchObject({
    model: "tollhouse/claude-x",
    provider: {
      tollhouse: { models: { "claude-x": { provider: { npm: "@ai-sdk/anthropic" } } } },
    },
  });
});

test("each shell is told the same", () => {
  // As `tollhouse env` has it.
  const text = "a'b\\c $d";
  expect(SHELLS.map(([shell]) => quoted(shell, text))).toEqual([
    "'a'\\''b\\c $d'",
    "'a\\'b\\\\c $d'",
    "'a''b\\c $d'",
  ]);
  expect(SHELLS.map(([shell]) => setting(shell, "A", "x"))).toEqual([
    "export A='x'",
    "set -gx A 'x'",
    "$env:A = 'x'",
  ]);
  expect(SHELLS.map(([shell]) => unsetting(shell, ["A", "B"]))).toEqual([
    "unset A B",
    "set -e A B",
    "Remove-Item Env:A, Env:B -ErrorAction SilentlyContinue",
  ]);
  const windows = snippets("codex", { ...HERE, shell: "powershell", secret: "th-1", model: "m" });
  expect(windows[0]?.text).toBe(
    "Remove-Item Env:OPENAI_API_KEY -ErrorAction SilentlyContinue\n$env:TOLLHOUSE_KEY = 'th-1'\n" +
      "codex `\n  -c 'a=\"b\"' `\n  -c 'model=\"m\"'",
  );
});

test("a sign-in of its own is left to a client that has a place for the key beside it", () => {
  expect(CLIENTS.filter(([client]) => keepsLogin(client, INFO))).toEqual([
    ["claude-code", "Claude Code"],
  ]);
  const [own] = snippets("claude-code", { ...HERE, own: true, secret: "th-1", model: "m" });
  expect(own?.text).toBe(
    "unset CLAUDE_CODE_USE_BEDROCK\n" +
      "export ANTHROPIC_CUSTOM_HEADERS='x-tollhouse-key: th-1'\nclaude \\\n  --model 'm'",
  );
});

test("what a client reads from a file can be kept there, without the key", () => {
  const [, file] = snippets("codex", { ...HERE, secret: "th-1", model: "m" });
  expect(file).toEqual({
    title: "To keep it: ~/.codex/config.toml",
    text: '# >>>\nmodel="m"\na="b"\n# <<<',
  });
});

test("an address names a client, a key and a model, and nothing else", () => {
  const search = { client: "codex", key: "key_1", model: "m", shell: "fish", login: "own" };
  expect(connectSearch({ ...search, secret: "th-1" })).toEqual(search);
  expect(connectSearch({ client: "x", key: 1, shell: "cmd", login: "mine" })).toEqual({});
  expect(likely("claude-code", ["gpt-5", "claude-sonnet-4", "claude-sonnet-4-5"])).toBe(
    "claude-sonnet-4-5",
  );
  expect(likely("codex", ["claude-x"])).toBe("claude-x");
});
