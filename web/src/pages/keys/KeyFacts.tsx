import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Key } from "../../api/keys";
import { usage } from "../../api/record";
import { compact, count, money, share } from "../../format";
import { useNames } from "../../shell/names";
import { Fact, Facts } from "../../ui/Facts";
import { Columns } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Skeleton } from "../../ui/states";
import { Time } from "../../ui/Time";
import { byList } from "../calls/paid";
import styles from "./KeyFacts.module.css";
import { limitsText, StandingMeter, useStandings, windowName } from "./meters";

/** What is known of a key, and how much of its budgets is used. */
export function KeyFacts({ of: key }: { of: Key }) {
  const name = useNames();
  const list = (names: readonly string[] | null | undefined) => names?.join(", ") ?? "All";
  return (
    <Columns>
      <Panel title="Key">
        <Facts>
          <Fact name="Id">
            <code>{key.id}</code>
          </Fact>
          <Fact name="Secret">
            <code>{key.prefix}…</code>
          </Fact>
          <Fact name="Owner">{key.owner ? name(key.owner) : "Nobody"}</Fact>
          <Fact name="Organization">{key.org ? name(key.org) : "None"}</Fact>
          <Fact name="Agent">{key.agent ?? "None"}</Fact>
          <Fact name="Created">
            <Time at={key.created_at} />
          </Fact>
          <Fact name="Last used">
            {key.last_used_at ? <Time at={key.last_used_at} /> : "Never"}
          </Fact>
          <Fact name="Expires">{key.expires_at ? <Time at={key.expires_at} /> : "Never"}</Fact>
          <Fact name="Old secret works until">
            {key.grace_until && <Time at={key.grace_until} />}
          </Fact>
          <Fact name="Revoked">{key.revoked_at && <Time at={key.revoked_at} />}</Fact>
        </Facts>
      </Panel>
      <Panel title="May use">
        <Facts>
          <Fact name="Models">{list(key.models)}</Fact>
          <Fact name="Providers">{list(key.providers)}</Fact>
          <Fact name="Routes">{list(key.routes)}</Fact>
          <Fact name="Credentials">{sources(key)}</Fact>
          <Fact name="Lossy translation">{key.strict ? "Refused" : "Allowed"}</Fact>
          <Fact name="Kept of bodies">{key.capture === "off" ? "Nothing" : key.capture}</Fact>
        </Facts>
      </Panel>
      <Panel title="Limits and budgets">
        <Amounts of={key} />
      </Panel>
      <Usage of={key} />
    </Columns>
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
      <Facts>
        <Fact name="Rates">{limitsText(key.limits) ?? "No limits of its own"}</Fact>
        {key.budget.length === 0 && <Fact name="Budget">None of its own</Fact>}
        {others.map(({ usd, window }) => (
          <Fact key={window} name="Budget">
            {money(usd)} {windowName(window)}
          </Fact>
        ))}
      </Facts>
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
  const list = totals && byList(totals);
  const wait = <Skeleton height="1rem" width="4rem" />;
  return (
    <Panel
      title="On record"
      aside={
        <Link to="/calls" search={{ key: key.id }}>
          Its calls
        </Link>
      }
    >
      <Facts>
        <Fact name="Calls">{totals ? count(totals.calls) : wait}</Fact>
        <Fact name="Errors">{totals ? share(totals.errors, totals.calls) : wait}</Fact>
        <Fact name="Tokens">{totals ? compact(tokens) : wait}</Fact>
        <Fact name="Cost">{totals ? money(totals.cost_usd ?? "0") : wait}</Fact>
        <Fact name="By list price">{list && money(list)}</Fact>
      </Facts>
    </Panel>
  );
}
