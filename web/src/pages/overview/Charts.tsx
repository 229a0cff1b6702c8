import { useMemo } from "react";
import type { UsageReport } from "../../api/record";
import { compact, duration, money } from "../../format";
import { Chart, type Series } from "../../ui/Chart";
import { Columns } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Skeleton } from "../../ui/states";
import { along, cached, hitRate, latency, spend, written } from "./series";

type Props = {
  report: UsageReport | undefined;
  times: readonly number[];
  /** Leads to the calls from one part of the time to another. */
  onOpen: (first: number, last: number) => void;
};

const LINES = { stacked: false };

const dollars = (value: number) => money(String(value));
const percent = (value: number) => `${Math.round(value * 100)}%`;

export function Charts({ report, times, onOpen }: Props) {
  // The same moments are the same charts: they are drawn again only when there is something new.
  const key = times.join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for `times`
  const drawn = useMemo(() => ({ times, ...rows(report, times) }), [report, key]);
  const chart = (
    title: string,
    series: Series[],
    format: (value: number) => string,
    { stacked = true, counts = false } = {},
  ) => (
    <Panel title={title}>
      {report ? (
        <Chart
          label={title}
          times={drawn.times}
          series={series}
          format={format}
          stacked={stacked}
          counts={counts}
          onOpen={onOpen}
        />
      ) : (
        <Skeleton height="13.25rem" />
      )}
    </Panel>
  );
  return (
    <Columns>
      {chart("Spend", drawn.spend, dollars)}
      {chart("Calls", drawn.calls, compact, { counts: true })}
      {chart("Tokens", drawn.tokens, compact, { counts: true })}
      {chart("Time to first byte", drawn.first, duration, LINES)}
      {chart("Time to the end", drawn.end, duration, LINES)}
      {chart("Cache hit rate", drawn.cache, percent, LINES)}
    </Columns>
  );
}

function rows(report: UsageReport | undefined, times: readonly number[]) {
  const of = (label: string, color: string, pick: Parameters<typeof along>[2]): Series => ({
    label,
    color,
    values: along(report?.series, times, pick),
  });
  // What does not add up says what it is over the whole time.
  const rate = (label: string, color: string, pick: Parameters<typeof along>[2]): Series => ({
    ...of(label, color, pick),
    whole: report ? pick(report.totals) : null,
  });
  const percentiles = (what: "ttft" | "duration") => [
    rate("p50", "--series-1", (totals) => latency(totals, what, "p50")),
    rate("p95", "--series-3", (totals) => latency(totals, what, "p95")),
  ];
  return {
    spend: [of("Cost", "--series-1", spend)],
    calls: [
      of("Succeeded", "--series-1", (totals) => totals.calls - totals.errors),
      of("Failed", "--bad", (totals) => totals.errors),
    ],
    tokens: [
      of("Cached", "--series-1", cached),
      of("Written", "--series-2", written),
      of("Input", "--series-3", (totals) => totals.usage?.input ?? 0),
      of("Output", "--series-4", (totals) => totals.usage?.output ?? 0),
    ],
    first: percentiles("ttft"),
    end: percentiles("duration"),
    cache: [rate("From cache", "--series-1", hitRate)],
  };
}
