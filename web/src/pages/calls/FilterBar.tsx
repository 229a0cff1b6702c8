import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { usage } from "../../api/record";
import { useNames } from "../../shell/names";
import { useOrg } from "../../shell/org";
import { Button } from "../../ui/Button";
import { PlainInput, PlainSelect } from "../../ui/Field";
import styles from "./FilterBar.module.css";
import { BESIDES, type CallsSearch, CHOICES, DIMENSIONS, type Dimension, TYPED } from "./filter";
import { TimeFilter } from "./TimeFilter";

type Props = { search: CallsSearch; onChange: (search: CallsSearch) => void };

/** What is filtered by, each chosen from what there is. */
export function FilterBar({ search, onChange }: Props) {
  const set = (name: keyof CallsSearch, value: string | undefined) => {
    if ((value ?? "") === (search[name] ?? "")) return;
    const { [name]: _, ...rest } = search;
    onChange(value ? { ...rest, [name]: value } : rest);
  };
  return (
    <search className={styles.bar} aria-label="Filters">
      <TimeFilter search={search} onChange={onChange} />
      {DIMENSIONS.map(([name, label]) => (
        <Choice
          key={name}
          name={name}
          label={label}
          value={search[name]}
          onChange={(value) => set(name, value)}
        />
      ))}
      {CHOICES.map(([name, label, options]) => (
        <PlainSelect
          key={name}
          label={label}
          data-set={search[name] ? "" : undefined}
          value={search[name] ?? ""}
          onChange={(event) => set(name, event.target.value || undefined)}
        >
          <option value="">{label}</option>
          {options.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </PlainSelect>
      ))}
      {TYPED.map(([name, label, example]) => (
        <PlainInput
          // What another address says replaces what was typed.
          key={`${name} ${search[name] ?? ""}`}
          label={label}
          placeholder={`${label}: ${example}`}
          data-set={search[name] ? "" : undefined}
          defaultValue={search[name] ?? ""}
          onBlur={(event) => set(name, clean(name, event.target.value))}
          onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
        />
      ))}
      {Object.keys(search).length > 0 && (
        <Button look="quiet" onClick={() => onChange({})}>
          Clear
        </Button>
      )}
    </search>
  );
}

/** People write sums with their sign. */
function clean(name: string, text: string): string {
  return name === "min_cost_usd" ? text.replace(/[$\s]/g, "") : text.trim();
}

type ChoiceProps = {
  name: Dimension;
  label: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
};

/** Asks what there is only when somebody wants to choose. */
function Choice({ name, label, value, onChange }: ChoiceProps) {
  const [wanted, setWanted] = useState(false);
  const org = useOrg();
  const nameOf = useNames();
  const groups = useQuery({
    ...usage({ group_by: name, limit: 100, ...(org && { org }) }),
    enabled: wanted,
  });
  const found = (groups.data?.data ?? []).flatMap(({ group }) => (group ? [group] : []));
  const besides = BESIDES[name];
  const known = found.includes(value ?? "") || value === besides?.[0];
  const options = value && !known ? [value, ...found] : found;
  const want = () => setWanted(true);
  return (
    <PlainSelect
      label={label}
      data-set={value ? "" : undefined}
      value={value ?? ""}
      onPointerEnter={want}
      onFocus={want}
      onChange={(event) => onChange(event.target.value || undefined)}
    >
      <option value="">{label}</option>
      {besides && <option value={besides[0]}>{besides[1]}</option>}
      {options.map((option) => (
        <option key={option} value={option}>
          {nameOf(option)}
        </option>
      ))}
    </PlainSelect>
  );
}
