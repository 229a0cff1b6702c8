import type { ReactNode } from "react";
import styles from "./Badge.module.css";

export type Tone = "neutral" | "good" | "warn" | "bad" | "accent";

/** A word about a state. The colour says it again and never alone. */
export function Badge({ tone = "neutral", children }: { tone?: Tone; children: ReactNode }) {
  return <span className={`${styles.badge} ${styles[tone]}`}>{children}</span>;
}
