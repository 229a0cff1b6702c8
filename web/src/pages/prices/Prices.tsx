import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { isPlatform, useMe, writes } from "../../api/me";
import { type Price, prices } from "../../api/prices";
import { count } from "../../format";
import { Button } from "../../ui/Button";
import { PlainInput, PlainSelect } from "../../ui/Field";
import { List, type ListColumn } from "../../ui/List";
import { Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Empty, Failed, SkeletonRows } from "../../ui/states";
import { EditPrice } from "./EditPrice";
import { ImportPrices } from "./ImportPrices";
import styles from "./Prices.module.css";
import { ANYONE, BUCKETS, chosen, type PricesSearch } from "./search";

/** What models cost, by which calls are priced. */
export function Prices() {
  const search = useSearch({ from: "/prices" });
  const navigate = useNavigate({ from: "/prices" });
  const me = useMe();
  const may = isPlatform(me) && writes(me);
  const { data, isError, error, refetch } = useQuery(prices());
  const [editing, setEditing] = useState<Price | "new">();
  const [importing, setImporting] = useState(false);
  const all = data ?? [];
  const rows = useMemo(() => chosen(data ?? [], search), [data, search]);
  const columns = useMemo(() => columnsOf(may ? setEditing : undefined), [may]);
  const providers = useMemo(
    () => [...new Set((data ?? []).map(({ provider }) => provider ?? ANYONE))].sort(),
    [data],
  );
  const ask = (change: { [name in keyof PricesSearch]: string | undefined }) =>
    navigate({
      search: (before) => {
        const next = Object.entries({ ...before, ...change });
        return Object.fromEntries(next.filter(([, value]) => value !== undefined));
      },
      replace: true,
    });
  return (
    <Page
      title="Prices"
      about="US dollars per million tokens"
      actions={
        may && (
          <>
            <Button onClick={() => setImporting(true)}>Import a list</Button>
            <Button look="primary" onClick={() => setEditing("new")}>
              New price
            </Button>
          </>
        )
      }
    >
      <Panel
        title={data && `${count(rows.length)} of ${count(all.length)}`}
        aside={
          <>
            <PlainInput
              label="Search models"
              type="search"
              placeholder="Model"
              value={search.q ?? ""}
              onChange={(event) => ask({ q: event.target.value || undefined })}
            />
            <PlainSelect
              label="Provider"
              value={search.provider ?? ""}
              onChange={(event) => ask({ provider: event.target.value || undefined })}
            >
              <option value="">All providers</option>
              {providers.map((provider) => (
                <option key={provider}>{provider}</option>
              ))}
            </PlainSelect>
          </>
        }
        flush
      >
        {isError && !data ? (
          <Failed error={error} retry={() => refetch()} />
        ) : !data ? (
          <SkeletonRows rows={16} />
        ) : all.length === 0 ? (
          <Empty title="There are no prices yet">
            Calls have no cost until their model has a price: import a list, or set one.
          </Empty>
        ) : rows.length === 0 ? (
          <Empty title="No price is like that">
            <Button onClick={() => ask({ q: undefined, provider: undefined })}>Show all</Button>
          </Empty>
        ) : (
          <List
            label="Prices in US dollars per million tokens"
            columns={columns}
            rows={rows}
            rowKey={({ model, provider }) => `${provider ?? ""} ${model}`}
            more={false}
            onEnd={() => {}}
          />
        )}
      </Panel>
      {editing && (
        <EditPrice
          price={editing === "new" ? undefined : editing}
          onClose={() => setEditing(undefined)}
        />
      )}
      {importing && <ImportPrices onClose={() => setImporting(false)} />}
    </Page>
  );
}

function columnsOf(edit: ((price: Price) => void) | undefined): ListColumn<Price>[] {
  return [
    {
      name: "Model",
      width: "minmax(10rem, 3fr)",
      cell: (price) =>
        edit ? (
          <button
            type="button"
            className={styles.open}
            title={price.model}
            aria-label={`Edit the price of ${price.model}`}
            onClick={() => edit(price)}
          >
            {price.model}
          </button>
        ) : (
          price.model
        ),
    },
    {
      name: "Provider",
      width: "minmax(5rem, 1fr)",
      hide: "phone",
      cell: ({ provider }) => provider ?? ANYONE,
    },
    ...BUCKETS.map(
      ([bucket, name]): ListColumn<Price> => ({
        name,
        width: bucket.startsWith("cache_write") ? "7.5rem" : "4.5rem",
        number: true,
        ...(bucket !== "input" && bucket !== "output" && { hide: "narrow" as const }),
        cell: ({ usd_per_million: rates }) => (rates[bucket] ? `$${rates[bucket]}` : "–"),
      }),
    ),
    {
      name: "Longer prompts",
      width: "7rem",
      hide: "narrow",
      number: true,
      cell: ({ long_context }) => (long_context ? `above ${count(long_context.above)}` : "–"),
    },
    { name: "As of", width: "6rem", hide: "phone", cell: ({ dated }) => dated },
    {
      name: "Source",
      width: "minmax(4rem, 1fr)",
      hide: "narrow",
      cell: ({ source }) => <span title={source}>{source}</span>,
    },
  ];
}
