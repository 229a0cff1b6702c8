import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { keyList } from "../../api/keys";
import { useMe } from "../../api/me";
import { count } from "../../format";
import { useNames } from "../../shell/names";
import { useOrg } from "../../shell/org";
import { Button } from "../../ui/Button";
import { PlainInput, PlainSelect } from "../../ui/Field";
import { LinkButton } from "../../ui/LinkButton";
import { Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Empty, Failed, SkeletonRows } from "../../ui/states";
import { Tabs } from "../../ui/Tabs";
import { KeyTable } from "./KeyTable";
import { mayMake } from "./rights";
import { chosen, type KeysSearch, KINDS, NOBODY, STATES } from "./search";

/** Drawn at a time: more are asked for by whoever wants to see them. */
const DRAWN = 200;

export function Keys() {
  const search = useSearch({ from: "/keys" });
  const navigate = useNavigate({ from: "/keys" });
  const org = useOrg();
  const me = useMe();
  const name = useNames();
  const [drawn, setDrawn] = useState(DRAWN);
  const { data, isError, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } =
    useInfiniteQuery(keyList());
  const all = useMemo(() => data?.pages.flatMap((page) => page.data) ?? [], [data]);
  const rows = useMemo(() => chosen(all, search, org, name), [all, search, org, name]);
  const owners = useMemo(() => [...new Set(all.map((key) => key.owner ?? NOBODY))], [all]);
  const ask = (change: { [name in keyof KeysSearch]: KeysSearch[name] | undefined }) =>
    navigate({ search: (before) => clean({ ...before, ...change }), replace: true });
  const make = mayMake(me) && (
    <LinkButton to="/keys/new" look="primary">
      New key
    </LinkButton>
  );
  return (
    <Page
      title="Keys"
      about="What agents hold in place of the providers' credentials"
      actions={make}
    >
      <Panel
        title={
          <Tabs
            label="State"
            value={search.state ?? "active"}
            options={STATES}
            onChange={(state) => ask({ state: state === "active" ? undefined : state })}
          />
        }
        aside={
          <>
            <PlainInput
              label="Search keys"
              type="search"
              placeholder="Name, agent, owner, id"
              value={search.q ?? ""}
              onChange={(event) => ask({ q: event.target.value || undefined })}
            />
            <PlainSelect
              label="Owner"
              value={search.owner ?? ""}
              onChange={(event) => ask({ owner: event.target.value || undefined })}
            >
              <option value="">Everybody's</option>
              {owners.map((owner) => (
                <option key={owner} value={owner}>
                  {owner === NOBODY ? "Nobody's" : name(owner)}
                </option>
              ))}
            </PlainSelect>
            <PlainSelect
              label="Kind"
              value={search.kind ?? ""}
              onChange={(event) =>
                ask({ kind: KINDS.find(([kind]) => kind === event.target.value)?.[0] })
              }
            >
              <option value="">Any kind</option>
              {KINDS.map(([kind, text]) => (
                <option key={kind} value={kind}>
                  {text}
                </option>
              ))}
            </PlainSelect>
          </>
        }
        flush
      >
        {isError && !data ? (
          <Failed error={error} retry={() => refetch()} />
        ) : !data ? (
          <SkeletonRows />
        ) : rows.length > 0 ? (
          <KeyTable keys={rows.slice(0, drawn)} />
        ) : all.length === 0 ? (
          <Empty title="There are no keys yet">
            An agent needs one to call this gateway. <Link to="/keys/new">Make the first one.</Link>
          </Empty>
        ) : (
          <Empty title="No key is like that">
            <Button onClick={() => navigate({ search: org ? { org } : {} })}>
              Show all active keys
            </Button>
          </Empty>
        )}
      </Panel>
      {(rows.length > drawn || hasNextPage) && (
        <p>
          <Button
            busy={isFetchingNextPage}
            onClick={() => {
              setDrawn(drawn + DRAWN);
              if (rows.length <= drawn + DRAWN && hasNextPage) void fetchNextPage();
            }}
          >
            Show more
          </Button>{" "}
          {count(Math.min(drawn, rows.length))} of {count(rows.length)}
          {hasNextPage && " and older ones"}
        </p>
      )}
    </Page>
  );
}

/** Without what says nothing, so that it does not stand in the address. */
function clean(search: { [name in keyof KeysSearch]: KeysSearch[name] | undefined }): KeysSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined));
}
