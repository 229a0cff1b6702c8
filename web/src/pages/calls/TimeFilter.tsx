import { useState } from "react";
import { PlainInput, PlainSelect } from "../../ui/Field";
import { asTyped, type Between, fromTyped } from "./between";
import { type CallsSearch, SINCE, type Since } from "./filter";

const CUSTOM = "between";

type Props = { search: CallsSearch; onChange: (search: CallsSearch) => void };

/** How far back, or between which two moments. */
export function TimeFilter({ search, onChange }: Props) {
  const { since, from, to, ...rest } = search;
  const [wanted, setWanted] = useState(false);
  const custom = Boolean(from || to) || (wanted && !since);
  const choose = (value: string) => {
    setWanted(value === CUSTOM);
    if (value !== CUSTOM) onChange({ ...rest, ...(value && { since: value as Since }) });
    else if (since) onChange(rest);
  };
  const set = (change: { [name in keyof Between]: string | undefined }) => {
    const { from: begins, to: ends } = { from, to, ...change };
    // Whoever empties one field goes on to the other.
    setWanted(true);
    onChange({ ...rest, ...(begins && { from: begins }), ...(ends && { to: ends }) });
  };
  return (
    <>
      <PlainSelect
        label="Time"
        value={custom ? CUSTOM : (since ?? "")}
        onChange={(event) => choose(event.target.value)}
      >
        <option value="">Any time</option>
        {SINCE.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
        <option value={CUSTOM}>Between…</option>
      </PlainSelect>
      {custom && (
        <>
          <Moment label="From" value={from} onSet={(from) => set({ from })} />
          <Moment label="To" value={to} onSet={(to) => set({ to })} />
        </>
      )}
    </>
  );
}

type MomentProps = {
  label: string;
  value: string | undefined;
  onSet: (moment: string | undefined) => void;
};

/** Taken when it is left, or with Enter: half a date is none. */
function Moment({ label, value, onSet }: MomentProps) {
  return (
    <PlainInput
      key={value ?? ""}
      label={label}
      type="datetime-local"
      data-set={value ? "" : undefined}
      defaultValue={asTyped(value)}
      onBlur={({ target }) => {
        if (target.value !== asTyped(value)) onSet(fromTyped(target.value));
      }}
      onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
    />
  );
}
