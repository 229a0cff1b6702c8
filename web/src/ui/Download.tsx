import type { ReactNode } from "react";
import styles from "./Button.module.css";

type Props = { href: string; file: string; children: ReactNode };

/** Takes a file along, and looks like a button. */
export function Download({ href, file, children }: Props) {
  return (
    <a className={`${styles.button} ${styles.link}`} href={href} download={file}>
      {children}
    </a>
  );
}
