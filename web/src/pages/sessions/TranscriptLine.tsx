import type { ReactNode } from "react";
import type { TranscriptLine as Line, TranscriptSaid } from "../../api/captures";
import { bytes } from "../../format";
import { Badge } from "../../ui/Badge";
import { indented } from "../calls/said";
import styles from "./Transcript.module.css";

const WHO = { system: "System", user: "User", assistant: "Model" } as Record<string, string>;
/** The most characters of what is folded that stand beside it. */
const GLIMPSE = 90;

/** One thing said, and by whom. */
export function TranscriptLine({ line }: { line: Line }) {
  return (
    <div className={`${styles.line} ${line.role === "assistant" ? styles.model : ""}`}>
      <span className={styles.who}>{WHO[line.role] ?? line.role}</span>
      <div className={styles.said}>
        <Said said={line} />
      </div>
    </div>
  );
}

function Said({ said }: { said: TranscriptSaid }) {
  switch (said.kind) {
    case "text":
      return <p className={styles.text}>{said.text}</p>;
    case "refusal":
      return (
        <p className={styles.text}>
          <Badge tone="warn">refused</Badge> {said.text}
        </p>
      );
    case "thought":
      return said.text.trim() === "" ? (
        <p className={styles.note}>Thought, which the provider keeps to itself</p>
      ) : (
        <Folded title="Thought" glimpse={said.text}>
          <p className={styles.text}>{said.text}</p>
        </Folded>
      );
    case "tool_call":
      return (
        <Folded title={<code className={styles.name}>{said.name}</code>} glimpse={said.input}>
          <pre className={styles.code}>{indented(said.input || "{}")}</pre>
          {said.id && <p className={styles.note}>{said.id}</p>}
        </Folded>
      );
    case "tool_result":
      return (
        <Folded
          title={said.error ? <Badge tone="bad">failed</Badge> : "Result"}
          glimpse={said.parts.map((part) => ("text" in part ? part.text : part.kind)).join(" ")}
        >
          {said.parts.map((part, at) =>
            part.kind === "text" ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: what was said does not move
              <pre key={at} className={styles.code}>
                {part.text}
              </pre>
            ) : (
              // biome-ignore lint/suspicious/noArrayIndexKey: what was said does not move
              <Said key={at} said={part} />
            ),
          )}
          {said.id && <p className={styles.note}>{said.id}</p>}
        </Folded>
      );
    case "image":
    case "document":
      return (
        <p className={styles.media}>
          {said.kind === "image" ? "Image" : "Document"}
          {[said.title, said.media_type, said.url].filter(Boolean).map((word) => (
            <span key={word}> {word}</span>
          ))}
          {said.bytes !== undefined && said.bytes !== null && <span> {bytes(said.bytes)}</span>}
        </p>
      );
    case "search":
      return (
        <Folded title="Web search" glimpse={said.query}>
          <p className={styles.text}>{said.query}</p>
          <ul className={styles.found}>
            {said.found.map(({ url, title }) => (
              // An address that a model found is shown, and leads nowhere.
              <li key={url}>
                {title} <span className={styles.note}>{url}</span>
              </li>
            ))}
          </ul>
        </Folded>
      );
  }
}

type FoldedProps = { title: ReactNode; glimpse?: string; children: ReactNode };

/** Something long, opened by who wants to read it. */
export function Folded({ title, glimpse, children }: FoldedProps) {
  return (
    <details className={styles.folded}>
      <summary>
        {title}
        {glimpse && (
          <span className={styles.glimpse}>
            {glimpse.slice(0, GLIMPSE).replaceAll(/\s+/g, " ")}
          </span>
        )}
      </summary>
      {children}
    </details>
  );
}
