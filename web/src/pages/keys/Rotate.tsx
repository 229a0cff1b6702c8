import { useState } from "react";
import { type Key, rotateKey } from "../../api/keys";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { SelectField } from "../../ui/Field";
import { wordsOf } from "../../ui/states";
import styles from "./KeyForm.module.css";
import { Secret } from "./Secret";

const AT_ONCE = "";
const GRACES = [
  ["1h", "for 1 hour"],
  ["24h", "for 24 hours"],
  ["7d", "for 7 days"],
  ["30d", "for 30 days"],
  [AT_ONCE, "no longer"],
] as const;

/** Gives a key a new secret, which is shown here and nowhere else. */
export function Rotate({ of: key, onClose }: { of: Key; onClose: () => void }) {
  const [grace, setGrace] = useState("24h");
  const [secret, setSecret] = useState<string>();
  const [failure, setFailure] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  if (secret) {
    // A press beside it must not take away what is shown once.
    return (
      <Dialog title={`The new secret of “${key.name}”`}>
        <Secret secret={secret} />
        <div>
          <Button look="primary" onClick={onClose}>
            Done
          </Button>
        </div>
      </Dialog>
    );
  }
  const rotate = async () => {
    setBusy(true);
    try {
      setSecret((await rotateKey(key.id, grace === AT_ONCE ? null : grace)).secret);
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Rotate “${key.name}”`} onClose={onClose}>
      <p>
        It gets a new secret. Limits, budgets and the record stay.
        {key.grace_until && " The secret before the last one stops at once."}
      </p>
      <SelectField
        label="The present secret works"
        value={grace}
        onChange={(event) => setGrace(event.target.value)}
      >
        {GRACES.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </SelectField>
      <p className={styles.error} role="alert">
        {failure ? wordsOf(failure) : ""}
      </p>
      <div className={styles.end}>
        <Button look="primary" busy={busy} onClick={rotate}>
          Rotate
        </Button>
        <Button onClick={onClose}>Cancel</Button>
      </div>
    </Dialog>
  );
}
