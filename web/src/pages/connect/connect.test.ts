import { expect, test } from "vitest";
import type { ProxyInfo } from "../../api/clients";
import { connectSearch, likely } from "./search";
import { command, quoted, SHELLS, script, setting } from "./shells";
import { CLIENTS, keeps, PLACEHOLDER, snippets } from "./snippets";

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
      files: [
        {
          path: ".codex/config.toml",
          home: "CODEX_HOME",
          format: "toml",
          content: `# >>>\na="${URL_HERE}"\n# <<<\n`,
        },
      ],
    },
    {
      client: "opencode",
      env: { TOLLHOUSE_KEY: PLACEHOLDER, OPENCODE_CONFIG_CONTENT: JSON.stringify(CONFIG) },
      unset: [],
    },
    {
      client: "qwen-code",
      env: { OPENAI_API_KEY: PLACEHOLDER, OPENAI_BASE_URL: `${URL_HERE}/v1` },
      unset: ["OPENAI_API_BASE"],
      files: [{ path: ".qwen/settings.json", format: "json", content: '{ "security": {} }' }],
    },
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
  const without = (run?: [string, string[]]) =>
    SHELLS.map(([shell]) =>
      script(shell, { unset: ["A", "B"], set: [["C", "x"]], ...(run && { run }) }),
    );
  expect(without()).toEqual([
    "unset A B\nexport C='x'",
    "set -eg A; set -qUx A; and set -gx A ''\nset -eg B; set -qUx B; and set -gx B ''\nset -gx C 'x'",
    "Remove-Item Env:A, Env:B -ErrorAction SilentlyContinue\n$env:C = 'x'",
  ]);
  // In fish nothing is taken out but for the program, where there is one.
  expect(without(["p", ["--q", "r"]])[1]).toBe(
    "set -gx C 'x'\nenv -u A -u B \\\n  p \\\n  --q 'r'",
  );
  const windows = snippets("codex", { ...HERE, shell: "powershell", secret: "th-1", model: "m" });
  expect(windows[0]?.text).toBe(
    "Remove-Item Env:OPENAI_API_KEY -ErrorAction SilentlyContinue\n$env:TOLLHOUSE_KEY = 'th-1'\n" +
      "codex `\n  -c 'a=\"b\"' `\n  -c 'model=\"m\"'",
  );
});

test("nothing that a model is called ends a word of a shell, or is an option of a program", () => {
  expect(quoted("powershell", "x\u2019;iwr evil|iex;\u2019")).toBe(
    "'x\u2019\u2019;iwr evil|iex;\u2019\u2019'",
  );
  expect(quoted("powershell", "'\u2018\u2019\u201a\u201b\u201c")).toBe(
    "'''\u2018\u2018\u2019\u2019\u201a\u201a\u201b\u201b\u201c'",
  );
  // Not even a backslash before the sign that ends it.
  expect(quoted("fish", "\\'")).toBe("'\\\\\\''");
  for (const [shell] of SHELLS) {
    expect(command(shell, "p", ["--model", "-x;evil|sh"])).toMatch(/--model '-x;evil\|sh'$/);
  }
  const model = (model: string) => connectSearch({ model }).model;
  for (const name of ["claude-opus-4[1m]", "us.a/b:0@c+d", "it's", "x\u2019y"]) {
    expect(model(name)).toBe(name);
  }
  for (const name of ["a\nevil\n", "a\u001b[201~", "a\u202eb", "-x", 'a" --yes "b', ""]) {
    expect(model(name)).toBeUndefined();
  }
});

test("PowerShell asks by itself, since it hands JSON to no program as it is", () => {
  const [asks] = snippets("curl", { ...HERE, shell: "powershell", secret: "th-1", model: "it's" });
  expect(asks?.text).toBe(
    [
      "Invoke-RestMethod -Method Post",
      `-Uri '${URL_HERE}/v1/messages'`,
      "-Headers @{ 'x-api-key' = 'th-1'; 'anthropic-version' = '2023-06-01' }",
      "-ContentType 'application/json'",
      `-Body '{"model":"it''s","max_tokens":256,"messages":[{"role":"user","content":"Hello"}]}' | ConvertTo-Json -Depth 9`,
    ].join(" `\n  "),
  );
});

test("a client keeps its own where it has a place for the key beside it, and may bring it", () => {
  const kept = (own_credentials: string) =>
    CLIENTS.flatMap(([client]) => {
      const words = keeps(client, { ...INFO, own_credentials });
      return words ? [[client, words]] : [];
    });
  expect(kept("any")).toEqual([["claude-code", "A sign-in that the client keeps"]]);
  expect(kept("api_keys")).toEqual([["claude-code", "An API key that the client keeps"]]);
  expect(kept("none")).toEqual([]);
  const [own] = snippets("claude-code", { ...HERE, own: true, secret: "th-1", model: "m" });
  expect(own?.text).toBe(
    "unset CLAUDE_CODE_USE_BEDROCK\n" +
      "export ANTHROPIC_CUSTOM_HEADERS='x-tollhouse-key: th-1'\nclaude \\\n  --model 'm'",
  );
});

test("what is kept in a file is not the key, and it is said what else it takes", () => {
  const [, file, ...more] = snippets("codex", { ...HERE, secret: "th-1", model: "m" });
  expect(more).toEqual([]);
  expect(file).toMatchObject({
    title: "To keep it: ~/.codex/config.toml",
    text: `# >>>\nmodel="m"\na="${URL_HERE}"\n# <<<`,
  });
  for (const said of ["CODEX_HOME", "before the first [table]", "TOLLHOUSE_KEY has to be set"]) {
    expect(file?.note).toContain(said);
  }
  // What does not say where to go keeps nothing.
  expect(snippets("qwen-code", { ...HERE, secret: "th-1", model: "m" })).toHaveLength(1);
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
