import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMe } from "../../api/me";
import { orgs, users } from "../../api/people";
import { useOrg } from "../../shell/org";
import { Button } from "../../ui/Button";
import { PlainInput } from "../../ui/Field";
import { Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Empty, Failed, SkeletonRows } from "../../ui/states";
import { Tabs } from "../../ui/Tabs";
import { NewOrg } from "./NewOrg";
import { NewUser } from "./NewUser";
import { OrgTable } from "./OrgTable";
import { mayMakePeople, mayMakeServices } from "./rights";
import { found, KINDS, type PeopleSearch } from "./search";
import { UserTable } from "./UserTable";

const NEW = { people: "New person", services: "New service", orgs: "New organization" };
const NONE = {
  people: "There are no people here yet",
  services: "There are no services here yet",
  orgs: "There are no organizations yet",
};
const NEXT = {
  people: "Keys without an owner work all the same. Add people to see who spends what.",
  services: "A service is an agent or a program that has keys of its own and never signs in.",
  orgs: "An organization keeps keys, credentials, calls and budgets of its own.",
};

/** Who there is, and what they belong to. */
export function People() {
  const { show = "people", q, add } = useSearch({ from: "/people" });
  const navigate = useNavigate({ from: "/people" });
  const me = useMe();
  const org = useOrg();
  const people = useQuery(users());
  const places = useQuery(orgs());
  const asked = show === "orgs" ? places : people;
  const kind = show === "services" ? "service" : "person";
  const may = show === "services" ? mayMakeServices(me) : mayMakePeople(me);
  const ask = (change: { [name in keyof PeopleSearch]: PeopleSearch[name] | undefined }) =>
    navigate({
      search: (before) => {
        const all = Object.entries({ ...before, ...change });
        return Object.fromEntries(all.filter(([, value]) => value !== undefined));
      },
      replace: true,
    });
  const ours = (people.data?.data ?? []).filter(
    (user) => user.kind === kind && (!org || user.orgs.some(({ id }) => id === org)),
  );
  const theirs = places.data?.data ?? [];
  const all = show === "orgs" ? theirs.length : ours.length;
  const matching = ours.filter((user) => found(q, user.name, user.email, user.id));
  const named = theirs.filter(({ id, name }) => found(q, id, name));
  return (
    <Page
      title="People"
      actions={
        may && (
          <Button look="primary" onClick={() => ask({ add: true })}>
            {NEW[show]}
          </Button>
        )
      }
    >
      <Panel
        title={
          <Tabs
            label="Show"
            value={show}
            options={KINDS}
            onChange={(kind) => ask({ show: kind === "people" ? undefined : kind })}
          />
        }
        aside={
          <PlainInput
            label="Search"
            type="search"
            placeholder={show === "people" ? "Name or address" : "Name"}
            value={q ?? ""}
            onChange={(event) => ask({ q: event.target.value || undefined })}
          />
        }
        flush
      >
        {asked.isError && !asked.data ? (
          <Failed error={asked.error} retry={() => asked.refetch()} />
        ) : !asked.data ? (
          <SkeletonRows />
        ) : all === 0 ? (
          <Empty title={NONE[show]}>{NEXT[show]}</Empty>
        ) : (show === "orgs" ? named : matching).length === 0 ? (
          <Empty title="Nobody is called that">
            <Button onClick={() => ask({ q: undefined })}>Show all</Button>
          </Empty>
        ) : show === "orgs" ? (
          <OrgTable orgs={named} people={people.data?.data} />
        ) : (
          <UserTable label={show} users={matching} />
        )}
      </Panel>
      {add &&
        may &&
        (show === "orgs" ? (
          <NewOrg onClose={() => ask({ add: undefined })} />
        ) : (
          <NewUser kind={kind} onClose={() => ask({ add: undefined })} />
        ))}
    </Page>
  );
}
