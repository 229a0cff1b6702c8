import { Link } from "@tanstack/react-router";
import type { User } from "../../api/people";
import { Badge } from "../../ui/Badge";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import styles from "./People.module.css";

const COLUMNS: Column<User>[] = [
  {
    name: "Name",
    wide: true,
    cell: ({ id, name }) => (
      <Link to="/people/$id" params={{ id }} className={styles.name}>
        {name}
      </Link>
    ),
  },
  { name: "Address", wide: true, cell: ({ email }) => email ?? <span>–</span> },
  { name: "Organizations", wide: true, cell: (user) => <Roles user={user} /> },
  { name: "Added", cell: ({ created_at }) => <Time at={created_at} /> },
  { name: "State", cell: (user) => <State user={user} /> },
];

export function UserTable({ label, users }: { label: string; users: readonly User[] }) {
  const services = users.every(({ kind }) => kind === "service");
  return (
    <Table
      label={label}
      columns={services ? COLUMNS.filter(({ name }) => name !== "Address") : COLUMNS}
      rows={users}
      rowKey={({ id }) => id}
      empty={null}
    />
  );
}

function Roles({ user }: { user: User }) {
  if (user.orgs.length === 0) return <span>–</span>;
  return user.orgs.map(({ name, role }) => `${name} (${role})`).join(", ");
}

export function State({ user }: { user: User }) {
  if (user.disabled_at) return <Badge tone="bad">off</Badge>;
  if (user.admin) return <Badge tone="accent">administrator</Badge>;
  return <Badge tone="good">on</Badge>;
}
