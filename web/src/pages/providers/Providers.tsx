import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { accounts } from "../../api/accounts";
import { isPlatform, useMe, writes } from "../../api/me";
import { deleteProvider, type Provider, providers } from "../../api/routing";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Confirm";
import { Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Empty, Failed, SkeletonRows } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { Until } from "../../ui/Time";
import { toast } from "../../ui/Toasts";
import { Bridges } from "./Bridges";
import { EditProvider } from "./EditProvider";
import styles from "./Providers.module.css";
import { Routes } from "./Routes";
import { missingOf, remedyOf, stateOf } from "./states";
import { WhatWould } from "./WhatWould";

const REFRESH_MS = 10_000;

/** Who is called, how they are doing, and which models lead to them. */
export function Providers() {
  const me = useMe();
  const may = isPlatform(me) && writes(me);
  const { data, isError, error, refetch } = useQuery({
    ...providers(),
    refetchInterval: REFRESH_MS,
  });
  const [editing, setEditing] = useState<Provider | "new">();
  return (
    <Page
      title="Providers and routes"
      actions={
        may && (
          <Button look="primary" onClick={() => setEditing("new")}>
            New provider
          </Button>
        )
      }
    >
      <Panel title="Providers" flush>
        {isError && !data ? (
          <Failed error={error} retry={() => refetch()} />
        ) : !data ? (
          <SkeletonRows rows={2} />
        ) : (
          <Table
            label="Providers"
            columns={columnsOf(isPlatform(me), may, setEditing)}
            rows={data.data}
            rowKey={({ name }) => name}
            empty={
              <Empty title="There are no providers yet">
                Add the vendor or server that calls are to go to.
              </Empty>
            }
          />
        )}
      </Panel>
      <Bridges providers={data?.data ?? []} />
      <Routes may={may} providers={data?.data ?? []} />
      {writes(me) && <WhatWould />}
      {editing && (
        <EditProvider
          provider={editing === "new" ? undefined : editing}
          onClose={() => setEditing(undefined)}
        />
      )}
    </Page>
  );
}

/** Of their addresses and of the platform's credentials others are not told, so nothing is said of them. */
function columnsOf(
  whole: boolean,
  may: boolean,
  onEdit: (provider: Provider) => void,
): Column<Provider>[] {
  const columns: Column<Provider>[] = [
    { name: "Name", cell: ({ name }) => <b className={styles.name}>{name}</b> },
    { name: "State", cell: (provider) => <State of={provider} /> },
  ];
  if (!whole) {
    return [...columns, { name: "Protocols", cell: ({ protocols }) => protocols.join(", ") }];
  }
  return [
    ...columns,
    {
      name: "Platform's credential",
      cell: ({ configured, auth, bridge }) => {
        if (bridge) return "a bridge to a login";
        return auth === "none" ? "needs none" : configured ? "there" : "none";
      },
    },
    { name: "Endpoints", wide: true, cell: ({ endpoints }) => <Endpoints of={endpoints} /> },
    {
      name: "Actions",
      number: true,
      cell: (provider) => <Actions provider={provider} may={may} onEdit={() => onEdit(provider)} />,
    },
  ];
}

function State({ of: provider }: { of: Provider }) {
  const [tone, word] = stateOf(provider);
  const missing = missingOf(provider);
  return (
    <>
      <Badge tone={tone}>{word}</Badge>
      {provider.until && (
        <span className={styles.faint}>
          {" "}
          back <Until at={provider.until} />
        </span>
      )}{" "}
      <Remedy of={provider} />
      {missing && <span className={styles.missing}>{missing}</span>}
    </>
  );
}

/** Leads to where what it lacks is set. This page is the operator's, and so is what is set first from here. */
function Remedy({ of: provider }: { of: Provider }) {
  const logins = useQuery(accounts()).data?.data ?? [];
  const remedy = remedyOf(provider, logins);
  if (!remedy) return null;
  const { label, set } = remedy;
  return remedy.to === "/accounts" ? (
    <Link
      to={remedy.to}
      search={set ? { add: "login", provider: set } : {}}
      className={styles.remedy}
    >
      {label}
    </Link>
  ) : (
    <Link
      to={remedy.to}
      search={{ ...(remedy.of && { of: remedy.of }), ...(set && { set }) }}
      className={styles.remedy}
    >
      {label}
    </Link>
  );
}

function Endpoints({ of }: { of: Provider["endpoints"] }) {
  const text = Object.entries(of ?? {})
    .map(([protocol, url]) => `${protocol} ${url}`)
    .join("\n");
  return <span title={text}>{text.replaceAll("\n", " · ")}</span>;
}

type ActionsProps = { provider: Provider; may: boolean; onEdit: () => void };

function Actions({ provider, may, onEdit }: ActionsProps) {
  const { name, managed } = provider;
  if (managed) return <span className={styles.faint}>in the configuration file</span>;
  if (!may) return null;
  return (
    <span className={styles.actions}>
      <Button onClick={onEdit} aria-label={`Edit ${name}`}>
        Edit
      </Button>
      <Confirm
        label="Remove"
        question={`Remove ${name}?`}
        yes="Remove"
        act={() => deleteProvider(name).catch(toast.failed)}
      />
    </span>
  );
}
