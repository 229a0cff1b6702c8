import type { Totals } from "../../api/record";
import { change, compact, count, exactMoney, money, share } from "../../format";
import { Skeleton } from "../../ui/states";
import { cached, errorRate, prompt, spend, tokens } from "./series";
import styles from "./Tiles.module.css";

type Props = { now: Totals | undefined; before: Totals | undefined };

/** The five numbers that are looked at first, and how they changed. */
export function Tiles({ now, before }: Props) {
  const compared = (pick: (totals: Totals) => number) =>
    now && before ? change(pick(now), pick(before)) : undefined;
  return (
    <dl className={styles.tiles}>
      <Tile
        name="Spend"
        value={now && money(now.cost_usd ?? "0")}
        title={now && exactMoney(now.cost_usd)}
        change={compared(spend)}
        rising="neutral"
        note={now && unpriced(now)}
        about="Calls that used nothing, or whose model has no price, are not in the sum"
      />
      <Tile
        name="Calls"
        value={now && count(now.calls)}
        change={compared((totals) => totals.calls)}
        rising="neutral"
      />
      <Tile
        name="Tokens"
        value={now && compact(tokens(now))}
        title={now && count(tokens(now))}
        change={compared(tokens)}
        rising="neutral"
      />
      <Tile
        name="Cache hit rate"
        value={now && share(cached(now), prompt(now))}
        title="Prompt tokens that were read from a provider's cache"
        change={compared((totals) => cached(totals) / (prompt(totals) || 1))}
        rising="good"
      />
      <Tile
        name="Errors"
        value={now && share(now.errors, now.calls)}
        note={now && `${count(now.errors)} of ${count(now.calls)}`}
        change={compared(errorRate)}
        rising="bad"
      />
    </dl>
  );
}

function unpriced(totals: Totals): string | undefined {
  return totals.calls_without_cost > 0 ? `${count(totals.calls_without_cost)} unpriced` : undefined;
}

type TileProps = {
  name: string;
  value: string | undefined;
  title?: string | undefined;
  note?: string | undefined;
  /** Explains the note. */
  about?: string;
  change: string | undefined;
  /** What it means when the number goes up. */
  rising: "good" | "bad" | "neutral";
};

function Tile({ name, value, title, note, about, change, rising }: TileProps) {
  return (
    <div className={styles.tile}>
      <dt>{name}</dt>
      <dd className={styles.value} title={title}>
        {value ?? <Skeleton height="1.5rem" width="5rem" />}
      </dd>
      <dd className={styles.foot}>
        {change && (
          <span className={styles[tone(change, rising)]} title="Against as long a time before">
            {change}
          </span>
        )}
        {note && <span title={about}>{note}</span>}
      </dd>
    </div>
  );
}

function tone(change: string, rising: TileProps["rising"]): "good" | "bad" | "neutral" {
  if (rising === "neutral" || change.startsWith("±")) return "neutral";
  const up = change.startsWith("+");
  return up === (rising === "good") ? "good" : "bad";
}
