import { type FormEvent, useState } from "react";
import { ApiFailure } from "../../api/client";
import { type Credential, type Owner, setCredential } from "../../api/credentials";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import { wordsOf } from "../../ui/states";
import { toast } from "../../ui/Toasts";
import styles from "./SetCredential.module.css";

type Props = {
  owner: Owner;
  /** Empty while it is not chosen. */
  provider: string;
  name: string | undefined;
  providers: readonly string[];
  taken: readonly Credential[];
  onClose: () => void;
};

/** Takes a secret. It is in the field until it is sent, and nowhere after that. */
export function SetCredential({ owner, provider, name, providers, taken, onClose }: Props) {
  const [chosen, setChosen] = useState(provider);
  const [called, setCalled] = useState(name ?? "default");
  const [failure, setFailure] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const replaces = taken.find((one) => one.provider === chosen && one.name === called);
  const send = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const said = new FormData(form);
    const base_url = String(said.get("base_url") ?? "").trim();
    setBusy(true);
    setFailure(undefined);
    try {
      const api_key = String(said.get("api_key"));
      const secret = { provider: chosen, name: called, api_key, ...(base_url && { base_url }) };
      await setCredential(owner, secret);
      form.reset();
      toast.done(`${replaces ? "Replaced" : "Set"} ${chosen} ${called}`);
      onClose();
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  const about = failure instanceof ApiFailure ? failure.field : undefined;
  const unknown =
    failure instanceof ApiFailure && failure.status === 404 ? wordsOf(failure) : undefined;
  const error = (field: string) => (about === field ? wordsOf(failure) : undefined);
  return (
    <Dialog title={replaces ? `Replace ${chosen} ${called}` : "Add a credential"} onClose={onClose}>
      <form className={styles.form} onSubmit={send} autoComplete="off">
        {!(provider && name) && (
          <>
            <TextField
              label="Provider"
              value={chosen}
              list="providers"
              autoFocus
              error={error("provider") ?? unknown}
              required
              onChange={(event) => setChosen(event.target.value)}
            />
            <datalist id="providers">
              {providers.map((provider) => (
                <option key={provider} value={provider} />
              ))}
            </datalist>
            <TextField
              label="Name"
              value={called}
              error={error("name")}
              hint="Several of one provider are told apart by it, and share the work"
              required
              onChange={(event) => setCalled(event.target.value)}
            />
          </>
        )}
        <TextField
          label="Secret"
          name="api_key"
          type="password"
          autoComplete="off"
          spellCheck={false}
          autoFocus={Boolean(provider && name)}
          error={error("api_key")}
          hint={
            replaces ? "Takes the place of the one that is there" : "The provider's own API key"
          }
          required
        />
        {owner.of === "me" && (
          <TextField
            label="Address"
            name="base_url"
            type="url"
            defaultValue={replaces?.base_url ?? ""}
            error={error("base_url")}
            placeholder="the provider's own"
            hint="https:// on the internet, where it is not the provider's own"
          />
        )}
        <p className={styles.error} role="alert">
          {failure && !about && !unknown ? wordsOf(failure) : ""}
        </p>
        <div className={styles.end}>
          <Button type="submit" look="primary" busy={busy}>
            {replaces ? "Replace" : "Save"}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}
