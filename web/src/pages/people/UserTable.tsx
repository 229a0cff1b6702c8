import { Link } from "@tanstack/react-router";
import type { User } from "../../api/people";
import { Badge } from "../../ui/Badge";
import { List, type ListColumn } from "../../ui/List";
import { Time } from "../../ui/Time";
import styles from "./People.module.css";

const COLUMNS: ListColumn<User>[] = [
  {
    name: "Name",
    width: "minmax(7rem, 1.2fr)",
    cell: ({ id, name }) => (
      <Link to="/people/$id" params={{ id }} className={styles.name}>
        {name}
      </Link>
    ),
  },
  {
    name: "Address",
    width: "minmax(8rem, 1.5fr)",
    hide: "phone",
    cell: ({ email }) => email ?? <span>–</span>,
  },
  { name: "Organizations", width: "minmax(6rem, 1.5fr)", cell: (user) => <Roles user={user} /> },
  {
    name: "Added",
    width: "5.5rem",
    hide: "phone",
    cell: ({ created_at }) => <Time at={created_at} />,
  },
  { name: "State", width: "7.5rem", cell: (user) => <State user={user} /> },
];

const nothing = () => undefined;

/** There may be thousands: those in sight are drawn. */
export function UserTable({ label, users }: { label: string; users: readonly User[] }) {
  const services = users.every(({ kind }) => kind === "service");
  return (
    <List
      label={label}
      columns={services ? COLUMNS.filter(({ name }) => name !== "Address") : COLUMNS}
      rows={users}
      rowKey={({ id }) => id}
      more={false}
      onEnd={nothing}
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
