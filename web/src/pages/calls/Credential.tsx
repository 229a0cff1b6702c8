import { Link } from "@tanstack/react-router";
import { useMe } from "../../api/me";
import type { Call } from "../../api/record";
import styles from "./Credential.module.css";
import { credentialOf, placeOf } from "./credential";

/** Whose credential a call was made with: where it is looked at, and what else was made with it. */
export function Credential({ call }: { call: Call }) {
  const place = placeOf(call, useMe());
  const words = credentialOf(call);
  if (!words) return "–";
  return (
    <span className={styles.credential}>
      {place ? <Link {...place}>{words}</Link> : words}
      {call.credential_id && (
        <Link to="/calls" search={{ credential: call.credential_id }}>
          Its calls
        </Link>
      )}
    </span>
  );
}
