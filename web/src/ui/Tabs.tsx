import styles from "./Tabs.module.css";

type Props<T extends string> = {
  label: string;
  value: T;
  options: readonly (readonly [value: T, text: string])[];
  onChange: (value: T) => void;
};

/** One of a few, all of them in sight. */
export function Tabs<T extends string>({ label, value, options, onChange }: Props<T>) {
  return (
    <fieldset className={styles.tabs} aria-label={label}>
      {options.map(([option, text]) => (
        <button
          key={option}
          type="button"
          className={styles.tab}
          aria-pressed={option === value}
          onClick={() => onChange(option)}
        >
          {text}
        </button>
      ))}
    </fieldset>
  );
}
