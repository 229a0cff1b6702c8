import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type Allowance, allowance, setAllowance } from "../../api/budgets";
import { ApiFailure } from "../../api/client";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { SelectField } from "../../ui/Field";
import { Failed, SkeletonRows, wordsOf } from "../../ui/states";
import { toast } from "../../ui/Toasts";
import { amounts, amountsOf } from "../keys/draft";
import { AmountFields } from "../keys/form/AmountFields";
import type { Sharer } from "./rights";
import styles from "./SetLimits.module.css";

type Props = {
  /** Whose; empty while nobody is chosen. */
  of: string;
  among: readonly Sharer[];
  onClose: () => void;
};

/** What all keys of an organization or a user may use together. What there is now is filled in. */
export function SetLimits({ of, among, onClose }: Props) {
  const [chosen, setChosen] = useState(of);
  const sharer = among.find(({ id }) => id === chosen);
  const { data, isError, error, refetch } = useQuery(allowance(sharer));
  return (
    <Dialog title={of && sharer ? `Limits of ${sharer.name}` : "Set limits"} onClose={onClose}>
      <div className={styles.form}>
        {!of && (
          <SelectField
            label="Whose"
            value={chosen}
            required
            onChange={(event) => setChosen(event.target.value)}
          >
            <option value="" disabled>
              Choose an organization or somebody
            </option>
            <Choices label="Organizations" of={among.filter(({ scope }) => scope === "org")} />
            <Choices
              label="People and services"
              of={among.filter(({ scope }) => scope === "user")}
            />
          </SelectField>
        )}
        {sharer && isError ? (
          <Failed error={error} retry={() => refetch()} />
        ) : sharer && data ? (
          <Amounts key={sharer.id} sharer={sharer} now={data} onClose={onClose} />
        ) : sharer ? (
          <SkeletonRows rows={4} />
        ) : (
          <div className={styles.end}>
            <Button onClick={onClose}>Cancel</Button>
          </div>
        )}
      </div>
    </Dialog>
  );
}

type AmountsProps = { sharer: Sharer; now: Allowance; onClose: () => void };

function Amounts({ sharer, now, onClose }: AmountsProps) {
  const [draft, setDraft] = useState(() => amountsOf(now));
  const [failure, setFailure] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFailure(undefined);
    try {
      await setAllowance(sharer, amounts(draft));
      toast.done(`Set the limits of ${sharer.name}`);
      onClose();
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  const about = failure instanceof ApiFailure ? failure.field : undefined;
  const error = (field: string) =>
    about === field || about?.startsWith(`${field}[`) || about?.startsWith(`${field}.`)
      ? wordsOf(failure)
      : undefined;
  return (
    <form className={styles.form} onSubmit={save} aria-label="Limits">
      <AmountFields
        draft={draft}
        set={(change) => setDraft((before) => ({ ...before, ...change }))}
        error={error}
      />
      <p className={styles.note}>What is left empty is not limited.</p>
      <p className={styles.error} role="alert">
        {failure && !about ? wordsOf(failure) : ""}
      </p>
      <div className={styles.end}>
        <Button type="submit" look="primary" busy={busy}>
          Save limits
        </Button>
        <Button onClick={onClose}>Cancel</Button>
      </div>
    </form>
  );
}

function Choices({ label, of }: { label: string; of: readonly Sharer[] }) {
  if (of.length === 0) return null;
  return (
    <optgroup label={label}>
      {of.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </optgroup>
  );
}
