import { type ReactNode, useEffect } from "react";
import styles from "./Page.module.css";

type Props = {
  title: string;
  /** A line under the title. */
  about?: ReactNode;
  /** Buttons and filters at the end of the title's line. */
  actions?: ReactNode;
  children: ReactNode;
};

/** A page: its heading, which is also the window's title, and what is below. */
export function Page({ title, about, actions, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Tollhouse`;
  }, [title]);
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <div className={styles.heading}>
          <h1>{title}</h1>
          {about && <p className={styles.about}>{about}</p>}
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** Panels side by side where there is room. */
export function Columns({ children }: { children: ReactNode }) {
  return <div className={styles.columns}>{children}</div>;
}

/** Panels on top of each other, in the place of one. */
export function Stack({ children }: { children: ReactNode }) {
  return <div className={styles.stack}>{children}</div>;
}
