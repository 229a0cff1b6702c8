import styles from "./Meter.module.css";

type Props = {
  label: string;
  /** What is used, and of how much. */
  value: number;
  most: number;
  /** The two as people read them. */
  text: string;
};

/** How much of a limit is used. It warns at four fifths. */
export function Meter({ label, value, most, text }: Props) {
  const part = most > 0 ? Math.min(1, value / most) : 0;
  const tone = part >= 1 ? styles.full : part >= 0.8 ? styles.high : "";
  return (
    <div className={styles.meter}>
      <div className={styles.words}>
        <span>{label}</span>
        <span>{text}</span>
      </div>
      <div
        className={styles.track}
        role="meter"
        aria-label={label}
        aria-valuenow={Math.min(value, most)}
        aria-valuemin={0}
        aria-valuemax={most}
        aria-valuetext={text}
      >
        <div className={`${styles.bar} ${tone}`} style={{ width: `${part * 100}%` }} />
      </div>
    </div>
  );
}
