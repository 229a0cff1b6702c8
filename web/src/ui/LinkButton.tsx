import { createLink } from "@tanstack/react-router";
import type { ComponentPropsWithRef } from "react";
import styles from "./Button.module.css";

type Props = ComponentPropsWithRef<"a"> & { look?: "plain" | "primary" | "quiet" };

/** Goes to another page, and looks like a button. */
export const LinkButton = createLink(function Anchor({
  look = "plain",
  className,
  ...rest
}: Props) {
  const classes = [styles.button, styles[look], styles.link, className];
  return <a {...rest} className={classes.filter(Boolean).join(" ")} />;
});
