import { type FormEvent, useState } from "react";
import { type Standing, setAllowance } from "../../api/budgets";
import { ApiFailure } from "../../api/client";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { SelectField } from "../../ui/Field";
import { wordsOf } from "../../ui/states";
import { toast } from "../../ui/Toasts";
import { type Amounts, amounts } from "../keys/draft";
import { AmountFields } from "../keys/form/AmountFields";
import type { Sharer } from "./rights";
import styles from "./SetLimits.module.css";

type Props = {
  /** Whose; empty while nobody is chosen. */
  of: string;
  among: readonly Sharer[];
  standings: readonly Standing[];
  onClose: () => void;
};

/** What all keys of an organization or a user may use together. It is set as a whole. */
export function SetLimits({ of, among, standings, onClose }: Props) {
  const [chosen, setChosen] = useState(of);
  const [draft, setDraft] = useState(() => present(of, standings));
  const [failure, setFailure] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const sharer = among.find(({ id }) => id === chosen);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (!sharer) return;
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
    <Dialog title={of && sharer ? `Limits of ${sharer.name}` : "Set limits"} onClose={onClose}>
      <form className={styles.form} onSubmit={save} aria-label="Limits">
        {!of && (
          <SelectField
            label="Whose"
            value={chosen}
            required
            onChange={(event) => {
              setChosen(event.target.value);
              setDraft(present(event.target.value, standings));
            }}
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
        <AmountFields
          draft={draft}
          set={(change) => setDraft((before) => ({ ...before, ...change }))}
          error={error}
        />
        <p className={styles.note}>
          This takes the place of all that was set before. Present budgets are filled in; rates and
          budgets of a session are not told, so say them again. What is left empty is not limited.
        </p>
        <p className={styles.error} role="alert">
          {failure && !about ? wordsOf(failure) : ""}
        </p>
        <div className={styles.end}>
          <Button type="submit" look="primary" busy={busy} disabled={!sharer}>
            Save limits
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </form>
    </Dialog>
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

function present(id: string, standings: readonly Standing[]): Amounts {
  const budget = standings
    .filter((standing) => standing.id === id)
    .map(({ usd, window }) => ({ usd, window }));
  return { rpm: "", tpm: "", concurrency: "", budget };
}
