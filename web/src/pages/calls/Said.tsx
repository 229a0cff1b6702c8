import { useState } from "react";
import { type Captured, type CapturedBody, forgetCapture, readCapture } from "../../api/captures";
import { isAtLeast, isPlatform, useMe, writes } from "../../api/me";
import type { Call } from "../../api/record";
import { bytes } from "../../format";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Confirm";
import { CopyBlock } from "../../ui/Copy";
import { Panel } from "../../ui/Panel";
import { Failed } from "../../ui/states";
import { toast } from "../../ui/Toasts";
import styles from "./Said.module.css";
import { indented, streamed } from "./said";

/** What the client and the provider said, where that is kept. Nothing is shown where it is not. */
export function Said({ call }: { call: Call }) {
  const me = useMe();
  const [said, setSaid] = useState<Captured>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const [gone, setGone] = useState(false);
  if (!call.capture || gone) return null;
  const administers = call.org ? isAtLeast(me, "admin", call.org) : isPlatform(me);
  const own = call.user !== undefined && call.user === me.user?.id;
  const read = async () => {
    setBusy(true);
    setError(undefined);
    try {
      setSaid(await readCapture(call.id));
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  const forget = () =>
    forgetCapture(call.id).then(() => {
      toast.done("What this call said is forgotten.");
      setGone(true);
    }, toast.failed);
  const forgets = writes(me) && (administers || (own && !call.org));
  return (
    <Panel
      title="What was said"
      aside={
        forgets && (
          <Confirm
            label="Forget"
            question="Forget what it said for good?"
            yes="Forget"
            act={forget}
          />
        )
      }
    >
      {said ? (
        <div className={styles.said}>
          <Body title="The client" body={said.request} />
          <Body title="The answer" body={said.response} />
        </div>
      ) : error ? (
        <Failed error={error} retry={read} />
      ) : call.capture === "dropped" ? (
        <p className={styles.note}>There was no room to keep it when the call ended.</p>
      ) : administers || own ? (
        <p className={styles.ask}>
          <Button busy={busy} onClick={read}>
            Show
          </Button>
          <span className={styles.note}>Reading it is noted in the audit trail.</span>
        </p>
      ) : (
        <p className={styles.note}>Whoever made the call and administrators may read it.</p>
      )}
    </Panel>
  );
}

function Body({ title, body }: { title: string; body: CapturedBody }) {
  const text = body.base64 ? undefined : streamed(body.body);
  return (
    <section className={styles.body}>
      <h3 className={styles.head}>
        {title}
        <span>{bytes(body.bytes)}</span>
        {body.truncated && <Badge tone="warn">cut</Badge>}
        {body.redacted && <Badge>secrets taken out</Badge>}
        {body.base64 && <Badge>base64</Badge>}
      </h3>
      {text && <p className={styles.text}>{text}</p>}
      {body.body === "" ? (
        <p className={styles.note}>Nothing.</p>
      ) : text === undefined ? (
        <CopyBlock label={title} text={indented(body.body)} />
      ) : (
        <details>
          <summary>The stream as it came</summary>
          <CopyBlock label={`${title}, as it came`} text={body.body} />
        </details>
      )}
    </section>
  );
}
