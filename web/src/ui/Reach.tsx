import { useState } from "react";
import styles from "./Chart.module.css";

type Props = {
  label: string;
  /** The last value there is. */
  most: number;
  /** The one that is pointed at. */
  at: number | null;
  /** What is said of one: when it is, and what it is. */
  told: (at: number) => string[];
  onPoint: (at: number | null) => void;
  onOpen: (at: number) => void;
};

/** A chart by keyboard: arrows go along its values, and Enter opens one. */
export function Reach({ label, most, at, told, onPoint, onOpen }: Props) {
  const [value, setValue] = useState(most);
  const here = Math.min(at ?? value, most);
  const go = (to: number) => {
    setValue(to);
    onPoint(to);
  };
  return (
    <div className={styles.reach}>
      <input
        type="range"
        min={0}
        max={most}
        value={here}
        aria-label={`${label}: one value`}
        aria-valuetext={told(here).join(", ")}
        onFocus={() => go(here)}
        onBlur={() => onPoint(null)}
        onChange={(event) => go(event.target.valueAsNumber)}
        onKeyDown={(event) => event.key === "Enter" && onOpen(here)}
      />
      <span aria-hidden="true">Arrows go along; Enter shows the calls of this time</span>
    </div>
  );
}
