import { useMemo } from "react";
import type { UsageReport } from "../../api/record";
import { compact, money } from "../../format";
import { Chart, type Series } from "../../ui/Chart";
import { Columns } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Skeleton } from "../../ui/states";
import { along, cached, hitRate, spend, written } from "./series";

type Props = { report: UsageReport | undefined; times: readonly number[] };

const dollars = (value: number) => money(String(value));
const percent = (value: number) => `${Math.round(value * 100)}%`;

export function Charts({ report, times }: Props) {
  // The same moments are the same charts: they are drawn again only when there is something new.
  const key = times.join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for `times`
  const drawn = useMemo(() => ({ times, ...rows(report, times) }), [report, key]);
  const chart = (
    title: string,
    series: Series[],
    format: (value: number) => string,
    stacked = true,
  ) => (
    <Panel title={title}>
      {report ? (
        <Chart
          label={title}
          times={drawn.times}
          series={series}
          format={format}
          stacked={stacked}
        />
      ) : (
        <Skeleton height="13.25rem" />
      )}
    </Panel>
  );
  return (
    <Columns>
      {chart("Spend", drawn.spend, dollars)}
      {chart("Calls", drawn.calls, compact)}
      {chart("Tokens", drawn.tokens, compact)}
      {chart("Cache hit rate", drawn.cache, percent, false)}
    </Columns>
  );
}

function rows(report: UsageReport | undefined, times: readonly number[]) {
  const of = (label: string, color: string, pick: Parameters<typeof along>[2]): Series => ({
    label,
    color,
    values: along(report, times, pick),
  });
  return {
    spend: [of("Cost", "--series-1", spend)],
    calls: [
      of("Succeeded", "--series-1", (totals) => totals.calls - totals.errors),
      of("Failed", "--bad", (totals) => totals.errors),
    ],
    tokens: [
      of("Cache read", "--series-1", cached),
      of("Cache write", "--series-2", written),
      of("Input", "--series-3", (totals) => totals.usage?.input ?? 0),
      of("Output", "--series-4", (totals) => totals.usage?.output ?? 0),
    ],
    cache: [
      {
        ...of("Read from cache", "--series-1", hitRate),
        whole: report ? hitRate(report.totals) : null,
      },
    ],
  };
}
