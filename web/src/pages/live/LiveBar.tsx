import { useMemo } from "react";
import type { RunningCall } from "../../api/live";
import type { Call } from "../../api/record";
import { useNames } from "../../shell/names";
import { Button } from "../../ui/Button";
import { PlainSelect } from "../../ui/Field";
import { DIMENSIONS, type Dimension, dimensionOf, type LiveSearch } from "./feed";
import styles from "./LiveBar.module.css";

type Props = {
  search: LiveSearch;
  /** Where there is something to choose from. */
  calls: readonly Call[];
  running: readonly RunningCall[] | undefined;
  onChange: (search: LiveSearch) => void;
};

/** Which calls are looked at, chosen from those that came by. */
export function LiveBar({ search, calls, running, onChange }: Props) {
  const name = useNames();
  const choices = useMemo(() => {
    const of = (dimension: Dimension) => {
      const found = new Set(calls.map((call) => dimensionOf(call, dimension)));
      for (const call of running ?? []) found.add(dimensionOf(call, dimension));
      const chosen = search[dimension];
      if (chosen) found.add(chosen);
      found.delete("");
      return [...found].sort();
    };
    return new Map(DIMENSIONS.map(([dimension]) => [dimension, of(dimension)]));
  }, [calls, running, search]);
  const set = (dimension: Dimension, value: string) => {
    const { [dimension]: _, ...rest } = search;
    onChange(value ? { ...rest, [dimension]: value } : rest);
  };
  return (
    <search className={styles.bar} aria-label="Filters">
      {DIMENSIONS.map(([dimension, label]) => (
        <PlainSelect
          key={dimension}
          label={label}
          data-set={search[dimension] ? "" : undefined}
          value={search[dimension] ?? ""}
          onChange={(event) => set(dimension, event.target.value)}
        >
          <option value="">{label}</option>
          {choices.get(dimension)?.map((choice) => (
            <option key={choice} value={choice}>
              {dimension === "outcome" ? choice.replaceAll("_", " ") : name(choice)}
            </option>
          ))}
        </PlainSelect>
      ))}
      {Object.keys(search).length > 0 && (
        <Button look="quiet" onClick={() => onChange({})}>
          Clear
        </Button>
      )}
    </search>
  );
}
