import { type FormEvent, type ReactNode, useState } from "react";
import { ApiFailure } from "../api/client";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import styles from "./FormDialog.module.css";
import { wordsOf } from "./states";

type Props = {
  title: string;
  /** What the button says that sends it. */
  send: string;
  /** Sends what was filled in; what it throws is said at its field, or below all of them. */
  act: (form: FormData) => Promise<unknown>;
  onClose: () => void;
  /** Whether `act` goes on to another page, which takes the form away by itself. */
  leaves?: boolean;
  wide?: boolean;
  /** The fields that an error can be said at. */
  fields: readonly string[];
  children: (error: (field: string) => string | undefined) => ReactNode;
};

/** A form over the page, which closes itself when what it asked for was done. */
export function FormDialog(props: Props) {
  const { title, send, act, onClose, leaves = false, wide = false, fields, children } = props;
  const [failure, setFailure] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    setBusy(true);
    setFailure(undefined);
    try {
      await act(new FormData(form));
      if (!leaves) onClose();
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  const field = failure instanceof ApiFailure ? failure.field : undefined;
  const placed = field !== undefined && fields.includes(field);
  return (
    <Dialog title={title} onClose={onClose} wide={wide}>
      <form className={styles.form} onSubmit={submit} autoComplete="off">
        {children((name) => (field === name ? wordsOf(failure) : undefined))}
        <p className={styles.error} role="alert">
          {failure && !placed ? wordsOf(failure) : ""}
        </p>
        <div className={styles.end}>
          <Button type="submit" look="primary" busy={busy}>
            {send}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}
