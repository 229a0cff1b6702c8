import type { Call } from "../../api/record";
import { Badge, type Tone } from "../../ui/Badge";
import styles from "./Outcome.module.css";
import { whyOf } from "./steps";
import { inputTokens } from "./tokens";

const WORDS: Record<string, [Tone, string]> = {
  success: ["good", "success"],
  upstream_error: ["bad", "upstream error"],
  stream_error: ["bad", "stream error"],
  client_disconnect: ["neutral", "client left"],
  refused: ["warn", "refused"],
  interrupted: ["warn", "interrupted"],
};

/** How a call ended, in a word; why, under the pointer. */
export function Outcome({ outcome, why }: { outcome: string; why?: string | undefined }) {
  const [tone, word] = WORDS[outcome] ?? (["neutral", outcome] as const);
  return (
    <span title={why}>
      <Badge tone={tone}>{word}</Badge>
    </span>
  );
}

/** In lists, why a call failed stands where its tokens and its cost would, of which there are none. */
export const WHY = {
  columns: 3,
  cell: (call: Call) => {
    const why = whyOf(call);
    const used = inputTokens(call.usage) !== undefined || Boolean(call.usage?.output);
    if (!why || used) return undefined;
    return (
      <span className={styles.why} title={why}>
        {why}
      </span>
    );
  },
};
