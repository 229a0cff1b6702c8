import { type ComponentPropsWithRef, type ReactNode, useId } from "react";
import styles from "./Field.module.css";

type Common = {
  label: string;
  hint?: ReactNode;
  /** What the control plane said of it. */
  error?: string | undefined;
};

type Frame = Common & {
  children: (ids: { id: string; describedBy: string | undefined }) => ReactNode;
};

/** A label, a control, and what there is to say about it. */
function Framed({ label, hint, error, children }: Frame) {
  const id = useId();
  const about = error || hint ? `${id}-about` : undefined;
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={styles.label}>
        {label}
      </label>
      {children({ id, describedBy: about })}
      {about && (
        <p id={about} className={error ? styles.error : styles.hint}>
          {error ?? hint}
        </p>
      )}
    </div>
  );
}

export function TextField({
  label,
  hint,
  error,
  ...input
}: Common & ComponentPropsWithRef<"input">) {
  return (
    <Framed label={label} hint={hint} error={error}>
      {({ id, describedBy }) => (
        <input
          {...input}
          id={id}
          className={styles.control}
          aria-describedby={describedBy}
          aria-invalid={error ? true : undefined}
        />
      )}
    </Framed>
  );
}

/** Text of several lines. */
export function TextAreaField({
  label,
  hint,
  error,
  ...area
}: Common & ComponentPropsWithRef<"textarea">) {
  return (
    <Framed label={label} hint={hint} error={error}>
      {({ id, describedBy }) => (
        <textarea
          {...area}
          id={id}
          className={styles.control}
          aria-describedby={describedBy}
          aria-invalid={error ? true : undefined}
        />
      )}
    </Framed>
  );
}

export function SelectField({
  label,
  hint,
  error,
  ...select
}: Common & ComponentPropsWithRef<"select">) {
  return (
    <Framed label={label} hint={hint} error={error}>
      {({ id, describedBy }) => (
        <select
          {...select}
          id={id}
          className={styles.control}
          aria-describedby={describedBy}
          aria-invalid={error ? true : undefined}
        />
      )}
    </Framed>
  );
}

/** A select in a toolbar: its label is read and not seen. */
export function PlainSelect({
  label,
  ...select
}: { label: string } & ComponentPropsWithRef<"select">) {
  return <select {...select} aria-label={label} className={styles.control} />;
}

/** A text field in a toolbar: its label is read and not seen. */
export function PlainInput({
  label,
  ...input
}: { label: string } & ComponentPropsWithRef<"input">) {
  return <input {...input} aria-label={label} className={styles.control} />;
}
