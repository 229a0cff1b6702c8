import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
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
const REFRESH_MS = 30_000;

/** What rests, is broken or used up, each with the page to see to it. It is one line, until more is asked for. */
export function Attention() {
  const logins = useQuery(accounts()).data?.data;
  const places = useQuery({ ...providers(), refetchInterval: REFRESH_MS }).data?.data;
  const standings = useQuery(budgets()).data;
  const [whole, setWhole] = useState(false);
  const now = useNow();
  const known = logins && places && standings;
  const all = notices(logins ?? [], places ?? [], standings ?? [], now);
  const more = all.length - MOST;
  return (
    <span className={styles.line} data-whole={whole ? "" : undefined}>
      <span role="status">
        {all.slice(0, whole ? all.length : MOST).map((notice) => (
          <One key={`${notice.to} ${notice.id}`} notice={notice} />
        ))}
        {known && all.length === 0 && "Nothing needs attention"}
      </span>
      {more > 0 && (
        <button
          type="button"
          className={styles.more}
          aria-expanded={whole}
          onClick={() => setWhole(!whole)}
        >
          {whole ? "show fewer" : `and ${count(more)} more`}
        </button>
      )}
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
