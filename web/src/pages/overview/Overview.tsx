import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type UsageQuery, usage } from "../../api/record";
import { useOrg } from "../../shell/org";
import { LinkButton } from "../../ui/LinkButton";
import { Page } from "../../ui/Page";
import { Empty, Failed } from "../../ui/states";
import { Tabs } from "../../ui/Tabs";
import { useNow } from "../../ui/Time";
import { Attention } from "./Attention";
import { Breakdown } from "./Breakdown";
import { Charts } from "./Charts";
import { parts, RANGES, type Range, span, TAG } from "./search";
import { Tiles } from "./Tiles";

const REFRESH_MS = 30_000;

export function Overview() {
  const { range = "24h", by = "model", tag = TAG } = useSearch({ from: "/" });
  const navigate = useNavigate({ from: "/" });
  const org = useOrg();
  const { from, times, interval } = span(range, useNow());
  const ask = (query: UsageQuery) => ({
    ...usage({ ...query, from, compare: "previous", latency: true, ...(org && { org }) }),
    refetchInterval: REFRESH_MS,
  });
  // Two questions, so that another breakdown does not draw the charts again.
  const whole = useQuery(ask({ group_by: "outcome", interval }));
  const groups = useQuery(ask({ group_by: by === "tag" ? `tag:${tag}` : by, limit: 50 }));
  const choose = (range: Range) => navigate({ search: (search) => ({ ...search, range }) });
  const open = (first: number, last: number) =>
    navigate({ to: "/calls", search: parts(times, interval, first, last) });
  return (
    <Page
      title="Overview"
      about={<Attention />}
      actions={<Tabs label="Time range" value={range} options={RANGES} onChange={choose} />}
    >
      {whole.isError && !whole.data ? (
        <Failed error={whole.error} retry={() => whole.refetch()} />
      ) : (
        <>
          <Tiles now={whole.data?.totals} before={whole.data?.previous?.totals} />
          {whole.data?.totals.calls === 0 ? (
            <Empty title="No calls in this time">
              <p>
                Point an agent at this gateway with a virtual key, and its calls show here as they
                end.
              </p>
              <LinkButton to="/connect">Connect an agent</LinkButton>
            </Empty>
          ) : (
            <>
              <Charts report={whole.data} times={times} onOpen={open} />
              <Breakdown
                from={from}
                by={by}
                tag={tag}
                report={groups.data}
                error={groups.data ? undefined : groups.error}
                onBy={(by) => navigate({ search: (search) => ({ ...search, by }) })}
                onTag={(tag) => navigate({ search: (search) => ({ ...search, tag }) })}
              />
            </>
          )}
        </>
      )}
    </Page>
  );
}
