// What is pasted to point a client here. Variables, arguments and files are the gateway's own, from
// /proxy-info; what stands here is what is put together of them.

import type { ProxyInfo } from "../../api/clients";
import { command, quoted, type Shell, setting, unsetting } from "./shells";

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

export type Snippet = { title: string; text: string };

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

/** Whether a client has a place for the key beside a sign-in of its own. */
export function keepsLogin(client: Client, info: ProxyInfo | undefined): boolean {
  return Boolean(info && setupOf(client, { info, own: true }));
}

/** The variables of a client, in a shell: those to be taken out first. */
function variables(client: string, wanted: Wanted): string[] {
  const { secret = PLACEHOLDER, model, shell } = wanted;
  const setup = setupOf(client, wanted);
  const unset = setup?.unset ?? [];
  const set = Object.entries(setup?.env ?? {}).map(([name, value]) => {
    const text = value.replace(PLACEHOLDER, () => secret);
    return setting(shell, name, name === "OPENCODE_CONFIG_CONTENT" ? offering(text, model) : text);
  });
  return [...(unset.length > 0 ? [unsetting(shell, unset)] : []), ...set];
}

/** The files that say the same for good. The key is in none of them. */
function files(client: string, { info, model, own }: Wanted): Snippet[] {
  const setup = info.clients.find((one) => one.client === client);
  if (own || !setup?.files) return [];
  return setup.files.map(({ path, format, content }) => ({
    title: `To keep it: ~/${path}`,
    text: format === "toml" ? withModel(content.trim(), model) : content.trim(),
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
  const terminal = (name: string, last?: string): Snippet => ({
    title: "In a terminal",
    text: [...variables(name, wanted), ...(last ? [last] : [])].join("\n"),
  });
  switch (client) {
    case "claude-code":
      return [terminal("claude-code", command(shell, "claude", ["--model", model]))];
    case "codex": {
      const args = setupOf("codex", wanted)?.args ?? [];
      const all = [...args, "-c", `model=${JSON.stringify(model)}`];
      return [terminal("codex", command(shell, "codex", all)), ...files("codex", wanted)];
    }
    case "opencode":
      return [terminal("opencode", "opencode")];
    case "qwen-code": {
      const args = setupOf("qwen-code", wanted)?.args ?? [];
      const all = [...args, "--model", model];
      return [terminal("qwen-code", command(shell, "qwen", all)), ...files("qwen-code", wanted)];
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
      return [{ title: "In a terminal", text: curl(wanted) }];
  }
}

function curl({ info, secret = PLACEHOLDER, model, shell }: Wanted): string {
  const body = {
    model,
    max_tokens: 256,
    messages: [{ role: "user", content: "Hello" }],
  };
  const args = [`x-api-key: ${secret}`, "anthropic-version: 2023-06-01", JSON_TYPE];
  const headers = args.flatMap((header) => ["-H", header]);
  // Where Windows has a `curl` that is something else, this is the program.
  const program = shell === "powershell" ? "curl.exe" : "curl";
  return command(shell, `${program} ${quoted(shell, `${info.url}/v1/messages`)}`, [
    ...headers,
    "-d",
    JSON.stringify(body),
  ]);
}

const JSON_TYPE = "content-type: application/json";

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
