import type { ReactNode } from "react";
import styles from "./Table.module.css";

export type Column<Row> = {
  name: string;
  cell: (row: Row) => ReactNode;
  /** Numbers stand to the right, digit under digit. */
  number?: boolean;
  /** Takes what room there is, and is cut where there is none. */
  wide?: boolean;
};

type Props<Row> = {
  /** What screen readers call it. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** Stands in place of no rows. */
  empty: ReactNode;
};

/** A table whose rows fit a page. Long lists are for `List`, which draws what is in sight. */
export function Table<Row>({ label, columns, rows, rowKey, empty }: Props<Row>) {
  if (rows.length === 0) return empty;
  return (
    // What may scroll sideways can be reached with the keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <div className={styles.frame} tabIndex={0} role="region" aria-label={label}>
      <table className={styles.table}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.name} scope="col" className={styleOf(column)}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) => (
                <td key={column.name} className={styleOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function styleOf({ number, wide }: Column<never>): string {
  return [number && styles.number, wide && styles.wide].filter(Boolean).join(" ");
}
