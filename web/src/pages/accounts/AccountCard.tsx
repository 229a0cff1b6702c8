import { useState } from "react";
import {
  type Account,
  pauseAccount,
  refreshAccount,
  removeAccount,
  resumeAccount,
  type Window,
  wakeAccount,
} from "../../api/accounts";
import { moment, until } from "../../format";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Confirm";
import { Fact, Facts } from "../../ui/Facts";
import { LinkButton } from "../../ui/LinkButton";
import { Meter } from "../../ui/Meter";
import { Panel } from "../../ui/Panel";
import { Time, Until, useNow } from "../../ui/Time";
import { toast } from "../../ui/Toasts";
import styles from "./AccountCard.module.css";
import {
  type Act,
  actsFor,
  isPaused,
  STATES,
  unheard,
  whyText,
  windowName,
  windowsOf,
} from "./words";

type Props = {
  account: Account;
  /** Whose it is, in words. */
  owner: string;
  may: boolean;
  /** Whether it was added just now. */
  fresh: boolean;
  onSignIn: () => void;
};

export function AccountCard({ account, owner, may, fresh, onSignIn }: Props) {
  const windows = windowsOf(account);
  return (
    <article
      className={fresh ? styles.fresh : undefined}
      aria-label={`${account.provider} ${account.name}`}
    >
      <Panel
        title={
          <span className={styles.title}>
            <span className={styles.name}>
              {account.provider} <span className={styles.soft}>{account.name}</span>
            </span>
            <State of={account} />
            {fresh && <Badge tone="accent">Just added</Badge>}
          </span>
        }
        aside={
          <span className={styles.actions}>
            <LinkButton to="/calls" search={{ credential: account.id }}>
              Calls
            </LinkButton>
            {may && <Actions of={account} onSignIn={onSignIn} />}
          </span>
        }
      >
        <div className={styles.body}>
          <Facts>
            <Fact name="Holder">{account.holder}</Fact>
            <Fact name="Plan">{account.plan}</Fact>
            <Fact name="Owner">{owner}</Fact>
            <Fact name="Token ends">
              <Time at={account.expires_at} />
            </Fact>
            {account.refreshed_at && (
              <Fact name="Renewed">
                <Time at={account.refreshed_at} />
              </Fact>
            )}
            <Fact name="Signed in">
              <Time at={account.configured_at} />
            </Fact>
            {account.models.length > 0 && (
              <Fact name="Models">
                <code>{account.models.join(", ")}</code>
              </Fact>
            )}
            <Fact name="Fingerprint">
              <code>{account.fingerprint}</code>
            </Fact>
          </Facts>
          <div className={styles.windows}>
            {windows.map((window) => (
              <Used key={`${window.minutes} ${window.resets_at}`} window={window} />
            ))}
            {windows.length === 0 ? (
              <p className={styles.soft}>{unheard(account)}</p>
            ) : (
              account.windows_at && (
                <p className={styles.soft}>
                  Heard <Time at={account.windows_at} />
                </p>
              )
            )}
          </div>
        </div>
        {account.last_error && (
          <p className={styles.error}>
            {account.last_error}
            {account.next_try_at && (
              <>
                {" "}
                Tried again <Time at={account.next_try_at} />.
              </>
            )}
          </p>
        )}
        {account.missing && <p className={styles.missing}>{account.missing}</p>}
        {account.notice && <p className={styles.notice}>{account.notice}</p>}
      </Panel>
    </article>
  );
}

function State({ of: account }: { of: Account }) {
  const [tone, text] = isPaused(account) ? (["neutral", "Paused"] as const) : STATES[account.state];
  const why = isPaused(account) ? undefined : whyText(account.why);
  return (
    <span className={styles.state}>
      <Badge tone={tone}>{text}</Badge>
      {why && <span className={styles.soft}>{why}</span>}
      {account.until && (
        <span className={styles.soft}>
          back <Until at={account.until} />
        </span>
      )}
    </span>
  );
}

function Used({ window }: { window: Window }) {
  useNow();
  const { used_percent, resets_at } = window;
  const resets = resets_at ? `, resets ${until(resets_at)}` : "";
  return (
    <div title={resets_at && moment(resets_at)}>
      <Meter
        label={windowName(window)}
        value={Math.max(0, used_percent)}
        most={100}
        text={`${Math.round(used_percent)}% used${resets}`}
      />
    </div>
  );
}

const ACTS: Record<
  Act,
  readonly [label: string, done: string, act: (id: string) => Promise<Account>]
> = {
  pause: ["Pause", "Paused", pauseAccount],
  resume: ["Resume", "Resumed", resumeAccount],
  wake: ["Wake", "Woke", wakeAccount],
  refresh: ["Renew", "Renewed", refreshAccount],
};

function Actions({ of: account, onSignIn }: { of: Account; onSignIn: () => void }) {
  const [busy, setBusy] = useState<Act>();
  const called = `${account.provider} ${account.name}`;
  const go = async (act: Act) => {
    const [, done, ask] = ACTS[act];
    setBusy(act);
    try {
      const after = await ask(account.id);
      // A renewal that failed is an answer too.
      if (act === "refresh" && after.last_error) toast.failed(new Error(after.last_error));
      else toast.done(`${done} ${called}`);
    } catch (error) {
      toast.failed(error);
    }
    setBusy(undefined);
  };
  const lost = account.state === "auth_required" || account.state === "dead";
  return (
    <span className={styles.actions}>
      {lost && <Button onClick={onSignIn}>Sign in again</Button>}
      {actsFor(account).map((act) => (
        <Button key={act} busy={busy === act} onClick={() => go(act)}>
          {ACTS[act][0]}
        </Button>
      ))}
      <Confirm
        label="Remove"
        question="Forget it here? Sign it out at the provider too."
        yes="Remove"
        act={() =>
          removeAccount(account.id).then(() => toast.done(`Removed ${called}`), toast.failed)
        }
      />
    </span>
  );
}
