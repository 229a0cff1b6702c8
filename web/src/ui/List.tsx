import { useWindowVirtualizer } from "@tanstack/react-virtual";
import {
  type CSSProperties,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import styles from "./List.module.css";

export type ListColumn<Row> = {
  name: string;
  cell: (row: Row) => ReactNode;
  /** A track of a CSS grid, such as `7rem` or `minmax(8rem, 1fr)`. */
  width: string;
  /** The same on phones, where it is not `width`. */
  phone?: string;
  number?: boolean;
  /** Left out where there is no room for it. */
  hide?: "phone" | "narrow";
  /** What stands in the place of it and of those after it, `columns` in all, in rows for which there is something. */
  instead?: { columns: number; cell: (row: Row) => ReactNode };
};

type Props<Row> = {
  /** What screen readers call it. */
  label: string;
  columns: readonly ListColumn<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** Whether there are rows after these, and how to get them. */
  more: boolean;
  onEnd: () => void;
  /** Whether these are still the rows of the question before. */
  stale?: boolean;
};

const ROW_PX = 36;
/** How many rows before the last one more are asked for. */
const AHEAD = 20;

/** A list without end, of which the rows in sight are drawn. It scrolls with the page. */
export function List<Row>({
  label,
  columns,
  rows,
  rowKey,
  more,
  onEnd,
  stale = false,
}: Props<Row>) {
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  // Where the list begins on the page, which what stands above it decides.
  useLayoutEffect(() => {
    const measure = () => {
      const at = body.current?.getBoundingClientRect().top;
      if (at !== undefined) setTop(Math.round(at + window.scrollY));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_PX,
    overscan: 12,
    scrollMargin: top,
    getItemKey: (index) => {
      const row = rows[index];
      return row === undefined ? index : rowKey(row);
    },
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const due = more && last >= rows.length - AHEAD;
  useEffect(() => {
    if (due) onEnd();
  }, [due, onEnd]);
  return (
    <div
      role="table"
      aria-label={label}
      aria-rowcount={more ? -1 : rows.length + 1}
      aria-busy={stale || undefined}
      className={styles.list}
      style={tracks(columns)}
    >
      <div role="rowgroup" className={styles.head}>
        <div role="row" className={styles.row}>
          {columns.map((column) => (
            <div key={column.name} role="columnheader" className={styleOf(column)}>
              {column.name}
            </div>
          ))}
        </div>
      </div>
      <div
        ref={body}
        role="rowgroup"
        className={styles.body}
        style={{ height: virtual.getTotalSize() }}
      >
        {items.map(({ key, index, start }) => {
          const row = rows[index];
          if (row === undefined) return null;
          const style = { transform: `translateY(${start - top}px)` };
          return (
            <div
              key={key}
              role="row"
              aria-rowindex={index + 2}
              className={styles.item}
              style={style}
            >
              {cells(columns, row)}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function cells<Row>(columns: readonly ListColumn<Row>[], row: Row): ReactNode[] {
  const drawn: ReactNode[] = [];
  for (let at = 0; at < columns.length; at += 1) {
    const column = columns[at];
    if (!column) continue;
    const { name, instead } = column;
    const other = instead?.cell(row);
    if (other === undefined || !instead) {
      drawn.push(
        <div key={name} role="cell" className={styleOf(column)}>
          {column.cell(row)}
        </div>,
      );
      continue;
    }
    const covered = columns.slice(at, at + instead.columns);
    at += covered.length - 1;
    drawn.push(
      <div
        key={name}
        role="cell"
        aria-colspan={covered.length}
        className={`${styles.cell} ${styles.instead}`}
        style={perWidth(covered, "span", (shown) => shown.length)}
      >
        {other}
      </div>,
    );
  }
  return drawn;
}

/** The columns of each width of window. */
function tracks<Row>(columns: readonly ListColumn<Row>[]): CSSProperties {
  return perWidth(columns, "tracks", (shown, on) =>
    shown.map(({ width, phone }) => (on === "phone" && phone) || width).join(" "),
  );
}

/** What comes of the columns that each width of window shows, as properties for the style sheet. */
function perWidth<Row>(
  columns: readonly ListColumn<Row>[],
  name: string,
  of: (shown: ListColumn<Row>[], on: "wide" | "narrow" | "phone") => string | number,
): CSSProperties {
  const narrow = columns.filter(({ hide }) => hide !== "narrow");
  const phone = columns.filter(({ hide }) => hide === undefined);
  const properties = {
    [`--${name}-wide`]: of([...columns], "wide"),
    [`--${name}-narrow`]: of(narrow, "narrow"),
    [`--${name}-phone`]: of(phone, "phone"),
  };
  return properties as CSSProperties;
}

function styleOf({ number, hide }: Pick<ListColumn<never>, "number" | "hide">): string {
  return [styles.cell, number && styles.number, hide && styles[hide]].filter(Boolean).join(" ");
}
