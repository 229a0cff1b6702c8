import { Link } from "@tanstack/react-router";
import { compact, count, duration, money } from "../../format";
import { Badge } from "../../ui/Badge";
import { List, type ListColumn } from "../../ui/List";
import { Panel } from "../../ui/Panel";
import { Empty } from "../../ui/states";
import { Tabs } from "../../ui/Tabs";
import { Clock } from "../../ui/Time";
import { Cost } from "../calls/Cost";
import { Outcome, WHY } from "../calls/Outcome";
import { whyOf } from "../calls/steps";
import { subagentOf } from "../calls/subagent";
import { inputTokens } from "../calls/tokens";
import type { Only } from "./search";
import styles from "./Turns.module.css";
import { type Break, chosen, type Turn } from "./turns";

const nothing = () => undefined;

type Props = { turns: Turn[]; only: Only | undefined; onOnly: (only: Only | undefined) => void };

/** Every call of a conversation, the first one first; or those that are worth a look. */
export function Turns({ turns, only, onOnly }: Props) {
  const most = turns.reduce((most, { call }) => Math.max(most, inputTokens(call.usage) ?? 0), 0);
  const [breaks, failed] = [chosen(turns, "breaks"), chosen(turns, "failed")];
  const rows = chosen(turns, only);
  return (
    <Panel
      title="Turns"
      aside={
        (breaks.length > 0 || failed.length > 0 || only) && (
          <Tabs
            label="Which turns"
            value={only ?? "all"}
            options={[
              ["all", `All ${count(turns.length)}`],
              ["breaks", `Cache broke ${count(breaks.length)}`],
              ["failed", `Failed ${count(failed.length)}`],
            ]}
            onChange={(only) => onOnly(only === "all" ? undefined : only)}
          />
        )
      }
      flush
    >
      {rows.length === 0 && only ? (
        <Empty title={only === "breaks" ? "No cache broke here" : "No turn failed"} />
      ) : (
        <List
          label="Turns"
          columns={columns(most)}
          rows={rows}
          rowKey={({ call }) => call.id}
          more={false}
          onEnd={nothing}
        />
      )}
    </Panel>
  );
}

function columns(most: number): ListColumn<Turn>[] {
  return [
    {
      name: "#",
      width: "2.5rem",
      number: true,
      cell: ({ call, number }) => (
        <Link to="/calls/$id" params={{ id: call.id }} aria-label={`Turn ${number}`}>
          {number}
        </Link>
      ),
    },
    { name: "Time", width: "5rem", hide: "phone", cell: ({ call }) => <Clock at={call.at} /> },
    {
      name: "Model",
      width: "minmax(6rem, 1fr)",
      hide: "narrow",
      cell: ({ call }) => call.model_served ?? call.model_sent ?? call.model_requested ?? "–",
    },
    {
      name: "Agent",
      width: "minmax(4rem, 0.7fr)",
      hide: "narrow",
      cell: ({ call }) => subagentOf(call),
    },
    {
      name: "Prompt",
      width: "minmax(6rem, 2fr)",
      cell: (turn) => <Prompt turn={turn} most={most} />,
    },
    {
      name: "Note",
      width: "8.5rem",
      hide: "phone",
      cell: (turn) => <State turn={turn} />,
    },
    {
      name: "In",
      width: "3.5rem",
      number: true,
      hide: "phone",
      instead: { ...WHY, cell: ({ call }) => WHY.cell(call) },
      cell: ({ call }) => compact(inputTokens(call.usage)),
    },
    {
      name: "Out",
      width: "3.5rem",
      number: true,
      hide: "phone",
      cell: ({ call }) => compact(call.usage?.output),
    },
    {
      name: "Cost",
      width: "5.25rem",
      number: true,
      cell: ({ call }) => <Cost of={call} />,
    },
  ];
}

/** Which part of the prompt was read from the cache, written to it, or neither. */
function Prompt({ turn, most }: { turn: Turn; most: number }) {
  const usage = turn.call.usage;
  const read = usage?.cache_read ?? 0;
  const written = (usage?.cache_write_5m ?? 0) + (usage?.cache_write_1h ?? 0);
  const plain = usage?.input ?? 0;
  if (most === 0 || read + written + plain === 0) return <span className={styles.none}>–</span>;
  const words = `${count(read)} read from cache, ${count(written)} written, ${count(plain)} neither`;
  const width = (tokens: number) => ({ width: `${(100 * tokens) / most}%` });
  return (
    <span className={styles.prompt} role="img" aria-label={words} title={words}>
      <i className={styles.read} style={width(read)} />
      <i className={styles.written} style={width(written)} />
      <i className={styles.plain} style={width(plain)} />
    </span>
  );
}

function State({ turn: { call, broke } }: { turn: Turn }) {
  if (call.outcome !== "success") return <Outcome outcome={call.outcome} why={whyOf(call)} />;
  if (!broke) return null;
  // Beside a sum stands what was paid; nobody paid what a plan does.
  const paid = broke.usd === undefined || broke.byPlan ? "" : ` ${money(broke.usd.toFixed(9))}`;
  return (
    <span title={why(broke)}>
      <Badge tone="warn">cache broke{paid}</Badge>
    </span>
  );
}

function why({ tokens, usd, byPlan, pause }: Break): string {
  const by = byPlan ? " by list price, which a plan pays" : "";
  const more = usd === undefined ? "" : money(usd.toFixed(9));
  const cost = more && `, about ${more} more than from the cache${by}`;
  const after = pause > 60_000 ? ` after a pause of ${duration(pause)}` : "";
  return `${count(tokens)} tokens were sent again${after}${cost}`;
}
