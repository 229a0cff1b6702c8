import { useQuery } from "@tanstack/react-query";
import type { Key } from "../../../api/keys";
import { isPlatform } from "../../../api/me";
import { models, routes, useProviderNames } from "../../../api/routing";
import type { Me } from "../../../api/session";
import { CheckField } from "../../../ui/Check";
import { SelectField } from "../../../ui/Field";
import { TagsField } from "../../../ui/Tags";
import type { Draft } from "../draft";
import type { FieldsProps } from "../KeyForm";
import styles from "../KeyForm.module.css";

type Source = keyof Key["credentials"];

const SOURCES: readonly (readonly [Source, string, string])[] = [
  ["client", "The client's own", "Sent beside the virtual key, passed on, never kept"],
  ["user", "Its owner's", "A person's own: only they may then have the key's secret"],
  ["org", "Its organization's", "Those that the organization's administrators set"],
  ["platform", "The platform's", "Spends the money of this installation"],
];

const CAPTURES: Record<Key["capture"], string> = {
  off: "Nothing",
  redacted: "Bodies without what looks like a secret",
  full: "Bodies as they are",
};

/** `mayLend`: whether it may spend the platform's money already. */
type Props = FieldsProps & { me: Me; mayLend: boolean };

/** Models, where they may come from, and on whose credentials. */
export function UseFields({ draft, set, error, me, mayLend }: Props) {
  const known = useQuery(models()).data?.data ?? [];
  const places = useProviderNames().names ?? [];
  const ways = useQuery({ ...routes(), enabled: isPlatform(me) }).data?.data ?? [];
  const names = [...new Set(known.filter(({ routed }) => routed).map(({ name }) => name))];
  const foreign = draft.owner !== "" && draft.owner !== me.user?.id && !isPlatform(me);
  return (
    <div className={styles.fields}>
      <TagsField
        label="Models"
        values={draft.models}
        known={names}
        error={error("models")}
        placeholder="all"
        hint="Names, or prefixes ending in *"
        onChange={(models) => set({ models })}
      />
      <TagsField
        label="Providers"
        values={draft.providers}
        known={places}
        error={error("providers")}
        placeholder="all"
        onChange={(providers) => set({ providers })}
      />
      <TagsField
        label="Routes"
        values={draft.routes}
        known={ways.map(({ model }) => model)}
        error={error("routes")}
        placeholder="all"
        hint="With routes, the key opens nothing below /proxy"
        onChange={(routes) => set({ routes })}
      />
      <fieldset className={styles.group}>
        <legend>Whose credentials it draws on, the first that there is</legend>
        {SOURCES.filter(([source]) => source !== "platform" || isPlatform(me) || mayLend).map(
          ([source, label, hint]) => (
            <CheckField
              key={source}
              label={label}
              hint={source === "user" && foreign ? "Leave it off: you are not the owner" : hint}
              checked={draft.credentials[source]}
              onChange={(may) => set({ credentials: { ...draft.credentials, [source]: may } })}
            />
          ),
        )}
        {error("credentials") && (
          <p role="alert" className={styles.error}>
            {error("credentials")}
          </p>
        )}
      </fieldset>
      <fieldset className={styles.group}>
        <legend>Translation</legend>
        <CheckField
          label="Strict"
          hint="Refuse a call that a translation would lose anything of"
          checked={draft.strict}
          onChange={(strict) => set({ strict })}
        />
      </fieldset>
      <SelectField
        label="Kept of bodies"
        value={draft.capture ?? ""}
        error={error("capture")}
        onChange={({ target }) => set({ capture: (target.value || null) as Draft["capture"] })}
      >
        <option value="">What the installation says</option>
        {Object.entries(CAPTURES).map(([capture, text]) => (
          <option key={capture} value={capture}>
            {text}
          </option>
        ))}
      </SelectField>
    </div>
  );
}
