import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useTheme } from "../shell/theme";
import { lone, timeLabels, WHOLE_STEPS } from "./axis";
import styles from "./Chart.module.css";
import { Reach } from "./Reach";

export type Series = {
  label: string;
  /** A colour token, such as `--series-1`. */
  color: string;
  values: readonly (number | null)[];
  /** What stands in the legend while nothing is pointed at; the sum, unless said. */
  whole?: number | null;
  /** What the legend says of each, where that is not its value. */
  told?: readonly (number | null)[];
  /** Dots, each for itself, in place of a line. */
  marks?: boolean;
};

type Props = {
  label: string;
  /** When each value begins, in Unix seconds. */
  times: readonly number[];
  series: readonly Series[];
  format: (value: number) => string;
  /** Whether the series are parts of a whole, drawn on top of each other. */
  stacked?: boolean;
  /** Whether they are counts, of which there is no half. */
  counts?: boolean;
  height?: number;
  /** Leads to what the values from one to another are made of. */
  onOpen?: ((first: number, last: number) => void) | undefined;
};

/** Seconds about a value that stands alone. */
const ALONE = 3600;

/** Values over time. Under the pointer, the legend says what they are there. */
export function Chart({
  label,
  times,
  series,
  format,
  stacked = false,
  counts = false,
  height = 180,
  onOpen,
}: Props) {
  const place = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<number | null>(null);
  const drawn = useRef<uPlot>(null);
  const open = useRef(onOpen);
  open.current = onOpen;
  const opens = onOpen !== undefined;
  const theme = useTheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read from the page, which the theme changes
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const plot = new uPlot(
      options(
        { width: element.clientWidth, height, times, series, stacked, counts, format },
        setAt,
        opens ? (first, last) => open.current?.(first, last) : undefined,
      ),
      data(times, series, stacked),
      element,
    );
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    drawn.current = plot;
    return () => {
      drawn.current = null;
      observer.disconnect();
      plot.destroy();
    };
  }, [times, series, stacked, counts, height, format, theme, opens]);
  return (
    <figure className={styles.chart} aria-label={label}>
      <figcaption className={styles.legend}>
        {series.map(({ label, color, values, told = values, whole = sum(told) }) => (
          <span key={label} className={styles.entry}>
            <i style={{ background: `var(${color})` }} />
            {label}
            <b>{shown(at === null ? whole : told[at], format)}</b>
          </span>
        ))}
        <span className={styles.when}>{at === null ? "" : when(times[at])}</span>
      </figcaption>
      <div ref={place} className={opens ? styles.opens : undefined} style={{ height }} />
      {onOpen && (
        <Reach
          label={label}
          most={times.length - 1}
          at={at}
          told={(at) => [
            when(times[at]),
            ...series.map(
              ({ label, values, told = values }) => `${label} ${shown(told[at], format)}`,
            ),
          ]}
          onPoint={(at) => point(drawn.current, at)}
          onOpen={(at) => onOpen(at, at)}
        />
      )}
    </figure>
  );
}

function shown(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? "–" : format(value);
}

function sum(values: readonly (number | null)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}

function when(seconds: number | undefined): string {
  if (seconds === undefined) return "";
  const format: Intl.DateTimeFormatOptions = {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
  };
  return new Date(seconds * 1000).toLocaleString("en-US", format);
}

/** Of stacked series, each is drawn as the sum of itself and those before it, the largest first. */
function data(
  times: readonly number[],
  series: readonly Series[],
  stacked: boolean,
): uPlot.AlignedData {
  if (!stacked) return [[...times], ...series.map(({ values }) => [...values])];
  const below = times.map(() => 0);
  const sums = series.map(({ values }) =>
    values.map((value, index) => {
      below[index] = (below[index] ?? 0) + (value ?? 0);
      return below[index] ?? 0;
    }),
  );
  return [[...times], ...sums.reverse()];
}

type Drawn = Required<Omit<Props, "label" | "onOpen">> & { width: number };

/** Puts the line where the pointer would have it; away, where it is nowhere. */
function point(plot: uPlot | null, at: number | null): void {
  const time = at === null ? undefined : plot?.data[0][at];
  plot?.setCursor({ left: time === undefined ? -10 : plot.valToPos(time, "x"), top: 0 });
}

function options(
  { width, height, times, series, stacked, counts, format }: Drawn,
  onPoint: (index: number | null) => void,
  onOpen: ((first: number, last: number) => void) | undefined,
): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const color = (token: string) => style.getPropertyValue(token).trim();
  const drawn = stacked ? [...series].reverse() : series;
  const axis = {
    stroke: color("--text-faint"),
    font: `11px ${color("--font")}`,
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
  };
  const bars = uPlot.paths.bars?.({ size: [0.8, 40], radius: stacked ? 0 : 0.15 });
  return {
    width,
    height,
    padding: [8, 16, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: !stacked },
      drag: { x: onOpen !== undefined, y: false, setScale: false, dist: 8, click: unlessDrawn },
    },
    scales: {
      // Half a bucket of room on both sides, for bars stand in the middle.
      // Of one value alone, uPlot would show months around it.
      x: { range: () => [(times[0] ?? 0) - room(times), (times.at(-1) ?? 0) + room(times)] },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 28,
        space: 64,
        values: (_, splits) => timeLabels(splits),
      },
      {
        ...axis,
        size: 56,
        space: 32,
        values: (_, splits) => splits.map(format),
        ...(counts && { incrs: WHOLE_STEPS }),
      },
    ],
    series: [
      {},
      ...drawn.map(({ label, color: token, values, marks = false }) => ({
        label,
        stroke: color(token),
        width: stacked || marks ? 0 : 1.5,
        ...(stacked
          ? { fill: color(token), points: { show: false } }
          : // A line of one point is none.
            {
              points: {
                show: marks,
                filter: () => (marks ? null : lone(values)),
                size: 7,
                fill: color(token),
              },
            }),
        ...(stacked && bars ? { paths: bars } : {}),
      })),
    ],
    hooks: {
      setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)],
      ...(onOpen && opening(onOpen)),
    },
  };
}

/** uPlot asks this of a press that moved: what moved too little to draw along is a press all the same. */
function unlessDrawn(plot: uPlot, event: MouseEvent): void {
  if (plot.select.width > 0) event.stopPropagation();
}

/**
 * A press opens the value that it is at, and drawing the pointer along opens those that it passed. A finger points with
 * its first press, since it cannot before, and opens with the next at the same value.
 */
function opening(onOpen: (first: number, last: number) => void): uPlot.Hooks.Arrays {
  return {
    ready: [
      (plot) => {
        let finger = false;
        let pointed: number | undefined;
        // Not every browser says of a click what made it.
        plot.over.addEventListener("pointerdown", ({ pointerType }) => {
          finger = pointerType === "touch";
        });
        plot.over.addEventListener("click", () => {
          const { idx } = plot.cursor;
          if (idx === null || idx === undefined) return;
          if (!finger || idx === pointed) onOpen(idx, idx);
          pointed = idx;
        });
      },
    ],
    setSelect: [
      (plot) => {
        const { left, width } = plot.select;
        if (width > 0) onOpen(plot.posToIdx(left), plot.posToIdx(left + width));
      },
    ],
  };
}

function room([first = 0, second = first + ALONE]: readonly number[]): number {
  return (second - first) / 2;
}
