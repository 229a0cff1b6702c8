import { Button } from "../../../ui/Button";
import { PlainInput, PlainSelect, TextField } from "../../../ui/Field";
import { type Amounts, WINDOWS } from "../draft";
import styles from "../KeyForm.module.css";

const RATES = [
  ["rpm", "Calls a minute"],
  ["tpm", "Tokens a minute"],
  ["concurrency", "Calls at once"],
] as const;

type AmountProps = {
  draft: Amounts;
  set: (change: Partial<Amounts>) => void;
  error: (field: string) => string | undefined;
};

/** Rates and budgets. What is left empty is not limited. */
export function AmountFields({ draft, set, error }: AmountProps) {
  return (
    <div className={styles.fields}>
      <div className={styles.three}>
        {RATES.map(([field, label]) => (
          <TextField
            key={field}
            label={label}
            type="number"
            min={1}
            step={1}
            inputMode="numeric"
            placeholder="no limit"
            value={draft[field]}
            error={error(`limits.${field}`)}
            onChange={(event) => set({ [field]: event.target.value })}
          />
        ))}
      </div>
      <BudgetFields
        budget={draft.budget}
        error={error("budget")}
        onChange={(budget) => set({ budget })}
      />
    </div>
  );
}

type Budget = { usd: string; window: string };
type Props = {
  budget: readonly Budget[];
  error: string | undefined;
  onChange: (budget: Budget[]) => void;
};

/** At most one budget for each window. */
export function BudgetFields({ budget, error, onChange }: Props) {
  const free = WINDOWS.filter(([window]) => budget.every((other) => other.window !== window));
  const change = (index: number, part: Partial<Budget>) =>
    onChange(budget.map((one, at) => (at === index ? { ...one, ...part } : one)));
  // A month is what budgets are mostly for.
  const next = free.find(([window]) => window === "month") ?? free[0];
  return (
    <fieldset className={styles.group}>
      <legend>Budgets, in US dollars</legend>
      {budget.map(({ usd, window }, index) => (
        <div key={window} className={styles.row}>
          <PlainInput
            label={`US dollars ${WINDOWS.find(([name]) => name === window)?.[1] ?? window}`}
            inputMode="decimal"
            placeholder="US dollars"
            value={usd}
            required
            autoFocus={!usd}
            onChange={(event) => change(index, { usd: event.target.value })}
          />
          <PlainSelect
            label="Window"
            value={window}
            onChange={(event) => change(index, { window: event.target.value })}
          >
            {WINDOWS.filter(
              ([name]) => name === window || free.some(([other]) => other === name),
            ).map(([name, text]) => (
              <option key={name} value={name}>
                {text}
              </option>
            ))}
          </PlainSelect>
          <Button
            look="quiet"
            aria-label="Remove this budget"
            onClick={() => onChange(budget.filter((_, at) => at !== index))}
          >
            ✕
          </Button>
        </div>
      ))}
      {error && (
        <p role="alert" className={styles.error}>
          {error}
        </p>
      )}
      {next && (
        <div>
          <Button onClick={() => onChange([...budget, { usd: "", window: next[0] }])}>
            Add a budget
          </Button>
        </div>
      )}
    </fieldset>
  );
}
