import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { budgets, type Standing } from "../../api/budgets";
import { useMe } from "../../api/me";
import { keys, orgs, users } from "../../api/people";
import { useOrg } from "../../shell/org";
import { Button } from "../../ui/Button";
import { PlainInput } from "../../ui/Field";
import { Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Empty, Failed, SkeletonRows } from "../../ui/states";
import { Tabs } from "../../ui/Tabs";
import { BudgetTable } from "./BudgetTable";
import { sharers } from "./rights";
import { SetLimits } from "./SetLimits";
import { type BudgetsSearch, SCOPES } from "./search";
import { chosen } from "./standings";

/** How every budget stands, and what organizations and users may use. */
export function Budgets() {
  const search = useSearch({ from: "/budgets" });
  const navigate = useNavigate({ from: "/budgets" });
  const me = useMe();
  const org = useOrg();
  const { data, isError, error, refetch } = useQuery(budgets());
  const places = useQuery(orgs()).data?.data ?? [];
  const people = useQuery(users()).data?.data ?? [];
  const ours = useQuery(keys()).data?.data ?? [];
  const may = sharers(me, places, people);
  const within = ({ scope, id }: Standing) => {
    if (!org) return true;
    if (scope === "org") return id === org;
    if (scope === "key") return ours.some((key) => key.id === id && key.org === org);
    return people.some((user) => user.id === id && user.orgs.some((at) => at.id === org));
  };
  const rows = data && chosen(data, search, within);
  const ask = (change: { [name in keyof BudgetsSearch]: BudgetsSearch[name] | undefined }) =>
    navigate({
      search: (before) => {
        const all = Object.entries({ ...before, ...change });
        return Object.fromEntries(all.filter(([, value]) => value !== undefined));
      },
      replace: true,
    });
  return (
    <Page
      title="Budgets and limits"
      about="The most that calls may cost, in US dollars and in UTC"
      actions={
        may.length > 0 && (
          <Button look="primary" onClick={() => ask({ set: "" })}>
            Set limits
          </Button>
        )
      }
    >
      <Panel
        title={
          <Tabs
            label="Whose"
            value={search.scope ?? "all"}
            options={SCOPES}
            onChange={(scope) => ask({ scope: scope === "all" ? undefined : scope })}
          />
        }
        aside={
          <PlainInput
            label="Search budgets"
            type="search"
            placeholder="Name or id"
            value={search.q ?? ""}
            onChange={(event) => ask({ q: event.target.value || undefined })}
          />
        }
        flush
      >
        {isError && !data ? (
          <Failed error={error} retry={() => refetch()} />
        ) : !rows ? (
          <SkeletonRows />
        ) : rows.length > 0 ? (
          <BudgetTable
            rows={rows}
            mayChange={(id) => may.some((one) => one.id === id)}
            onChange={(set) => ask({ set })}
          />
        ) : data?.length === 0 ? (
          <Empty title="Nothing has a budget yet">
            {may.length > 0
              ? "Set what an organization or a person may spend here; a key's own budget is set with the key."
              : "A key's own budget is set with the key; those of organizations by their administrators."}
          </Empty>
        ) : (
          <Empty title="No budget is like that">
            <Button onClick={() => navigate({ search: org ? { org } : {} })}>
              Show all budgets
            </Button>
          </Empty>
        )}
      </Panel>
      {search.set !== undefined && may.length > 0 && data && (
        <SetLimits
          key={search.set}
          of={search.set}
          among={may}
          onClose={() => ask({ set: undefined })}
        />
      )}
    </Page>
  );
}
