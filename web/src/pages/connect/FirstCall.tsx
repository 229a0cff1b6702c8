import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useLive } from "../../api/live";
import type { Call } from "../../api/record";
import { duration } from "../../format";
import { Badge } from "../../ui/Badge";
import { Time } from "../../ui/Time";
import styles from "./Connect.module.css";
import { NO_CREDENTIAL } from "./foreseen";

/** Waits for a call with a key, and says how it went. */
export function FirstCall({ of: key }: { of: string | undefined }) {
  const [call, setCall] = useState<Call>();
  const hearing = useLive((heard) => {
    // What went well is worth more than what did not, whichever came first.
    if (heard.key === key && call?.outcome !== "success") setCall(heard);
  });
  return (
    <span className={styles.first} role="status">
      {!key ? (
        "Choose a key to see its first call come in"
      ) : call?.outcome === "success" ? (
        <>
          <Badge tone="good">✓ First call received</Badge>
          <span>
            {call.model_served ?? call.model_sent} · {duration(call.duration_ms)} ·{" "}
            <Time at={call.at} />
          </span>
        </>
      ) : call ? (
        <>
          <Badge tone="bad">A call came, and failed</Badge>
          <span>
            {call.status} {call.error ?? call.outcome}
            {call.status === NO_CREDENTIAL && (
              <>
                {" · "}
                <Link to="/credentials" className={styles.link}>
                  Set a credential
                </Link>
              </>
            )}
          </span>
        </>
      ) : hearing.listens ? (
        <>
          <i className={styles.pulse} aria-hidden /> Waiting for its first call
        </>
      ) : (
        (hearing.refused ?? "Connecting")
      )}
    </span>
  );
}
