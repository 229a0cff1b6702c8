import { type ReactNode, useId } from "react";
import styles from "./Check.module.css";

type Props = {
  label: string;
  hint?: ReactNode;
  checked: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
};

/** Yes or no. */
export function CheckField({ label, hint, checked, disabled, onChange }: Props) {
  const id = useId();
  return (
    <div className={styles.check}>
      <input
        id={id}
        type="checkbox"
        checked={checked}
        disabled={disabled}
        aria-describedby={hint ? `${id}-about` : undefined}
        onChange={(event) => onChange(event.target.checked)}
      />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint && (
          <p id={`${id}-about`} className={styles.hint}>
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}
