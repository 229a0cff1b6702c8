import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiFailure } from "../../api/client";
import { keyList } from "../../api/keys";
import { isPlatform, useMe } from "../../api/me";
import { type DryRun, dryRun, models } from "../../api/routing";
import { Button } from "../../ui/Button";
import { CheckField } from "../../ui/Check";
import { SelectField, TextField } from "../../ui/Field";
import { Panel } from "../../ui/Panel";
import { wordsOf } from "../../ui/states";
import { mayChange } from "../keys/rights";
import { Happening } from "./Happening";
import styles from "./WhatWould.module.css";

const PROTOCOLS = ["messages", "chat", "responses"] as const;

/** Asks what would happen to a request. Nothing is sent, and nothing is held for it. */
export function WhatWould() {
  const me = useMe();
  const list = useInfiniteQuery(keyList()).data?.pages.flatMap((page) => page.data) ?? [];
  const keys = list.filter((key) => mayChange(me, key));
  const known = useQuery(models()).data?.data ?? [];
  const [tools, setTools] = useState(false);
  const [images, setImages] = useState(false);
  const [said, setSaid] = useState<DryRun>();
  const [failure, setFailure] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const ask = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const field = (name: string) => String(form.get(name) ?? "").trim();
    setBusy(true);
    setFailure(undefined);
    try {
      const body = field("body");
      const whole = body ? { body: JSON.parse(body) } : { model: field("model"), tools, images };
      const [key, session, protocol] = [field("key"), field("session"), field("protocol")];
      setSaid(
        await dryRun({ ...whole, protocol, ...(key && { key }), ...(session && { session }) }),
      );
    } catch (error) {
      setSaid(undefined);
      setFailure(error instanceof SyntaxError ? new Error("The body is not JSON.") : error);
    } finally {
      setBusy(false);
    }
  };
  const wrong = (name: string) =>
    failure instanceof ApiFailure && failure.field === name ? wordsOf(failure) : undefined;
  const placed = wrong("model") ?? wrong("session");
  // Without a key of theirs others than administrators of the installation have nothing to ask of.
  if (!isPlatform(me) && keys.length === 0) return null;
  return (
    <Panel title="What would happen">
      <form className={styles.form} onSubmit={ask} autoComplete="off">
        <div className={styles.fields}>
          <TextField
            label="Model asked for"
            name="model"
            list="known-models"
            error={wrong("model")}
          />
          <datalist id="known-models">
            {known.map(({ name }) => (
              <option key={name} value={name} />
            ))}
          </datalist>
          <SelectField label="Protocol" name="protocol">
            {PROTOCOLS.map((protocol) => (
              <option key={protocol}>{protocol}</option>
            ))}
          </SelectField>
          <SelectField label="Key" name="key">
            {isPlatform(me) && <option value="">one that may use everything</option>}
            {keys.map(({ id, name, prefix }) => (
              <option key={id} value={id}>
                {name} ({prefix}…)
              </option>
            ))}
          </SelectField>
          <TextField label="Session" name="session" placeholder="any" error={wrong("session")} />
        </div>
        <div className={styles.flags}>
          <CheckField label="With a tool" checked={tools} onChange={setTools} />
          <CheckField label="With an image" checked={images} onChange={setImages} />
        </div>
        <details>
          <summary>Or a whole request</summary>
          <textarea
            name="body"
            aria-label="The request's body"
            className={styles.body}
            rows={6}
            spellCheck={false}
            placeholder='{"model": "…", "messages": […]}'
          />
        </details>
        <p className={styles.send}>
          <Button type="submit" look="primary" busy={busy}>
            Try
          </Button>
          <span className={styles.note}>
            Nothing is sent, and nothing is counted against limits.
            {isPlatform(me) &&
              " Routes count as they are saved; what is not saved yet can be tried where it is edited."}
          </span>
        </p>
        <p className={styles.error} role="alert">
          {failure && !placed ? wordsOf(failure) : ""}
        </p>
      </form>
      <div role="status">{said && <Happening said={said} />}</div>
    </Panel>
  );
}
