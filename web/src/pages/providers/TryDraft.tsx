import { useInfiniteQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useState } from "react";
import { keyList } from "../../api/keys";
import { type DryRun, dryRun } from "../../api/routing";
import { Button } from "../../ui/Button";
import { SelectField, TextField } from "../../ui/Field";
import { wordsOf } from "../../ui/states";
import { Happening } from "./Happening";
import { type Route, sample } from "./routes";
import styles from "./WhatWould.module.css";

const PROTOCOLS = ["messages", "chat", "responses"] as const;

/** What the route that is being edited would do, before anybody saves it. Nothing is written. */
export function TryDraft({ model, routes }: { model: string; routes: readonly Route[] }) {
  const keys = useInfiniteQuery(keyList()).data?.pages.flatMap((page) => page.data) ?? [];
  const [name, setName] = useState("");
  const [protocol, setProtocol] = useState<string>(PROTOCOLS[0]);
  const [key, setKey] = useState("");
  const [tried, setTried] = useState<{ of: string; said?: DryRun; failure?: unknown }>();
  const [busy, setBusy] = useState(false);
  const asked = { model: name.trim() || sample(model), protocol, ...(key && { key }), routes };
  const now = JSON.stringify(asked);
  const ask = async () => {
    setBusy(true);
    try {
      setTried({ of: now, said: await dryRun({ ...asked, routes: [...routes] }) });
    } catch (failure) {
      setTried({ of: now, failure });
    } finally {
      setBusy(false);
    }
  };
  // In a form that saves: here Enter only tries.
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (!busy) ask();
  };
  return (
    <fieldset className={styles.draft}>
      <legend>Try it before saving</legend>
      <div className={styles.fields}>
        <TextField
          label="Model asked for"
          value={name}
          placeholder={sample(model)}
          onChange={(event) => setName(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <SelectField
          label="Caller's protocol"
          value={protocol}
          onChange={(event) => setProtocol(event.target.value)}
        >
          {PROTOCOLS.map((protocol) => (
            <option key={protocol}>{protocol}</option>
          ))}
        </SelectField>
        <SelectField label="Key" value={key} onChange={(event) => setKey(event.target.value)}>
          <option value="">one that may use everything</option>
          {keys.map(({ id, name, prefix }) => (
            <option key={id} value={id}>
              {name} ({prefix}…)
            </option>
          ))}
        </SelectField>
      </div>
      <p className={styles.send}>
        <Button busy={busy} onClick={ask}>
          Try the draft
        </Button>
        <span className={styles.note}>Nothing is sent or saved.</span>
      </p>
      <p className={styles.error} role="alert">
        {tried?.failure ? wordsOf(tried.failure) : ""}
      </p>
      <div role="status">
        {tried?.said && tried.of === now && <Happening said={tried.said} />}
        {tried && tried.of !== now && <p className={styles.note}>Changed since it was tried.</p>}
      </div>
    </fieldset>
  );
}
