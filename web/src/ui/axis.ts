// What stands along a chart.

import { clockTime } from "../format";

/** Steps between counts, of which there is no half. */
export const WHOLE_STEPS = Array.from({ length: 16 }, (_, power) =>
  [1, 2, 5].map((n) => n * 10 ** power),
).flat();

/** Where a value has none beside it: no line leads there. Nothing, where every value is on a line. */
export function lone(values: readonly (number | null)[]): number[] | null {
  const known = (at: number) => values[at] !== undefined && values[at] !== null;
  const found = values.flatMap((_, at) =>
    known(at) && !known(at - 1) && !known(at + 1) ? [at] : [],
  );
  return found.length > 0 ? found : null;
}

/** What the moments of an axis are called, so that no two are called the same. */
export function timeLabels(splits: readonly number[]): string[] {
  const step = (splits[1] ?? 0) - (splits[0] ?? 0);
  const days = step >= 86_400;
  return splits.map((seconds) => {
    const date = new Date(seconds * 1000);
    const midnight = date.getHours() === 0 && date.getMinutes() === 0;
    if (days || midnight)
      return date.toLocaleDateString("en-US", { month: "short", day: "numeric" });
    // Of the same minute, each would be called the same.
    return clockTime(date).slice(0, step < 60 ? undefined : 5);
  });
}
