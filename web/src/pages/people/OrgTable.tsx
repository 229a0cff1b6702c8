import { Link } from "@tanstack/react-router";
import type { Org, User } from "../../api/people";
import { count } from "../../format";
import { Badge } from "../../ui/Badge";
import { Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import styles from "./People.module.css";

type Props = { orgs: readonly Org[]; people: readonly User[] | undefined };

export function OrgTable({ orgs, people }: Props) {
  const inside = (org: Org) =>
    people?.filter((user) => user.orgs.some(({ id }) => id === org.id)).length;
  return (
    <Table
      label="Organizations"
      columns={[
        {
          name: "Name",
          wide: true,
          cell: ({ id, name }) => (
            <Link to="/organizations/$id" params={{ id }} className={styles.name}>
              {name}
            </Link>
          ),
        },
        { name: "Members", number: true, cell: (org) => count(inside(org)) },
        { name: "You are", cell: ({ role }) => role },
        { name: "Added", cell: ({ created_at }) => <Time at={created_at} /> },
        {
          name: "State",
          cell: ({ disabled_at }) =>
            disabled_at ? <Badge tone="bad">off</Badge> : <Badge tone="good">on</Badge>,
        },
      ]}
      rows={orgs}
      rowKey={({ id }) => id}
      empty={null}
    />
  );
}
