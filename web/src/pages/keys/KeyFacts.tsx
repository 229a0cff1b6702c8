import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Key } from "../../api/keys";
import { usage } from "../../api/record";
import { compact, count, money, share } from "../../format";
import { useNames } from "../../shell/names";
import { Columns } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Skeleton } from "../../ui/states";
import { Time } from "../../ui/Time";
import styles from "./KeyFacts.module.css";
import { limitsText, StandingMeter, useStandings, windowName } from "./meters";

type Fact = readonly [name: string, value: ReactNode];

/** What is known of a key, and how much of its budgets is used. */
export function KeyFacts({ of: key }: { of: Key }) {
  const name = useNames();
  const list = (names: readonly string[] | null | undefined) => names?.join(", ") ?? "All";
  return (
    <Columns>
      <Panel title="Key">
        <Facts
          facts={[
            ["Id", <code key="id">{key.id}</code>],
            ["Secret", <code key="secret">{key.prefix}…</code>],
            ["Owner", key.owner ? name(key.owner) : "Nobody"],
            ["Organization", key.org ? name(key.org) : "None"],
            ["Agent", key.agent ?? "None"],
            ["Created", <Time key="created" at={key.created_at} />],
            ["Last used", key.last_used_at ? <Time key="used" at={key.last_used_at} /> : "Never"],
            ["Expires", key.expires_at ? <Time key="expires" at={key.expires_at} /> : "Never"],
            ...(key.grace_until
              ? [["Old secret works until", <Time key="grace" at={key.grace_until} />] as const]
              : []),
            ...(key.revoked_at
              ? [["Revoked", <Time key="revoked" at={key.revoked_at} />] as const]
              : []),
          ]}
        />
      </Panel>
      <Panel title="May use">
        <Facts
          facts={[
            ["Models", list(key.models)],
            ["Providers", list(key.providers)],
            ["Routes", list(key.routes)],
            ["Credentials", sources(key)],
            ["Lossy translation", key.strict ? "Refused" : "Allowed"],
            ["Kept of bodies", key.capture === "off" ? "Nothing" : key.capture],
          ]}
        />
      </Panel>
      <Panel title="Limits and budgets">
        <Amounts of={key} />
      </Panel>
      <Usage of={key} />
    </Columns>
  );
}

export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <div key={name} className={styles.fact}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const SOURCES = [
  ["client", "the client's"],
  ["user", "its owner's"],
  ["org", "its organization's"],
  ["platform", "the platform's"],
] as const;

function sources({ credentials, credential_source }: Key): string {
  const fixed = SOURCES.find(([source]) => source === credential_source);
  if (fixed) return `Only ${fixed[1]}`;
  const allowed = SOURCES.filter(([source]) => credentials[source]).map(([, name]) => name);
  const text = allowed.join(", then ");
  return text ? text[0]?.toUpperCase() + text.slice(1) : "None";
}

function Amounts({ of: key }: { of: Key }) {
  const standings = useStandings()(key.id);
  const others = key.budget.filter(
    ({ window }) => !standings.some((standing) => standing.window === window),
  );
  return (
    <div className={styles.amounts}>
      <Facts
        facts={[
          ["Rates", limitsText(key.limits) ?? "No limits of its own"],
          ...(key.budget.length === 0 ? [["Budget", "None of its own"] as const] : []),
          ...others.map(
            ({ usd, window }) => ["Budget", `${money(usd)} ${windowName(window)}`] as const,
          ),
        ]}
      />
      {standings.map((standing) => (
        <div key={standing.window}>
          <StandingMeter standing={standing} />
          {standing.resets_at && (
            <p className={styles.note}>
              Begins anew <Time at={standing.resets_at} />
            </p>
          )}
        </div>
      ))}
    </div>
  );
}

function Usage({ of: key }: { of: Key }) {
  const totals = useQuery(usage({ key: key.id, group_by: "outcome" })).data?.totals;
  const tokens = Object.entries(totals?.usage ?? {}).reduce(
    // Reasoning is part of the output.
    (sum, [bucket, tokens]) => sum + (bucket === "reasoning" ? 0 : (tokens ?? 0)),
    0,
  );
  const wait = <Skeleton height="1rem" width="4rem" />;
  return (
    <Panel title="On record">
      <Facts
        facts={[
          ["Calls", totals ? count(totals.calls) : wait],
          ["Errors", totals ? share(totals.errors, totals.calls) : wait],
          ["Tokens", totals ? compact(tokens) : wait],
          ["Cost", totals ? money(totals.cost_usd ?? "0") : wait],
        ]}
      />
    </Panel>
  );
}
