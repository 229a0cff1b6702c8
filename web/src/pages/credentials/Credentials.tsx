import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { credentials, type Owner } from "../../api/credentials";
import { isAtLeast, isPlatform, useMe, writes } from "../../api/me";
import { orgs } from "../../api/people";
import { queries } from "../../api/queries";
import { useProviderNames } from "../../api/routing";
import { useOrg } from "../../shell/org";
import { Button } from "../../ui/Button";
import { PlainSelect } from "../../ui/Field";
import { Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Empty, Failed, SkeletonRows } from "../../ui/states";
import { Tabs } from "../../ui/Tabs";
import styles from "./Credentials.module.css";
import { CredentialTable } from "./CredentialTable";
import { rowsOf } from "./rows";
import { SetCredential } from "./SetCredential";
import { type CredentialsSearch, ownersFor } from "./search";

const ABOUT = {
  me: "Drawn on by your own keys, before anybody else's",
  org: "Drawn on by the organization's keys where their owners have none",
  platform: "Drawn on only by keys that may spend the platform's money",
};

export function Credentials() {
  const search = useSearch({ from: "/credentials" });
  const navigate = useNavigate({ from: "/credentials" });
  const me = useMe();
  const chosen = useOrg();
  const places = useQuery(orgs());
  const known = useProviderNames();
  const mine = (places.data?.data ?? []).filter(({ id }) => isAtLeast(me, "viewer", id));
  const owners = ownersFor(me, mine.length);
  const of = owners.find(([name]) => name === search.of)?.[0] ?? owners[0]?.[0] ?? "platform";
  const org = mine.find(({ id }) => id === chosen) ?? mine[0];
  const owner: Owner = of === "org" ? { of, org: org?.id ?? "" } : { of };
  const { data, isError, error } = useQuery({
    ...credentials(owner),
    enabled: of !== "org" || Boolean(org),
  });
  const may =
    writes(me) &&
    (of === "me" || (of === "platform" ? isPlatform(me) : isAtLeast(me, "admin", org?.id)));
  const ask = (change: CredentialsSearch) => navigate({ search: () => ({ of, ...change }) });
  const failed = (isError && !data && error) || known.error;
  const rows = data && known.names && rowsOf(known.names, data.data);
  return (
    <Page
      title="Credentials"
      about="What goes to the providers. A secret is sealed when it arrives, and never comes back."
      actions={
        may && (
          <Button look="primary" onClick={() => ask({ set: "" })}>
            Add a credential
          </Button>
        )
      }
    >
      <Panel
        title={
          <Tabs
            label="Whose"
            value={of}
            options={owners}
            onChange={(of) => navigate({ search: () => ({ of }) })}
          />
        }
        aside={
          of === "org" && !chosen && mine.length > 1 ? (
            <PlainSelect
              label="Whose organization"
              value={org?.id}
              onChange={(event) => {
                const chosen = event.target.value;
                void navigate({ search: () => ({ of, org: chosen }) });
              }}
            >
              {mine.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </PlainSelect>
          ) : (
            <span className={styles.about}>{ABOUT[of]}</span>
          )
        }
        flush
      >
        {failed ? (
          <Failed error={failed} retry={() => queries.refetchQueries({ type: "active" })} />
        ) : !rows ? (
          <SkeletonRows rows={5} />
        ) : rows.length === 0 ? (
          <Empty title="No provider is known here">
            Whoever administers this installation adds providers and routes to them; then their
            credentials are set here.
          </Empty>
        ) : (
          <CredentialTable rows={rows} may={may} onSet={(set, name) => ask({ set, name })} />
        )}
      </Panel>
      {search.set !== undefined && may && rows && (
        <SetCredential
          key={`${search.set} ${search.name}`}
          owner={owner}
          provider={search.set}
          name={search.name}
          providers={[...new Set(rows.map(({ provider }) => provider))]}
          taken={data?.data ?? []}
          onClose={() => ask({})}
        />
      )}
    </Page>
  );
}
