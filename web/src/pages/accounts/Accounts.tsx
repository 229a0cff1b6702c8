import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type Account, accounts } from "../../api/accounts";
import { isPlatform, useMe, writes } from "../../api/me";
import { orgs, users } from "../../api/people";
import { queries } from "../../api/queries";
import { useOrg } from "../../shell/org";
import { Button } from "../../ui/Button";
import { Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Empty, Failed, SkeletonRows } from "../../ui/states";
import { toast } from "../../ui/Toasts";
import { AccountCard } from "./AccountCard";
import styles from "./Accounts.module.css";
import { ImportLogin } from "./ImportLogin";
import { SignInWith } from "./SignInWith";
import type { AccountsSearch } from "./search";

export function Accounts() {
  const search = useSearch({ from: "/accounts" });
  const navigate = useNavigate({ from: "/accounts" });
  const me = useMe();
  const chosen = useOrg();
  const { data, error } = useQuery(accounts());
  const owner = useOwner();
  const may = writes(me);
  const go = (change: AccountsSearch) => navigate({ search: () => change });
  // What belongs to no organization is seen whichever one is looked at.
  const shown = data?.data.filter(
    (account) => !chosen || account.owner.kind !== "org" || account.owner.id === chosen,
  );
  const off = data && data.data.length > 0 && data.data.every(({ state }) => state === "disabled");
  const added = (account: Account | undefined) => {
    toast.done(account ? `${account.provider} ${account.name} is signed in` : "Signed in");
    void go(account ? { seen: account.id } : {});
  };
  const form = { provider: search.provider, name: search.name, accounts: data?.data ?? [] };
  return (
    <Page
      title="Accounts"
      about="Logins of your own at providers. They are renewed here, and their tokens never come back."
      actions={
        may && (
          <>
            <Button onClick={() => go({ add: "import" })}>Bring a login</Button>
            <Button look="primary" onClick={() => go({ add: "login" })}>
              Sign in with an account
            </Button>
          </>
        )
      }
    >
      {off && (
        <p className={styles.off} role="status">
          Accounts are switched off here, in the configuration file of this server. What is stored
          stays, and nothing is renewed or drawn on.
        </p>
      )}
      {error && !data ? (
        <Panel>
          <Failed error={error} retry={() => queries.refetchQueries({ type: "active" })} />
        </Panel>
      ) : !shown ? (
        <Panel>
          <SkeletonRows rows={5} />
        </Panel>
      ) : shown.length === 0 ? (
        <Panel>
          <Empty title="No account yet">
            {may
              ? "Sign in with a subscription of your own, and your own keys draw on it, where they would be billed by the call."
              : "Whoever has more than the right to read signs in with a subscription of their own here."}
          </Empty>
        </Panel>
      ) : (
        shown.map((account) => (
          <AccountCard
            key={account.id}
            account={account}
            owner={owner(account)}
            may={may}
            fresh={account.id === search.seen}
            onSignIn={() => go({ add: "login", provider: account.provider, name: account.name })}
          />
        ))
      )}
      {search.add === "login" && may && data && (
        <SignInWith {...form} onDone={added} onClose={() => go({})} />
      )}
      {search.add === "import" && may && data && (
        <ImportLogin {...form} onDone={added} onClose={() => go({})} />
      )}
    </Page>
  );
}

/** Whose an account is, in words. */
function useOwner(): (account: Account) => string {
  const me = useMe();
  const places = useQuery(orgs()).data?.data;
  const people = useQuery({ ...users(), enabled: isPlatform(me) }).data?.data;
  return ({ owner: { kind, id } }) => {
    if (kind === "platform") return "The operator's own";
    const known: readonly { id: string; name: string }[] | undefined =
      kind === "org" ? places : people;
    if (kind === "user" && id === me.user?.id) return "Yours";
    return known?.find((one) => one.id === id)?.name ?? id ?? kind;
  };
}
