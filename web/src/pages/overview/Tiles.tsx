import type { Totals } from "../../api/record";
import { change, compact, count, duration, money, share } from "../../format";
import { Skeleton } from "../../ui/states";
import { byList, costInWords } from "../calls/paid";
import { cached, errorRate, latency, prompt, spend, tokens } from "./series";
import styles from "./Tiles.module.css";

type Props = { now: Totals | undefined; before: Totals | undefined };

/** The six numbers that are looked at first, and how they changed. */
export function Tiles({ now, before }: Props) {
  const compared = (pick: (totals: Totals) => number) =>
    now && before ? change(pick(now), pick(before)) : undefined;
  return (
    <dl className={styles.tiles}>
      <Tile
        name="Spend"
        value={now && money(now.cost_usd ?? "0")}
        title={now && costInWords(now)}
        change={compared(spend)}
        rising="neutral"
        note={now && besideSpend(now)}
        about="A plan pays for what costs nothing here. Calls that used nothing, or whose model has no price, are not in the sum"
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
      <Tile
        name="First byte"
        value={now && duration(latency(now, "ttft", "p50"))}
        title="About half of the calls have their first byte by then"
        note={now && `p95 ${duration(latency(now, "ttft", "p95"))}`}
        change={compared((totals) => latency(totals, "ttft", "p50") ?? 0)}
        rising="bad"
      />
    </dl>
  );
}

/** What it is by list price, where that is something else, and what is in no sum. */
function besideSpend(totals: Totals): string | undefined {
  const list = byList(totals);
  const said = [
    ...(list ? [`${money(list)} by list price`] : []),
    ...(totals.calls_without_cost > 0
      ? [`${count(totals.calls_without_cost)} without a cost`]
      : []),
  ];
  return said.length > 0 ? said.join(", ") : undefined;
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
        {note && <span title={about ? `${note}. ${about}` : note}>{note}</span>}
      </dd>
    </div>
  );
}

/** A change this small means nothing. */
const NOISE = 5;

function tone(change: string, rising: TileProps["rising"]): "good" | "bad" | "neutral" {
  const small = change.endsWith("%") && Math.abs(Number.parseInt(change.slice(1), 10)) < NOISE;
  if (rising === "neutral" || small) return "neutral";
  return change.startsWith("+") === (rising === "good") ? "good" : "bad";
}
