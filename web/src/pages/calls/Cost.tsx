import { money } from "../../format";
import { costInWords, type Paid } from "./paid";

/** What was paid, in a cell; under the pointer, to the last digit and with what it costs by list. */
export function Cost({ of }: { of: Paid }) {
  return <span title={costInWords(of)}>{money(of.cost_usd)}</span>;
}
