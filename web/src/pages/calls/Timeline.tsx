import type { Call } from "../../api/record";
import { clockTime, duration } from "../../format";
import styles from "./Timeline.module.css";

type Step = { at: number | undefined; text: string; tone?: "bad" | "warn" };

const FALLBACKS: Record<string, string> = {
  unreachable: "could not be reached",
  rate_limited: "was rate limited",
  unauthorized: "did not take the credential",
  server_error: "answered with an error of its own",
};

/** What happened to a call, in order, and how long it waited for what. */
export function Timeline({ call }: { call: Call }) {
  return (
    <div className={styles.timeline}>
      <Bar call={call} />
      <ol className={styles.steps}>
        {steps(call).map(({ at, text, tone }) => (
          <li key={text} className={tone && styles[tone]}>
            <span className={styles.at}>{at === undefined ? "" : `+${duration(at)}`}</span>
            <span>{text}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function steps(call: Call): Step[] {
  const list: Step[] = [{ at: undefined, text: `Admitted at ${clockTime(new Date(call.at))}` }];
  if (call.fallback) {
    const why = FALLBACKS[call.fallback] ?? call.fallback;
    list.push({ at: undefined, text: `The first target ${why}; another was asked`, tone: "warn" });
  }
  if (call.provider && call.attempts > 0) {
    const times = call.attempts === 1 ? "one attempt" : `${call.attempts} attempts`;
    list.push({ at: undefined, text: `Sent to ${call.provider}, ${times}` });
  }
  if (call.ttft_ms !== undefined && call.ttft_ms !== null) {
    list.push({ at: call.ttft_ms, text: "First byte of the answer" });
  }
  list.push(end(call));
  return list;
}

function end(call: Call): Step {
  const at = call.duration_ms ?? undefined;
  const status = call.status ? `, status ${call.status}` : "";
  const because = call.error ? `: ${call.error}` : "";
  switch (call.outcome) {
    case "success": {
      const reason = call.stop_reason ? `, because of ${call.stop_reason}` : "";
      return { at, text: `Ended${reason}${status}` };
    }
    case "refused":
      return { at, text: `Refused here${status}${because}`, tone: "warn" };
    case "client_disconnect":
      return { at, text: `The client left${because}`, tone: "warn" };
    case "interrupted":
      return { at, text: `Cut off by the gateway's end${because}`, tone: "bad" };
    default:
      return { at, text: `Failed${status}${because}`, tone: "bad" };
  }
}

/** Waiting for the first byte, and the answer coming in, each as long as it took. */
function Bar({ call }: { call: Call }) {
  const whole = call.duration_ms ?? 0;
  if (whole <= 0) return null;
  const first = Math.min(call.ttft_ms ?? whole, whole);
  return (
    <div>
      <div className={styles.bar}>
        <i className={styles.wait} style={{ flexGrow: first }} />
        <i className={styles.stream} style={{ flexGrow: whole - first }} />
      </div>
      <p className={styles.words}>
        <span>
          <i className={styles.wait} />
          Waited {duration(first)}
        </span>
        {whole > first && (
          <span>
            <i className={styles.stream} />
            Answered for {duration(whole - first)}
          </span>
        )}
      </p>
    </div>
  );
}
