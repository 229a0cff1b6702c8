import { useState } from "react";
import { Button } from "./Button";
import styles from "./Confirm.module.css";

type Props = {
  /** What the first button says. */
  label: string;
  /** The question, which names what will be gone. */
  question: string;
  /** What the second button says: the verb again. */
  yes: string;
  act: () => Promise<unknown> | undefined;
};

/** A button that asks in its own place before it does something that cannot be undone. */
export function Confirm({ label, question, yes, act }: Props) {
  // Before anybody asked, the button takes no focus; afterwards it takes it back from the answer.
  const [state, setState] = useState<"unasked" | "asking" | "busy" | "answered">("unasked");
  if (state === "unasked" || state === "answered") {
    return (
      <Button look="danger" autoFocus={state === "answered"} onClick={() => setState("asking")}>
        {label}
      </Button>
    );
  }
  const go = async () => {
    setState("busy");
    try {
      await act();
    } finally {
      setState("answered");
    }
  };
  return (
    <span className={styles.confirm} role="group" aria-label={question}>
      <span>{question}</span>
      <Button look="danger" busy={state === "busy"} onClick={go}>
        {yes}
      </Button>
      {/* Where the finger already is stands what does nothing. */}
      <Button autoFocus disabled={state === "busy"} onClick={() => setState("answered")}>
        Cancel
      </Button>
    </span>
  );
}
