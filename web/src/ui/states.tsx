// What stands where something is to come, is missing, or went wrong.

import type { ReactNode } from "react";
import { ApiFailure } from "../api/client";
import { Button } from "./Button";
import styles from "./states.module.css";

/** Nothing there yet: says so, and what to do next. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={styles.empty}>
      <p className={styles.title}>{title}</p>
      {children && <div className={styles.text}>{children}</div>}
    </div>
  );
}

/** Says what happened in the control plane's own words. */
export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  return (
    <div className={styles.empty} role="alert">
      <p className={styles.title}>{titleOf(error)}</p>
      <p className={styles.text}>{wordsOf(error)}</p>
      {retry && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}

function titleOf(error: unknown): string {
  if (!(error instanceof ApiFailure)) return "This page has a fault";
  if (error.status === 0) return "The server does not answer";
  if (error.status === 403) return "Not in this role";
  if (error.status === 404) return "There is nothing here";
  return "That did not work";
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** As large as what it stands for, so that nothing jumps when that comes. */
export function Skeleton({ height, width = "100%" }: { height: string; width?: string }) {
  return <span className={styles.skeleton} style={{ height, width }} aria-hidden />;
}

/** Rows of a table that is on its way. */
export function SkeletonRows({ rows = 8 }: { rows?: number }) {
  return (
    <div className={styles.rows} role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
        <Skeleton key={row} height="0.875rem" width={`${92 - ((row * 17) % 30)}%`} />
      ))}
    </div>
  );
}
