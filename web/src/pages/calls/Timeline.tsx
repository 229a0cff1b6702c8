import type { Call } from "../../api/record";
import { duration } from "../../format";
import { type Stretch, steps, stretches } from "./steps";
import styles from "./Timeline.module.css";

/** What happened to a call, in order, and how long it waited for what. */
export function Timeline({ call }: { call: Call }) {
  return (
    <div className={styles.timeline}>
      <Bar of={stretches(call)} />
      <ol className={styles.steps}>
        {steps(call).map(({ at, text, tone }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: what happened stays in its order
          <li key={index} className={tone && styles[tone]}>
            <span className={styles.at}>{at === undefined ? "" : `+${duration(at)}`}</span>
            <span>{text}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

const WORDS: Record<Stretch["is"], string> = {
  tried: "Tried elsewhere for",
  waited: "Waited",
  answered: "Answered for",
};

/** Each stretch as long as it took. */
function Bar({ of }: { of: Stretch[] }) {
  if (of.length === 0) return null;
  return (
    <div>
      <div className={styles.bar}>
        {of.map(({ is, ms }) => (
          <i key={is} className={styles[is]} style={{ flexGrow: ms }} />
        ))}
      </div>
      <p className={styles.words}>
        {of.map(({ is, ms }) => (
          <span key={is}>
            <i className={styles[is]} />
            {WORDS[is]} {duration(ms)}
          </span>
        ))}
      </p>
    </div>
  );
}
