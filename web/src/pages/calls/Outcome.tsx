import { Badge, type Tone } from "../../ui/Badge";

const WORDS: Record<string, [Tone, string]> = {
  success: ["good", "success"],
  upstream_error: ["bad", "upstream error"],
  stream_error: ["bad", "stream error"],
  client_disconnect: ["neutral", "client left"],
  refused: ["warn", "refused"],
  interrupted: ["warn", "interrupted"],
};

/** How a call ended, in a word. */
export function Outcome({ outcome }: { outcome: string }) {
  const [tone, word] = WORDS[outcome] ?? (["neutral", outcome] as const);
  return <Badge tone={tone}>{word}</Badge>;
}
