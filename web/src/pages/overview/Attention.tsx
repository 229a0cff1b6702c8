import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { accounts } from "../../api/accounts";
import { budgets } from "../../api/budgets";
import { isPlatform, useMe } from "../../api/me";
import { providers } from "../../api/routing";
import { count } from "../../format";
import { useNow } from "../../ui/Time";
import styles from "./Attention.module.css";
import { type Notice, notices } from "./attention";

/** So many fit a line. */
const MOST = 3;

/** What rests, is broken or used up, each with the page to see to it. It is one line, whatever it says. */
export function Attention() {
  const logins = useQuery(accounts()).data?.data;
  const places = useQuery(providers()).data?.data;
  const standings = useQuery(budgets()).data;
  const now = useNow();
  const known = logins && places && standings;
  const all = notices(logins ?? [], places ?? [], standings ?? [], now);
  const rest = all.slice(MOST);
  return (
    <span className={styles.line} role="status">
      {all.slice(0, MOST).map((notice) => (
        <One key={`${notice.to} ${notice.name} ${notice.text}`} notice={notice} />
      ))}
      {rest.length > 0 && (
        <span title={rest.map(({ name, text }) => `${name} ${text}`).join("\n")}>
          and {count(rest.length)} more
        </span>
      )}
      {known && all.length === 0 && "Nothing needs attention"}
    </span>
  );
}

function One({ notice: { tone, name, text, to, of } }: { notice: Notice }) {
  const me = useMe();
  const said = (
    <>
      <b>{name}</b> {text}
    </>
  );
  // Not everybody has the page of providers.
  return (
    <span className={`${styles.one} ${styles[tone]}`} title={`${name} ${text}`}>
      {to !== "/providers" || isPlatform(me) ? (
        <Link to={to} search={of ? { of } : {}}>
          {said}
        </Link>
      ) : (
        said
      )}
    </span>
  );
}
