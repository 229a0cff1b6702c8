import { useQuery } from "@tanstack/react-query";
import { isAtLeast, isPlatform } from "../../../api/me";
import { orgs, users } from "../../../api/people";
import type { Me } from "../../../api/session";
import { moment } from "../../../format";
import { SelectField, TextField } from "../../../ui/Field";
import { NEVER } from "../draft";
import type { FieldsProps } from "../KeyForm";
import styles from "../KeyForm.module.css";
import { KINDS } from "../search";

const LIVES = [
  ["1h", "in 1 hour"],
  ["24h", "in 24 hours"],
  ["7d", "in 7 days"],
  ["30d", "in 30 days"],
  ["90d", "in 90 days"],
  ["365d", "in a year"],
] as const;

type Props = FieldsProps & { me: Me; expires?: string | null | undefined };

/** Whose a key is, what it is called, and how long it lives. */
export function WhoFields({ draft, set, error, me, expires }: Props) {
  const places = useQuery(orgs()).data?.data ?? [];
  const people = useQuery(users()).data?.data ?? [];
  const made = expires !== undefined;
  const mine = places.filter(({ id, disabled_at }) => !disabled_at && isAtLeast(me, "member", id));
  const choosing = isPlatform(me) || (draft.org !== "" && isAtLeast(me, "admin", draft.org));
  const members = people.filter(
    ({ id, disabled_at, orgs }) =>
      id === draft.owner ||
      (!disabled_at && (!draft.org || orgs.some(({ id }) => id === draft.org))),
  );
  return (
    <div className={styles.fields}>
      <TextField
        label="Name"
        value={draft.name}
        error={error("name")}
        maxLength={100}
        autoFocus={!made}
        required
        onChange={(event) => set({ name: event.target.value })}
      />
      <div className={styles.pair}>
        <SelectField
          label="Organization"
          value={draft.org}
          error={error("org")}
          onChange={(event) => set({ org: event.target.value })}
        >
          <option value="">None</option>
          {mine.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </SelectField>
        {choosing && (
          <SelectField
            label="Owner"
            value={draft.owner}
            error={error("owner")}
            hint="The key stops when its owner is switched off"
            onChange={(event) => {
              const owner = event.target.value;
              // A person's credentials are for keys whose secret only they have.
              const foreign = owner !== "" && owner !== me.user?.id && !isPlatform(me);
              const credentials = { ...draft.credentials, user: false };
              set({ owner, ...(foreign && { credentials }) });
            }}
          >
            {(!me.user || made || isPlatform(me)) && <option value="">Nobody</option>}
            {me.user && !made && !isPlatform(me) && <option value="">Me</option>}
            {members
              .filter(({ id }) => made || isPlatform(me) || id !== me.user?.id)
              .map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
          </SelectField>
        )}
      </div>
      <div className={styles.pair}>
        <TextField
          label="Agent"
          value={draft.agent}
          error={error("agent")}
          maxLength={100}
          placeholder="none"
          hint="Whom its calls are attributed to"
          onChange={(event) => set({ agent: event.target.value })}
        />
        <SelectField
          label="Expires"
          value={draft.expires}
          error={error("expires_in")}
          onChange={(event) => set({ expires: event.target.value })}
        >
          {made && <option value="">{expires ? moment(expires) : "Never"}</option>}
          {(!made || expires) && draft.kind === "standard" && (
            <option value={made ? NEVER : ""}>Never</option>
          )}
          {!made && draft.kind === "scoped" && <option value="">in 2 hours</option>}
          {LIVES.filter(([life]) => draft.kind === "standard" || !/^(30|90|365)d/.test(life)).map(
            ([life, text]) => (
              <option key={life} value={life}>
                {text}
              </option>
            ),
          )}
        </SelectField>
        {!made && (
          <SelectField
            label="Kind"
            value={draft.kind}
            error={error("kind")}
            hint={draft.kind === "scoped" ? "Short-lived: renewed up to seven days" : undefined}
            onChange={(event) => {
              const kind = KINDS.find(([kind]) => kind === event.target.value)?.[0];
              if (kind) set({ kind, expires: "" });
            }}
          >
            {KINDS.map(([kind, text]) => (
              <option key={kind} value={kind}>
                {text}
              </option>
            ))}
          </SelectField>
        )}
      </div>
    </div>
  );
}
