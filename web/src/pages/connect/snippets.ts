// What is pasted to point a client here. Variables and arguments are the gateway's own, from
// /proxy-info; what stands here is how they are said in a shell, and which are taken out.

import type { ProxyInfo } from "../../api/clients";

export const CLIENTS = [
  ["claude-code", "Claude Code"],
  ["codex", "Codex"],
  ["opencode", "OpenCode"],
  ["anthropic-python", "Anthropic Python"],
  ["anthropic-typescript", "Anthropic TypeScript"],
  ["openai-python", "OpenAI Python"],
  ["openai-typescript", "OpenAI TypeScript"],
  ["curl", "curl"],
] as const;

export type Client = (typeof CLIENTS)[number][0];

export type Snippet = { title: string; text: string };

/** Variables that would take a client elsewhere or hand it a second credential: catalog/agents.toml. */
export const UNSET: Record<string, readonly string[]> = {
  "claude-code": [
    "ANTHROPIC_API_KEY",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CODE_OAUTH_REFRESH_TOKEN",
    "ANTHROPIC_IDENTITY_TOKEN",
    "CLAUDE_CODE_USE_GATEWAY",
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_USE_VERTEX",
    "CLAUDE_CODE_USE_FOUNDRY",
    "CLAUDE_CODE_USE_MANTLE",
    "CLAUDE_CODE_USE_ANTHROPIC_AWS",
    "CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD",
  ],
  codex: ["OPENAI_API_KEY", "CODEX_API_KEY", "OPENAI_BASE_URL"],
  opencode: ["ANTHROPIC_API_KEY", "OPENAI_API_KEY"],
  "anthropic-sdk": ["ANTHROPIC_AUTH_TOKEN"],
  "openai-sdk": [],
};

/** What stands for a secret that is not known. */
export const PLACEHOLDER = "YOUR_VIRTUAL_KEY";

type Wanted = { info: ProxyInfo; secret: string | undefined; model: string };

/** A word of a shell, whatever is in it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The variables of a client, in a POSIX shell. */
function variables(client: string, { info, secret, model }: Wanted): string[] {
  const setup = info.clients.find((one) => one.client === client);
  const unset = UNSET[client] ?? [];
  const set = Object.entries(setup?.env ?? {}).map(([name, value]) => {
    const text = value === PLACEHOLDER ? (secret ?? PLACEHOLDER) : value;
    const whole = name === "OPENCODE_CONFIG_CONTENT" ? offering(text, model) : text;
    return `export ${name}=${quoted(whole)}`;
  });
  return [...(unset.length > 0 ? [`unset ${unset.join(" ")}`] : []), ...set];
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

/** A command with its arguments, one option a line. */
function command(program: string, args: readonly string[]): string {
  const lines = [program];
  for (const argument of args) {
    if (argument.startsWith("-")) lines.push(argument);
    else lines[lines.length - 1] += ` ${quoted(argument)}`;
  }
  return lines.join(" \\\n  ");
}

export function snippets(client: Client, wanted: Wanted): Snippet[] {
  const { info, model } = wanted;
  const shell = (name: string, last?: string): Snippet => ({
    title: "In a terminal",
    text: [...variables(name, wanted), ...(last ? [last] : [])].join("\n"),
  });
  switch (client) {
    case "claude-code":
      return [shell("claude-code", command("claude", ["--model", model]))];
    case "codex": {
      const args = info.clients.find((one) => one.client === "codex")?.args ?? [];
      const all = [...args, "-c", `model=${JSON.stringify(model)}`];
      return [shell("codex", command("codex", all))];
    }
    case "opencode":
      return [shell("opencode", "opencode")];
    case "anthropic-python":
      return [shell("anthropic-sdk"), { title: "Python", text: anthropicPython(model) }];
    case "anthropic-typescript":
      return [shell("anthropic-sdk"), { title: "TypeScript", text: anthropicTypescript(model) }];
    case "openai-python":
      return [shell("openai-sdk"), { title: "Python", text: openaiPython(model) }];
    case "openai-typescript":
      return [shell("openai-sdk"), { title: "TypeScript", text: openaiTypescript(model) }];
    case "curl":
      return [{ title: "In a terminal", text: curl(wanted) }];
  }
}

function curl({ info, secret = PLACEHOLDER, model }: Wanted): string {
  const body = {
    model,
    max_tokens: 256,
    messages: [{ role: "user", content: "Hello" }],
  };
  const args = [`x-api-key: ${secret}`, "anthropic-version: 2023-06-01", JSON_TYPE];
  const headers = args.flatMap((header) => ["-H", header]);
  return command(`curl ${quoted(`${info.url}/v1/messages`)}`, [
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
