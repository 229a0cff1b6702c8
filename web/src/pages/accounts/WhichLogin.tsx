import { useQuery } from "@tanstack/react-query";
import type { Account, Wanted } from "../../api/accounts";
import { isAtLeast, isPlatform, useMe } from "../../api/me";
import { orgs } from "../../api/people";
import { useProviderNames } from "../../api/routing";
import { SelectField, TextField } from "../../ui/Field";

/** The provider that the catalog has for a plan of its own. */
const FIRST = "chatgpt";

type Props = {
  provider: string | undefined;
  name: string | undefined;
  accounts: readonly Account[];
  error: (field: string) => string | undefined;
};

/** Which provider a login is for, what to call it, and whose it will be. */
export function WhichLogin({ provider, name, accounts, error }: Props) {
  const me = useMe();
  const places = useQuery(orgs()).data?.data ?? [];
  const mine = places.filter(({ id }) => isAtLeast(me, "admin", id));
  const known = useProviderNames().names ?? [];
  const names = [...new Set([...accounts.map((account) => account.provider), ...known, FIRST])];
  return (
    <>
      <TextField
        label="Provider"
        name="provider"
        list="account-providers"
        defaultValue={provider ?? accounts[0]?.provider ?? FIRST}
        hint="One whose table in the configuration file says that it takes accounts"
        error={error("provider")}
        autoFocus
        required
      />
      <datalist id="account-providers">
        {names.sort().map((provider) => (
          <option key={provider} value={provider} />
        ))}
      </datalist>
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
