import { type FormEvent, useEffect, useState } from "react";
import {
  type Account,
  cancelSignIn,
  finishSignIn,
  type SignInBegun,
  type SignInView,
} from "../../api/accounts";
import { Button } from "../../ui/Button";
import { CopyButton } from "../../ui/Copy";
import { TextField } from "../../ui/Field";
import { wordsOf } from "../../ui/states";
import styles from "./Attempt.module.css";
import { useAttempt, useCountdown } from "./useAttempt";
import { endOf, webAddress } from "./words";

type Props = {
  begun: SignInBegun;
  onDone: (account: Account | undefined) => void;
  onAgain: () => void;
  onClose: () => void;
};

/** An attempt that was begun: what to do at the provider's, and what came of it. */
export function Attempt({ begun, onDone, onAgain, onClose }: Props) {
  const { view, failure, setView } = useAttempt(begun);
  const [busy, setBusy] = useState(false);
  const left = useCountdown(begun.expires_in);
  const done = view?.state === "done";
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is done once
  useEffect(() => {
    if (done) onDone(view.account ?? undefined);
  }, [done]);
  if (failure !== undefined) {
    return <Ended title="It cannot go on" next={wordsOf(failure)} {...{ onAgain, onClose }} />;
  }
  if (view && view.state !== "pending" && !done) {
    return <Ended {...endOf(view)} {...{ onAgain, onClose }} />;
  }
  const giveUp = async () => {
    setBusy(true);
    // It ends by itself if this does not reach the server: nobody asks for it any more.
    await cancelSignIn(begun.id).catch(() => undefined);
    onClose();
  };
  return (
    <div className={styles.attempt}>
      {begun.user_code ? <Code begun={begun} /> : <Browser begun={begun} onView={setView} />}
      <div className={styles.notices}>
        {begun.notices.map((notice) => (
          <p key={notice}>{notice}</p>
        ))}
      </div>
      <p className={styles.waiting}>
        <span role="status">Waiting for the provider</span>
        <span role="timer" aria-label="Time left">
          {left}
        </span>
      </p>
      <div className={styles.end}>
        <Button busy={busy} onClick={giveUp}>
          Cancel sign-in
        </Button>
      </div>
    </div>
  );
}

function Away({ to, children }: { to: string | null | undefined; children: string }) {
  const address = webAddress(to);
  // What is no address of the web is read and not pressed.
  if (!address) return <code>{to}</code>;
  return (
    <a href={address} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

function Code({ begun }: { begun: SignInBegun }) {
  const code = begun.user_code ?? "";
  const where = begun.verification_uri ?? "";
  return (
    <>
      <p>
        Open <Away to={where}>{where}</Away>, sign in there, and type this code:
      </p>
      <div className={styles.code}>
        <output aria-label="Code">{code}</output>
        <CopyButton text={code} label="Copy code" />
      </div>
      {begun.verification_uri_complete && (
        <p>
          Or <Away to={begun.verification_uri_complete}>open it with the code filled in</Away>.
        </p>
      )}
    </>
  );
}

function Browser({ begun, onView }: { begun: SignInBegun; onView: (view: SignInView) => void }) {
  const [failure, setFailure] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const send = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const address = String(new FormData(form).get("address")).trim();
    setBusy(true);
    setFailure(undefined);
    try {
      const view = await finishSignIn(begun.id, address);
      form.reset();
      onView(view);
    } catch (error) {
      setFailure(error);
    }
    setBusy(false);
  };
  return (
    <>
      <p>
        <Away to={begun.authorize_url}>Open the provider's sign-in</Away>. It ends at an address
        that begins with <code>{begun.redirect_uri}</code>, where nothing may load.
      </p>
      <form className={styles.paste} onSubmit={send} autoComplete="off">
        <TextField
          label="Address that the browser ended at"
          name="address"
          autoComplete="off"
          spellCheck={false}
          hint="The whole of it: what it holds is good for this sign-in alone"
          error={failure === undefined ? undefined : wordsOf(failure)}
          required
        />
        <Button type="submit" look="primary" busy={busy}>
          Finish
        </Button>
      </form>
    </>
  );
}

type End = { title: string; next: string; onAgain: () => void; onClose: () => void };

function Ended({ title, next, onAgain, onClose }: End) {
  return (
    <div className={styles.attempt} role="alert">
      <p className={styles.title}>{title}</p>
      <p>{next}</p>
      <div className={styles.end}>
        <Button look="primary" autoFocus onClick={onAgain}>
          Begin again
        </Button>
        <Button onClick={onClose}>Close</Button>
      </div>
    </div>
  );
}
