// What is pasted to point a client here. Variables, arguments and files are the gateway's own, from
// /proxy-info; what stands here is what is put together of them.

import type { ProxyInfo } from "../../api/clients";
import { command, quoted, type Script, type Shell, script } from "./shells";

export const CLIENTS = [
  ["claude-code", "Claude Code"],
  ["codex", "Codex"],
  ["opencode", "OpenCode"],
  ["qwen-code", "Qwen Code"],
  ["anthropic-python", "Anthropic Python"],
  ["anthropic-typescript", "Anthropic TypeScript"],
  ["openai-python", "OpenAI Python"],
  ["openai-typescript", "OpenAI TypeScript"],
  ["curl", "curl"],
] as const;

export type Client = (typeof CLIENTS)[number][0];

export type Snippet = {
  title: string;
  text: string;
  /** What has to be seen to beside it. */
  note?: string;
};

/** What stands for a secret that is not known. */
export const PLACEHOLDER = "YOUR_VIRTUAL_KEY";

export type Wanted = {
  info: ProxyInfo;
  secret: string | undefined;
  model: string;
  shell: Shell;
  /** Whether the client keeps a sign-in of its own, beside which the key goes. */
  own: boolean;
};

/** What the gateway's table says of a client. */
function setupOf(client: string, { info, own }: Pick<Wanted, "info" | "own">) {
  const setup = info.clients.find((one) => one.client === client);
  return own ? setup?.own_login : setup;
}

/** What may pay beside the key, by what the gateway lets through of a client's own. */
const OWN: Record<string, string> = {
  any: "A sign-in that the client keeps",
  api_keys: "An API key that the client keeps",
};

/** What a client may keep of its own beside the key, in words; undefined where it has no place for that, or may not. */
export function keeps(client: Client, info: ProxyInfo | undefined): string | undefined {
  const place = info && setupOf(client, { info, own: true });
  return place ? OWN[info.own_credentials] : undefined;
}

/** The variables of a client: those to be taken out, and those to be set. */
function variables(client: string, wanted: Wanted): Script {
  const { secret = PLACEHOLDER, model } = wanted;
  const setup = setupOf(client, wanted);
  const set = Object.entries(setup?.env ?? {}).map(([name, value]) => {
    const text = value.replace(PLACEHOLDER, () => secret);
    return [name, name === "OPENCODE_CONFIG_CONTENT" ? offering(text, model) : text] as const;
  });
  return { unset: setup?.unset ?? [], set };
}

/** The files that say the same for good: those that say where to go. The key is in none of them. */
function files(client: Client, { info, model, own }: Wanted): Snippet[] {
  const setup = info.clients.find((one) => one.client === client);
  if (own || !setup?.files) return [];
  const holder = Object.keys(setup.env).find((name) => setup.env[name]?.includes(PLACEHOLDER));
  return setup.files
    .filter(({ content }) => content.includes(info.url))
    .map(({ path, home, format, content }) => ({
      title: `To keep it: ~/${path}`,
      text: format === "toml" ? withModel(content.trim(), model) : content.trim(),
      note: [
        ...(home ? [`Where ${home} is set, the file is in that directory.`] : []),
        format === "toml"
          ? "Put it before the first [table] of the file, and take out any other line there that sets one of these: the file is not read with a key that stands twice."
          : "Add it to what the file holds.",
        `The virtual key is not in it: ${holder} has to be set in every shell that starts ${client}.`,
        `Without touching a file, \`tollhouse run ${client}\` does all of it at each start, with a key of its own.`,
      ].join(" "),
    }));
}

/** Inside of the gateway's own block, so that whoever writes that anew takes the model along. */
function withModel(block: string, model: string): string {
  const [first = "", ...rest] = block.split("\n");
  const said = `model=${JSON.stringify(model)}`;
  const lines = first.startsWith("#") ? [first, said, ...rest] : [said, first, ...rest];
  return lines.join("\n");
}

/** OpenCode asks for no list of models: its configuration says them. */
function offering(config: string, model: string): string {
  const read = JSON.parse(config) as { model?: string; provider: { tollhouse: object } };
  const npm = /^claude/.test(model)
    ? "@ai-sdk/anthropic"
    : /^(gpt-|o1|o3|o4|codex-)/.test(model)
      ? "@ai-sdk/openai"
      : undefined;
  const offered = { [model]: { name: model, ...(npm && { provider: { npm } }) } };
  const tollhouse = { ...read.provider.tollhouse, models: offered };
  return JSON.stringify({ ...read, model: `tollhouse/${model}`, provider: { tollhouse } });
}

