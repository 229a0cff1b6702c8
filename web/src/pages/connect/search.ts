// Which client, with which key and model, as it stands in the address. A secret never does.

import { CLIENTS, type Client } from "./snippets";

export type ConnectSearch = { client?: Client; key?: string; model?: string };

export function connectSearch(search: Record<string, unknown>): ConnectSearch {
  const client = CLIENTS.find(([name]) => name === search.client)?.[0];
  const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);
  const [key, model] = [text(search.key), text(search.model)];
  return { ...(client && { client }), ...(key && { key }), ...(model && { model }) };
}

const LIKED: Record<Client, RegExp> = {
  "claude-code": /^claude-(sonnet|opus)/,
  codex: /^gpt-\d+(\.\d+)?-codex$|^gpt-/,
  opencode: /^claude-(sonnet|opus)/,
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
