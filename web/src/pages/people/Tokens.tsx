import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type CreatedToken, type Holder, revokeToken, type Token, tokens } from "../../api/tokens";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Confirm";
import { CopyBlock } from "../../ui/Copy";
import { Dialog } from "../../ui/Dialog";
import { Panel } from "../../ui/Panel";
import { Empty, Failed, SkeletonRows } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { toast } from "../../ui/Toasts";
import { NewToken } from "./NewToken";
import styles from "./People.module.css";

type Props = {
  of: Holder;
  /** Whether tokens are made and ended by who looks. */
  may: boolean;
};

/** Personal tokens of the control plane. */
export function Tokens({ of, may }: Props) {
  const { data, isError, error, refetch } = useQuery(tokens(of));
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<CreatedToken>();
  const rows = [...(data?.data ?? [])].sort((a, b) => Number(b.active) - Number(a.active));
  return (
    <Panel
      title="Tokens"
      aside={may && <Button onClick={() => setAdding(true)}>New token</Button>}
      flush
    >
      {isError && !data ? (
        <Failed error={error} retry={() => refetch()} />
      ) : !data ? (
        <SkeletonRows rows={2} />
      ) : (
        <Table
          label="Tokens"
          columns={columns(of, may)}
          rows={rows}
          rowKey={({ id }) => id}
          empty={
            <Empty title="No tokens">
              The command line and programs use one to ask the control plane. Agents use keys.
            </Empty>
          }
        />
      )}
      {adding && <NewToken of={of} onMade={setMade} onClose={() => setAdding(false)} />}
      {made && (
        // A press beside it must not take away what is shown once.
        <Dialog title={`The token “${made.name}”`}>
          <p>Copy it now: it is not stored, and is not shown again.</p>
          <CopyBlock text={made.secret} label="Secret of the token" />
          <div>
            <Button look="primary" onClick={() => setMade(undefined)}>
              Done
            </Button>
          </div>
        </Dialog>
      )}
    </Panel>
  );
}

function columns(of: Holder, may: boolean): Column<Token>[] {
  return [
    { name: "Name", wide: true, cell: ({ name }) => name },
    { name: "Begins with", cell: ({ prefix }) => <code>{prefix}…</code> },
    { name: "Scope", cell: ({ scope }) => scope },
    { name: "Made", cell: ({ created_at }) => <Time at={created_at} /> },
    {
      name: "Last used",
      cell: ({ last_used_at }) => (last_used_at ? <Time at={last_used_at} /> : "never"),
    },
    {
      name: "Expires",
      cell: ({ expires_at }) => (expires_at ? <Time at={expires_at} /> : "never"),
    },
    { name: "State", cell: (token) => <State token={token} /> },
    {
      name: "Actions",
      number: true,
      cell: (token) =>
        may &&
        token.active && (
          <span className={styles.small}>
            <Confirm
              label="Revoke"
              question={`Revoke ${token.name} for good?`}
              yes="Revoke"
              act={() => revokeToken(of, token.id).catch(toast.failed)}
            />
          </span>
        ),
    },
  ];
}

function State({ token }: { token: Token }) {
  if (token.active) return <Badge tone="good">active</Badge>;
  return <Badge>{token.revoked_at ? "revoked" : "expired"}</Badge>;
}
