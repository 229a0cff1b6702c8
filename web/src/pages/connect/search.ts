// Which client, with which key and model, as it stands in the address. A secret never does.

import { SHELLS, type Shell } from "./shells";
import { CLIENTS, type Client } from "./snippets";

/** `login` says whose credential pays: the client's own, or else what the key may draw on. */
export type ConnectSearch = {
  client?: Client;
  key?: string;
  model?: string;
  shell?: Shell;
  login?: "own" | undefined;
};

/**
 * A model as an address may name it, which others write: it is pasted into a shell. Nothing that cannot be seen, nothing
 * that a program takes for an option, and no quote that some PowerShells lose and so make two arguments of one.
 */
const NAME = /^(?!-)[^"\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u;

export function connectSearch(search: Record<string, unknown>): ConnectSearch {
  const client = CLIENTS.find(([name]) => name === search.client)?.[0];
  const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);
  const [key, named] = [text(search.key), text(search.model)];
  const model = named && NAME.test(named) ? named : undefined;
  const shell = SHELLS.find(([name]) => name === search.shell)?.[0];
  return {
    ...(client && { client }),
    ...(key && { key }),
    ...(model && { model }),
    ...(shell && { shell }),
    ...(search.login === "own" && { login: "own" as const }),
  };
}

const LIKED: Record<Client, RegExp> = {
  "claude-code": /^claude-(sonnet|opus)/,
  codex: /^gpt-\d+(\.\d+)?-codex$|^gpt-/,
  opencode: /^claude-(sonnet|opus)/,
  "qwen-code": /^qwen/,
  "anthropic-python": /^claude-/,
  "anthropic-typescript": /^claude-/,
  "openai-python": /^gpt-/,
  "openai-typescript": /^gpt-/,
  curl: /^claude-/,
};

/** The model to begin with: one that the client is made for, else any. */
export function likely(client: Client, models: readonly string[]): string {
  const liked = models.filter((model) => LIKED[client].test(model));
  // Names grow with their versions.
  return liked.sort().at(-1) ?? models[0] ?? "MODEL";
}
