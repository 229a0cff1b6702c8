import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type CreatedKey, createKey, keyList } from "../../api/keys";
import { isAtLeast, isPlatform, useMe } from "../../api/me";
import { orgs } from "../../api/people";
import { useOrg } from "../../shell/org";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { CheckField } from "../../ui/Check";
import { SelectField, TextField } from "../../ui/Field";
import { Skeleton, wordsOf } from "../../ui/states";
import { mayMake } from "../keys/rights";
import styles from "./Connect.module.css";

type Props = {
  chosen: string | undefined;
  /** The key that was made on this page, whose secret is still known. */
  made: CreatedKey | undefined;
  onChoose: (key: string) => void;
  onMade: (key: CreatedKey) => void;
};

/** A key that is there, or a new one: only the secret of a new one is known. */
export function KeyChoice({ chosen, made, onChoose, onMade }: Props) {
  const me = useMe();
  const org = useOrg();
  const { data } = useInfiniteQuery(keyList());
  const [making, setMaking] = useState(false);
  const usable = (data?.pages.flatMap((page) => page.data) ?? []).filter(
    (key) =>
      key.id === chosen ||
      (key.state === "active" &&
        key.kind === "standard" &&
        (!org || key.org === org) &&
        (isPlatform(me) || key.owner === me.user?.id)),
  );
  if (!data) return <Skeleton height="3.25rem" />;
  if (making || (usable.length === 0 && mayMake(me))) {
    return (
      <QuickKey
        onMade={(key) => {
          setMaking(false);
          onMade(key);
        }}
        {...(usable.length > 0 && { onCancel: () => setMaking(false) })}
      />
    );
  }
  return (
    <div className={styles.choose}>
      <SelectField
        label="Key"
        value={chosen ?? ""}
        onChange={(event) => onChoose(event.target.value)}
      >
        <option value="" disabled>
          Choose one of {usable.length}
        </option>
        {usable.map(({ id, name, prefix }) => (
          <option key={id} value={id}>
            {name} ({prefix}…)
          </option>
        ))}
      </SelectField>
      <div className={styles.done}>
        {mayMake(me) && <Button onClick={() => setMaking(true)}>Create a key</Button>}
        {made && made.id === chosen && <Badge tone="good">Its secret stands below, once</Badge>}
      </div>
    </div>
  );
}

type QuickProps = { onMade: (key: CreatedKey) => void; onCancel?: () => void };

/** A key with a name and a place, and nothing more: the page of keys has every field. */
function QuickKey({ onMade, onCancel }: QuickProps) {
  const me = useMe();
  const here = useOrg();
  const places = useQuery(orgs()).data?.data;
  const [failure, setFailure] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const [platform, setPlatform] = useState<boolean>();
  if (!places) return <Skeleton height="3.25rem" />;
  const mine = places.filter(({ id, disabled_at }) => !disabled_at && isAtLeast(me, "member", id));
  const lends = platform ?? places.length === 0;
  const make = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const org = String(form.get("org") ?? "");
    setBusy(true);
    setFailure(undefined);
    try {
      const made = await createKey({
        name: String(form.get("name")),
        ...(org && { org }),
        ...(isPlatform(me) && { credentials: { platform: lends } }),
      });
      onMade(made);
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <form className={styles.fields} onSubmit={make} aria-label="Create a key">
      <div className={styles.choose}>
        <TextField label="Name" name="name" maxLength={100} required />
        {mine.length > 0 && (
          <SelectField label="Organization" name="org" defaultValue={here ?? mine[0]?.id}>
            {mine.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
            <option value="">None</option>
          </SelectField>
        )}
      </div>
      {isPlatform(me) && (
        <CheckField
          label="May spend the platform's credentials"
          hint="Without this it draws on its owner's and its organization's"
          checked={lends}
          onChange={setPlatform}
        />
      )}
      <div className={styles.done}>
        <Button type="submit" look="primary" busy={busy}>
          Create key
        </Button>
        {onCancel && <Button onClick={onCancel}>Cancel</Button>}
        <p className={styles.error} role="alert">
          {failure ? wordsOf(failure) : ""}
        </p>
      </div>
    </form>
  );
}
