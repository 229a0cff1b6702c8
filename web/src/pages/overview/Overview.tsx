import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type UsageQuery, usage } from "../../api/record";
import { useOrg } from "../../shell/org";
import { Page } from "../../ui/Page";
import { Empty, Failed } from "../../ui/states";
import { Tabs } from "../../ui/Tabs";
import { useNow } from "../../ui/Time";
import { Breakdown } from "./Breakdown";
import { Charts } from "./Charts";
import { RANGES, type Range, span } from "./search";
import { Tiles } from "./Tiles";

const REFRESH_MS = 30_000;

export function Overview() {
  const { range = "24h", by = "model" } = useSearch({ from: "/" });
  const navigate = useNavigate({ from: "/" });
  const org = useOrg();
  const { from, before, times, bucket } = span(range, useNow());
  const ask = (query: UsageQuery) => ({
    ...usage({ ...query, ...(org && { org }) }),
    refetchInterval: REFRESH_MS,
  });
  const series = useQuery(ask({ group_by: bucket, from }));
  const earlier = useQuery(ask({ group_by: "outcome", from: before, to: from }));
  const groups = useQuery(ask({ group_by: by, from, limit: 50 }));
  const choose = (range: Range) => navigate({ search: (search) => ({ ...search, range }) });
  return (
    <Page
      title="Overview"
      actions={<Tabs label="Time range" value={range} options={RANGES} onChange={choose} />}
    >
      {series.isError && !series.data ? (
        <Failed error={series.error} retry={() => series.refetch()} />
      ) : (
        <>
          <Tiles now={series.data?.totals} before={earlier.data?.totals} />
          {series.data?.totals.calls === 0 ? (
            <Empty title="No calls in this time">
              Point an agent at this gateway with a virtual key, and its calls show here as they
              end.
            </Empty>
          ) : (
            <>
              <Charts report={series.data} times={times} />
              <Breakdown
                by={by}
                report={groups.data}
                onBy={(by) => navigate({ search: (search) => ({ ...search, by }) })}
              />
            </>
          )}
        </>
      )}
    </Page>
  );
}
