import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { ApiFailure } from "../../api/client";
import {
  type Credential,
  enableCredential,
  removeCredential,
  type Trial,
  testCredential,
} from "../../api/credentials";
import { duration } from "../../format";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Confirm";
import { LinkButton } from "../../ui/LinkButton";
import { wordsOf } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { Time, Until } from "../../ui/Time";
import { toast } from "../../ui/Toasts";
import styles from "./CredentialTable.module.css";
import { type Row, STATES } from "./rows";

type Props = {
  rows: readonly Row[];
  /** Whether whoever looks may change them. */
  may: boolean;
  onSet: (provider: string, name: string) => void;
};

export function CredentialTable({ rows, may, onSet }: Props) {
  const columns: Column<Row>[] = [
    {
      name: "Provider",
      cell: ({ provider, first }) => (
        <span className={first ? styles.provider : styles.again}>{provider}</span>
      ),
    },
    { name: "Name", cell: ({ credential }) => credential?.name ?? none(), wide: true },
    { name: "State", cell: ({ credential }) => <State of={credential} /> },
    {
      name: "Fingerprint",
      cell: ({ credential }) =>
        credential?.fingerprint ? <code>{credential.fingerprint}</code> : none(),
    },
    {
      name: "Set",
      cell: ({ credential }) =>
        credential?.configured_at ? <Time at={credential.configured_at} /> : none(),
    },
  ];
  // Only credentials of one's own have one.
  if (rows.some(({ credential }) => credential?.base_url)) {
    columns.push({
      name: "Address",
      cell: ({ credential }) => (
        <span title={credential?.base_url ?? undefined}>
          {credential?.base_url ?? none("the provider's")}
        </span>
      ),
      wide: true,
    });
  }
  if (rows.some(({ credential }) => credential?.id)) {
    columns.push({
      name: "Used",
      cell: ({ provider, credential }) =>
        credential?.id ? (
          <Link
            to="/calls"
            search={{ credential: credential.id }}
            aria-label={`Calls with ${provider} ${credential.name}`}
          >
            Calls
          </Link>
        ) : (
          none()
        ),
    });
  }
  if (may) {
    columns.push({
      name: "Actions",
      cell: ({ provider, credential }) =>
        credential ? (
          <Actions of={credential} onReplace={() => onSet(provider, credential.name)} />
        ) : (
          <span className={styles.actions}>
            <Button aria-label={`Set ${provider}`} onClick={() => onSet(provider, "default")}>
              Set
            </Button>
          </span>
        ),
      number: true,
    });
  }
  return (
    <Table
      label="Credentials"
      columns={columns}
      rows={rows}
      rowKey={({ provider, credential }) => `${provider} ${credential?.name ?? ""}`}
      empty={null}
    />
  );
}

const LAST_REFUSAL =
  "In a call, as this replica has seen since it started. 401: refused; 429: at a limit.";

function isAccount({ kind }: Credential): boolean {
  return kind === "oauth_account";
}

function none(text = "–") {
  return <span className={styles.faint}>{text}</span>;
}

function State({ of: credential }: { of: Credential | undefined }) {
  const [tone, text] = STATES[credential?.state ?? "missing"];
  return (
    <span className={styles.state}>
      <Badge tone={tone}>{text}</Badge>
      {credential?.managed && <Badge>Configuration file</Badge>}
      {credential && isAccount(credential) && <Badge>Account</Badge>}
      {credential?.state === "stale" && credential.stale_since && (
        <span className={styles.faint}>
          since <Time at={credential.stale_since} />
        </span>
      )}
      {credential?.state === "cooling" && credential.until && (
        <span className={styles.faint}>
          back <Until at={credential.until} />
        </span>
      )}
      {credential?.last_refusal && credential.state !== "stale" && (
        <span className={styles.faint} title={LAST_REFUSAL}>
          last refused with {credential.last_refusal.status}{" "}
          <Time at={credential.last_refusal.at} />
        </span>
      )}
    </span>
  );
}

function Actions({ of: credential, onReplace }: { of: Credential; onReplace: () => void }) {
  const [trial, setTrial] = useState<Trial>();
  const [failure, setFailure] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const { id, name, provider, state, managed } = credential;
  if (!id) return null;
  // It tries itself out with each renewal, and no key takes its place.
  if (isAccount(credential)) {
    return (
      <span className={styles.actions}>
        <LinkButton to="/accounts">Account</LinkButton>
      </span>
    );
  }
  const test = async () => {
    setBusy(true);
    setTrial(undefined);
    setFailure(undefined);
    await testCredential(id).then(setTrial, setFailure);
    setBusy(false);
  };
  const act = (action: Promise<unknown>, done: string) =>
    action.then(() => toast.done(done), toast.failed);
  const off = state === "disabled";
  return (
    <span className={styles.actions}>
      <span role="status" className={styles.trial}>
        {trial && <Result of={trial} />}
        {failure !== undefined && <span className={styles.refused}>{whyNot(failure)}</span>}
      </span>
      <Button busy={busy} onClick={test}>
        Test
      </Button>
      {!managed && (
        <>
          <Button onClick={onReplace}>Replace</Button>
          <Button
            onClick={() =>
              act(enableCredential(id, off), `Switched ${off ? "on" : "off"} ${provider} ${name}`)
            }
          >
            {off ? "Enable" : "Disable"}
          </Button>
          <Confirm
            label="Remove"
            question="Remove it for good?"
            yes="Remove"
            act={() => act(removeCredential(id), `Removed ${provider} ${name}`)}
          />
        </>
      )}
    </span>
  );
}

/** Why there was no test. */
function whyNot(failure: unknown): string {
  const soon = failure instanceof ApiFailure && failure.status === 429;
  return soon ? "Tested a moment ago: wait a little" : wordsOf(failure);
}

function Result({ of: { ok, status, error, latency_ms } }: { of: Trial }) {
  if (ok) return <Badge tone="good">✓ Taken, {duration(latency_ms)}</Badge>;
  return (
    <span className={styles.refused} title={error ?? undefined}>
      <Badge tone="bad">✕ {status ? `Status ${status}` : "No answer"}</Badge> {error}
    </span>
  );
}