export function snippets(client: Client, wanted: Wanted): Snippet[] {
  const { model, shell } = wanted;
  const terminal = (name: string, run?: Script["run"]): Snippet => ({
    title: "In a terminal",
    text: script(shell, { ...variables(name, wanted), ...(run && { run }) }),
  });
  switch (client) {
    case "claude-code":
      return [terminal("claude-code", ["claude", ["--model", model]])];
    case "codex": {
      // Windows PowerShell, and others before 7.3, take the quotes out of `key="value"`. Codex then reads a
      // value that is no TOML, and takes it as the text that it is: an array or a table would not survive.
      const args = setupOf("codex", wanted)?.args ?? [];
      const all = [...args, "-c", `model=${JSON.stringify(model)}`];
      return [terminal("codex", ["codex", all]), ...files("codex", wanted)];
    }
    case "opencode":
      return [terminal("opencode", ["opencode", []])];
    case "qwen-code": {
      const args = setupOf("qwen-code", wanted)?.args ?? [];
      const all = [...args, "--model", model];
      return [terminal("qwen-code", ["qwen", all]), ...files("qwen-code", wanted)];
    }
    case "anthropic-python":
      return [terminal("anthropic-sdk"), { title: "Python", text: anthropicPython(model) }];
    case "anthropic-typescript":
      return [terminal("anthropic-sdk"), { title: "TypeScript", text: anthropicTypescript(model) }];
    case "openai-python":
      return [terminal("openai-sdk"), { title: "Python", text: openaiPython(model) }];
    case "openai-typescript":
      return [terminal("openai-sdk"), { title: "TypeScript", text: openaiTypescript(model) }];
    case "curl":
      return [
        { title: "In a terminal", text: shell === "powershell" ? asking(wanted) : curl(wanted) },
      ];
  }
}

/** The address, the headers and the body of a call. */
function call({ info, secret = PLACEHOLDER, model }: Wanted) {
  return {
    url: `${info.url}/v1/messages`,
    headers: [
      ["x-api-key", secret],
      ["anthropic-version", "2023-06-01"],
    ] as const,
    body: JSON.stringify({
      model,
      max_tokens: 256,
      messages: [{ role: "user", content: "Hello" }],
    }),
  };
}

function curl(wanted: Wanted): string {
  const { shell } = wanted;
  const { url, headers, body } = call(wanted);
  const said = [...headers, ["content-type", JSON_TYPE]].map(
    ([name, value]) => `${name}: ${value}`,
  );
  const args = said.flatMap((header) => ["-H", header]);
  return command(shell, `curl ${quoted(shell, url)}`, [...args, "-d", body]);
}

/** PowerShell hands JSON to no program as it is, and off Windows there is no `curl.exe`: it asks by itself. */
function asking(wanted: Wanted): string {
  const { url, headers, body } = call(wanted);
  const word = (text: string) => quoted("powershell", text);
  const table = headers.map(([name, value]) => `${word(name)} = ${word(value)}`).join("; ");
  const lines = [
    "Invoke-RestMethod -Method Post",
    `-Uri ${word(url)}`,
    `-Headers @{ ${table} }`,
    `-ContentType ${word(JSON_TYPE)}`,
    `-Body ${word(body)} | ConvertTo-Json -Depth 9`,
  ];
  return lines.join(" `\n  ");
}

const JSON_TYPE = "application/json";

// The SDKs read address and key from the variables above, so no secret stands in a program.

const anthropicPython = (model: string) => `from anthropic import Anthropic

client = Anthropic()
message = client.messages.create(
    model=${JSON.stringify(model)},
    max_tokens=256,
    messages=[{"role": "user", "content": "Hello"}],
)
print(message.content)`;

const anthropicTypescript = (model: string) => `import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic();
const message = await client.messages.create({
  model: ${JSON.stringify(model)},
  max_tokens: 256,
  messages: [{ role: "user", content: "Hello" }],
});
console.log(message.content);`;

const openaiPython = (model: string) => `from openai import OpenAI

client = OpenAI()
answer = client.chat.completions.create(
    model=${JSON.stringify(model)},
    messages=[{"role": "user", "content": "Hello"}],
)
print(answer.choices[0].message.content)`;

const openaiTypescript = (model: string) => `import OpenAI from "openai";

const client = new OpenAI();
const answer = await client.chat.completions.create({
  model: ${JSON.stringify(model)},
  messages: [{ role: "user", content: "Hello" }],
});
console.log(answer.choices[0]?.message.content);`;
