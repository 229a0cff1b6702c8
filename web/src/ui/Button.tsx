import type { ComponentPropsWithRef } from "react";
import styles from "./Button.module.css";

type Props = ComponentPropsWithRef<"button"> & {
  look?: "plain" | "primary" | "danger" | "quiet";
  /** Waiting for an answer: shown, and not pressed twice. */
  busy?: boolean;
};

export function Button({ look = "plain", busy = false, type = "button", ...rest }: Props) {
  const { className, disabled, ...button } = rest;
  return (
    <button
      {...button}
      type={type}
      className={[styles.button, styles[look], className].filter(Boolean).join(" ")}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
    />
  );
}
