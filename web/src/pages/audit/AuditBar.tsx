import { useQuery } from "@tanstack/react-query";
import { users } from "../../api/people";
import { useNames } from "../../shell/names";
import { Button } from "../../ui/Button";
import { PlainSelect } from "../../ui/Field";
import styles from "./Audit.module.css";
import { ACTIONS, type AuditSearch, KINDS, SINCE } from "./search";

type Props = { search: AuditSearch; onChange: (search: AuditSearch) => void };

/** Which entries are looked at. */
export function AuditBar({ search, onChange }: Props) {
  const name = useNames();
  const people = useQuery(users()).data?.data ?? [];
  const { actor } = search;
  const other = actor && !KINDS.includes(actor) && !people.some(({ id }) => id === actor);
  const set = (field: keyof AuditSearch, value: string) => {
    const { [field]: _, ...rest } = search;
    onChange(value ? { ...rest, [field]: value } : rest);
  };
  return (
    <search className={styles.bar} aria-label="Filters">
      <PlainSelect
        label="Time"
        value={search.since ?? ""}
        onChange={(event) => set("since", event.target.value)}
      >
        <option value="">Any time</option>
        {SINCE.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </PlainSelect>
      <PlainSelect
        label="Action"
        value={search.action ?? ""}
        onChange={(event) => set("action", event.target.value)}
      >
        <option value="">Any action</option>
        {ACTIONS.map((action) => (
          <option key={action}>{action}</option>
        ))}
      </PlainSelect>
      <PlainSelect
        label="Who"
        value={actor ?? ""}
        onChange={(event) => set("actor", event.target.value)}
      >
        <option value="">Anybody</option>
        {other && <option value={actor}>{name(actor)}</option>}
        <optgroup label="Any">
          {KINDS.map((kind) => (
            <option key={kind}>{kind}</option>
          ))}
        </optgroup>
        <optgroup label="User">
          {people.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </optgroup>
      </PlainSelect>
      {Object.keys(search).length > 0 && (
        <Button look="quiet" onClick={() => onChange({})}>
          Clear
        </Button>
      )}
    </search>
  );
}
