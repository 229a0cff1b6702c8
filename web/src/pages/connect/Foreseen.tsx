import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { keyList } from "../../api/keys";
import { useMe } from "../../api/me";
import { foreseen, providers } from "../../api/routing";
import { Badge } from "../../ui/Badge";
import styles from "./Connect.module.css";
import { type Cure, cureOf, NO_CREDENTIAL, protocolOf } from "./foreseen";
import type { Client } from "./snippets";

type Props = { of: string; client: Client; model: string };

/** Says before anything is pasted whether a call with a key would go through, and what it lacks. */
export function Foreseen({ of, client, model }: Props) {
  const me = useMe();
  const said = useQuery(foreseen(of, model, protocolOf(client, model))).data;
  const known = useQuery(providers()).data?.data ?? [];
  const list = useInfiniteQuery(keyList()).data?.pages.flatMap((page) => page.data) ?? [];
  // Of others' keys nothing is said.
  if (!said) return null;
  const { refusal } = said;
  if (!refusal) {
    return (
      <p className={styles.note} role="status">
        Calls of {model} with this key go to {said.targets[said.first ?? 0]?.provider}.
      </p>
    );
  }
  const key = list.find(({ id }) => id === of);
  const cure = cureOf(said, key, known, me);
  return (
    <p className={styles.foreseen} role="status">
      <Badge tone="warn">
        {refusal.status === NO_CREDENTIAL ? "Nothing to draw on" : "Would be refused"}
      </Badge>{" "}
      {refusal.message} {cure && <Way to={cure} />}
    </p>
  );
}

function Way({ to }: { to: Cure }) {
  const { provider } = to;
  return to.page === "accounts" ? (
    <Link to="/accounts" search={{ add: "login", provider }} className={styles.link}>
      Sign in with an account at {provider}
    </Link>
  ) : (
    <Link
      to="/credentials"
      search={{ of: to.of, set: provider, ...(to.org && { org: to.org }) }}
      className={styles.link}
    >
      Give it a credential for {provider}
    </Link>
  );
}
