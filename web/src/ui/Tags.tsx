import { type KeyboardEvent, type ReactNode, useId, useState } from "react";
import fields from "./Field.module.css";
import styles from "./Tags.module.css";

type Props = {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  values: readonly string[];
  /** What can be chosen without being typed out. */
  known: readonly string[];
  placeholder?: string;
  onChange: (values: string[]) => void;
};

/** A list of names: typed with Enter or a comma, taken back with Backspace or a press. */
export function TagsField({ label, hint, error, values, known, placeholder, onChange }: Props) {
  const id = useId();
  const [text, setText] = useState("");
  const add = (typed: string) => {
    const names = typed.split(/[\s,]+/).filter((name) => name && !values.includes(name));
    if (names.length > 0) onChange([...values, ...new Set(names)]);
    setText("");
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if ((event.key === "Enter" || event.key === ",") && text.trim()) {
      event.preventDefault();
      add(text);
    } else if (event.key === "Backspace" && !text && values.length > 0) {
      onChange(values.slice(0, -1));
    }
  };
  return (
    <div className={fields.field}>
      <label htmlFor={id} className={fields.label}>
        {label}
      </label>
      <div className={styles.box}>
        {values.map((value) => (
          <span key={value} className={styles.tag}>
            {value}
            <button
              type="button"
              aria-label={`Remove ${value}`}
              onClick={() => onChange(values.filter((other) => other !== value))}
            >
              ✕
            </button>
          </span>
        ))}
        <input
          id={id}
          className={styles.input}
          value={text}
          list={`${id}-known`}
          placeholder={values.length === 0 ? placeholder : undefined}
          autoComplete="off"
          aria-describedby={error || hint ? `${id}-about` : undefined}
          aria-invalid={error ? true : undefined}
          onKeyDown={onKeyDown}
          onBlur={() => add(text)}
          onChange={(event) => {
            const typed = event.target.value;
            // What was picked from the list comes whole.
            if (known.includes(typed) && !("inputType" in event.nativeEvent)) add(typed);
            else setText(typed);
          }}
        />
      </div>
      <datalist id={`${id}-known`}>
        {known
          .filter((name) => !values.includes(name))
          .map((name) => (
            <option key={name} value={name} />
          ))}
      </datalist>
      {(error || hint) && (
        <p id={`${id}-about`} className={error ? fields.error : fields.hint}>
          {error ?? hint}
        </p>
      )}
    </div>
  );
}
