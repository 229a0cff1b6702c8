import { useQuery } from "@tanstack/react-query";
import { prices } from "../../api/prices";
import type { Call } from "../../api/record";
import { count, exactMoney, money, share } from "../../format";
import styles from "./Arithmetic.module.css";
import { byPlan } from "./paid";
import { inputTokens, lines, listPriceOf, priceOf, ratesOf } from "./tokens";
import { howPriced } from "./words";

/** What was used, what each token costs, and how that comes to the cost on the record. */
export function Arithmetic({ call }: { call: Call }) {
  const list = useQuery(prices()).data;
  const plan = byPlan(call);
  const price = list && (plan ? listPriceOf : priceOf)(list, call);
  const rows = lines(call.usage, price && ratesOf(price, call.usage));
  if (rows.length === 0) return <p className={styles.note}>No tokens were used.</p>;
  const input = inputTokens(call.usage) ?? 0;
  const sum = plan ? call.list_cost_usd : call.cost_usd;
  return (
    <div className={styles.arithmetic}>
      <div className={styles.bar} role="img" aria-label="Tokens by kind">
        {rows.map(({ bucket, color, tokens }) => (
          <i key={bucket} style={{ flexGrow: tokens, background: `var(${color})` }} />
        ))}
      </div>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Tokens</th>
            <th scope="col">Used</th>
            <th scope="col">$ per million</th>
            <th scope="col">{plan ? "By list price" : "Cost"}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ bucket, label, color, tokens, rate, usd }) => (
            <tr key={bucket}>
              <th scope="row">
                <i style={{ background: `var(${color})` }} />
                {label}
              </th>
              <td>{count(tokens)}</td>
              <td>{rate === undefined ? "–" : `× ${rate}`}</td>
              <td>{money(usd?.toFixed(9))}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{call.estimated ? "Sum, estimated" : "Sum"}</th>
            <td>{count(rows.reduce((sum, { tokens }) => sum + tokens, 0))}</td>
            <td />
            <td title={exactMoney(sum)}>{money(sum)}</td>
          </tr>
          {plan && (
            <tr>
              <th scope="row">Cost</th>
              <td />
              <td />
              <td>{money(call.cost_usd)}</td>
            </tr>
          )}
        </tfoot>
      </table>
      <p className={styles.note}>
        {share(call.usage?.cache_read ?? 0, input)} of the prompt came from the provider's cache.{" "}
        {call.usage?.reasoning
          ? `${count(call.usage.reasoning)} of the output was reasoning. `
          : ""}
        {list && howPriced(call, price, rows)}
      </p>
    </div>
  );
}
