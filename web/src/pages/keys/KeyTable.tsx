import { Link } from "@tanstack/react-router";
import type { Key } from "../../api/keys";
import { useNames } from "../../shell/names";
import { Badge } from "../../ui/Badge";
import { Meter } from "../../ui/Meter";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import styles from "./KeyTable.module.css";
import { limitsText, StandingMeter, useStandings, windowName } from "./meters";

export function KeyTable({ keys }: { keys: readonly Key[] }) {
  const name = useNames();
  const standings = useStandings();
  const columns: Column<Key>[] = [
    {
      name: "Name",
      cell: (key) => (
        <>
          <Link to="/keys/$id" params={{ id: key.id }} className={styles.name} title={key.name}>
            {key.name}
          </Link>
          <span className={styles.beside}>
            <KeyBadges of={key} />
          </span>
        </>
      ),
      wide: true,
    },
    { name: "Owner", cell: (key) => who(key.owner, name) },
    { name: "Organization", cell: (key) => who(key.org, name) },
    { name: "Agent", cell: (key) => who(key.agent, (agent) => agent) },
    { name: "Limits", cell: (key) => <Limits of={key} /> },
    { name: "Budget", cell: (key) => <Budgets of={key} standings={standings(key.id)} /> },
    {
      name: "Last used",
      cell: (key) => (key.last_used_at ? <Time at={key.last_used_at} /> : none("never")),
      number: true,
    },
    { name: "Secret", cell: (key) => <code className={styles.soft}>{key.prefix}…</code> },
  ];
  return <Table label="Keys" columns={columns} rows={keys} rowKey={(key) => key.id} empty={null} />;
}

function none(text = "–") {
  return <span className={styles.faint}>{text}</span>;
}

function who(id: string | null | undefined, name: (id: string) => string) {
  return id ? (
    <span title={name(id)} className={styles.who}>
      {name(id)}
    </span>
  ) : (
    none()
  );
}

function Limits({ of: { limits } }: { of: Key }) {
  const text = limitsText(limits);
  if (!text) return none();
  return (
    <span title={text} className={styles.limits}>
      {text}
    </span>
  );
}

/** What is unusual about a key. */
export function KeyBadges({ of: key }: { of: Key }) {
  return (
    <span className={styles.badges}>
      {key.state === "expired" && <Badge tone="warn">Expired</Badge>}
      {key.state === "revoked" && <Badge tone="bad">Revoked</Badge>}
      {key.kind === "scoped" && <Badge>Scoped</Badge>}
      {key.credentials.platform && <Badge tone="accent">Platform</Badge>}
      {key.managed && <Badge>Configuration file</Badge>}
    </span>
  );
}

type BudgetsProps = { of: Key; standings: ReturnType<ReturnType<typeof useStandings>> };

/** The budget that is the most used up, and how many more there are. */
function Budgets({ of: key, standings }: BudgetsProps) {
  const [first] = standings;
  const [stated] = key.budget;
  if (!stated) return none();
  return (
    <div className={styles.budget}>
      {first ? (
        <StandingMeter standing={first} />
      ) : (
        <Meter
          label={`$${stated.usd} ${windowName(stated.window)}`}
          value={0}
          most={Number(stated.usd)}
          text={stated.window === "session" ? "each" : ""}
        />
      )}
      {key.budget.length > 1 && <span className={styles.soft}>+{key.budget.length - 1}</span>}
    </div>
  );
}
