import { useState } from "react";
import { useMe } from "../../api/me";
import { type CreatedToken, createToken, type Holder } from "../../api/tokens";
import { SelectField, TextField } from "../../ui/Field";
import { FormDialog } from "../../ui/FormDialog";

const SCOPES = [
  ["read", "Looks, and changes nothing"],
  ["write", "Also makes and changes what is the user's own"],
  ["admin", "Does everything the user may"],
] as const;

const LIVES = [
  ["24h", "in 24 hours"],
  ["30d", "in 30 days"],
  ["90d", "in 90 days"],
  ["365d", "in a year"],
  ["", "never"],
] as const;

type Props = { of: Holder; onMade: (made: CreatedToken) => void; onClose: () => void };

export function NewToken({ of, onMade, onClose }: Props) {
  const me = useMe();
  const [scope, setScope] = useState<string>("read");
  // Nobody makes a token that may do more than what they use.
  const most = SCOPES.findIndex(([name]) => name === me.scope);
  const given = SCOPES.slice(0, most < 0 ? SCOPES.length : most + 1);
  return (
    <FormDialog
      title="New token"
      send="Make token"
      fields={["name", "scope", "expires_in"]}
      onClose={onClose}
      act={async (form) => {
        const expires = String(form.get("expires"));
        const name = String(form.get("name"));
        const body = { name, scope, ...(expires && { expires_in: expires }) };
        onMade(await createToken(of, body));
      }}
    >
      {(error) => (
        <>
          <TextField
            label="Name"
            name="name"
            error={error("name")}
            hint="Where it is used, such as the machine's name"
            autoFocus
            required
          />
          <SelectField
            label="Scope"
            value={scope}
            error={error("scope")}
            hint={SCOPES.find(([name]) => name === scope)?.[1]}
            onChange={(event) => setScope(event.target.value)}
          >
            {given.map(([name]) => (
              <option key={name}>{name}</option>
            ))}
          </SelectField>
          <SelectField
            label="Expires"
            name="expires"
            defaultValue="90d"
            error={error("expires_in")}
          >
            {LIVES.map(([life, text]) => (
              <option key={life} value={life}>
                {text}
              </option>
            ))}
          </SelectField>
        </>
      )}
    </FormDialog>
  );
}
