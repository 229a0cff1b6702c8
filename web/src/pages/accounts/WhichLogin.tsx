import { useQuery } from "@tanstack/react-query";
import type { Account, Wanted } from "../../api/accounts";
import { isAtLeast, isPlatform, useMe } from "../../api/me";
import { orgs } from "../../api/people";
import type { Taker } from "../../api/routing";
import { SelectField, TextField } from "../../ui/Field";

type Props = {
  /** The one that is chosen. */
  provider: string;
  name: string | undefined;
  /** Those that there are to choose from; undefined while that is not known. */
  takers: readonly Taker[] | undefined;
  error: (field: string) => string | undefined;
  onChoose: (provider: string) => void;
};

/** The provider that is chosen until somebody does: the one that is signed in with again, else one that is there. */
export function firstOf(
  takers: readonly Taker[] | undefined,
  provider: string | undefined,
  accounts: readonly Account[],
): string {
  const known = (name: string | undefined) => takers?.some((taker) => taker.name === name);
  const used = accounts.find((account) => known(account.provider))?.provider;
  return provider ?? used ?? takers?.[0]?.name ?? "";
}

const NOBODY =
  "None here takes accounts. chatgpt, github-copilot and microsoft-365-copilot do, once they are added: with New " +
  "provider under Providers, or in the configuration file";

/** Which provider a login is for, what to call it, and whose it will be. */
export function WhichLogin({ provider, name, takers, error, onChoose }: Props) {
  const me = useMe();
  const places = useQuery(orgs()).data?.data ?? [];
  const mine = places.filter(({ id }) => isAtLeast(me, "admin", id));
  const known = takers?.map(({ name }) => name) ?? [];
  const names = [...new Set([...known, ...(provider ? [provider] : [])])].sort();
  const missing = takers?.find(({ name }) => name === provider)?.missing;
  return (
    <>
      <SelectField
        label="Provider"
        name="provider"
        value={provider}
        hint={takers?.length === 0 ? NOBODY : missing}
        error={error("provider")}
        autoFocus
        required
        onChange={(event) => onChoose(event.target.value)}
      >
        {names.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </SelectField>
      <TextField
        label="Name"
        name="name"
        defaultValue={name ?? "default"}
        hint="Several of one provider are told apart by it. The same name renews its login"
        error={error("name")}
        required
      />
      {mine.length > 0 && (
        <SelectField
          label="Whose"
          name="owner"
          error={error("owner")}
          hint="A subscription is bound to the person who bought it"
        >
          <option value="">{me.user || !isPlatform(me) ? "My own" : "The operator's own"}</option>
          {mine.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </SelectField>
      )}
    </>
  );
}

export function wantedOf(form: FormData): Wanted {
  const owner = String(form.get("owner") ?? "");
  const [provider, name] = [String(form.get("provider")).trim(), String(form.get("name")).trim()];
  return { provider, name, ...(owner && { owner }) };
}
