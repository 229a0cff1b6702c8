import { type FormEvent, type ReactNode, useState } from "react";
import { ApiFailure } from "../../api/client";
import { useMe } from "../../api/me";
import { Button } from "../../ui/Button";
import { Columns } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { wordsOf } from "../../ui/states";
import type { Draft } from "./draft";
import { AmountFields } from "./form/AmountFields";
import { UseFields } from "./form/UseFields";
import { WhoFields } from "./form/WhoFields";
import styles from "./KeyForm.module.css";

export type FieldsProps = {
  draft: Draft;
  /** Changes some of it. */
  set: (change: Partial<Draft>) => void;
  /** What the control plane said of a field. */
  error: (field: string) => string | undefined;
};

type Props = {
  /** What it is at the beginning. */
  from: Draft;
  /** The key's end as it is; absent while it is made. */
  expires?: string | null;
  label: string;
  submit: (draft: Draft) => Promise<unknown>;
  cancel: ReactNode;
};

/** Every field of a key, to make one and to change one. */
export function KeyForm({ from, expires, label, submit, cancel }: Props) {
  const me = useMe();
  const [draft, setDraft] = useState(from);
  const [failure, setFailure] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFailure(undefined);
    try {
      await submit(draft);
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
    }
  };
  const about = failure instanceof ApiFailure ? failure.field : undefined;
  const error = (field: string) =>
    about === field || about?.startsWith(`${field}.`) || about?.startsWith(`${field}[`)
      ? wordsOf(failure)
      : undefined;
  const fields: FieldsProps = {
    draft,
    set: (change) => setDraft((before) => ({ ...before, ...change })),
    error,
  };
  return (
    <form className={styles.form} onSubmit={send} aria-label={label}>
      <Columns>
        <div className={styles.stack}>
          <Panel title="Whose it is">
            <WhoFields {...fields} me={me} expires={expires} />
          </Panel>
          <Panel title="How much it may use">
            <AmountFields {...fields} />
          </Panel>
        </div>
        <Panel title="What it may use">
          <UseFields {...fields} me={me} mayLend={from.credentials.platform} />
        </Panel>
      </Columns>
      <div className={styles.end}>
        <Button type="submit" look="primary" busy={busy}>
          {label}
        </Button>
        {cancel}
        <p className={styles.error} role="alert">
          {failure ? wordsOf(failure) : ""}
        </p>
      </div>
    </form>
  );
}
