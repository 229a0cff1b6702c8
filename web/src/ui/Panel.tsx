import type { ReactNode } from "react";
import styles from "./Panel.module.css";

type Props = {
  title?: ReactNode;
  /** Stands at the other end of the title's line. */
  aside?: ReactNode;
  /** Whether the content reaches the edges, as tables do. */
  flush?: boolean;
  children: ReactNode;
};

export function Panel({ title, aside, flush = false, children }: Props) {
  return (
    <section className={styles.panel}>
      {(title || aside) && (
        <header className={styles.head}>
          {title && <h2>{title}</h2>}
          {aside && <div className={styles.aside}>{aside}</div>}
        </header>
      )}
      <div className={flush ? styles.flush : styles.body}>{children}</div>
    </section>
  );
}
