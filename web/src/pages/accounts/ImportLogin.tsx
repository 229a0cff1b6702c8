import { useState } from "react";
import { type Account, importAccount } from "../../api/accounts";
import { useTakers } from "../../api/routing";
import { CheckField } from "../../ui/Check";
import { TextAreaField } from "../../ui/Field";
import { FormDialog } from "../../ui/FormDialog";
import { firstOf, WhichLogin, wantedOf } from "./WhichLogin";

type Props = {
  provider: string | undefined;
  name: string | undefined;
  accounts: readonly Account[];
  onDone: (account: Account) => void;
  onClose: () => void;
};

const TAKES_OVER =
  "The gateway takes the login over. Its refresh token works once: what stays with Codex goes stale, and " +
  "if Codex refreshes first, both are signed out. To sign in here is the better way.";

/** Brings the login that Codex keeps in a file. It is in the field until it is sent, and nowhere after that. */
export function ImportLogin({ provider, name, accounts, onDone, onClose }: Props) {
  const [consent, setConsent] = useState(false);
  const [asked, setAsked] = useState(provider);
  const takers = useTakers()?.filter((taker) => taker.import);
  return (
    <FormDialog
      title="Bring the login of Codex"
      send="Bring it"
      fields={["provider", "name", "owner", "auth_json", "consent"]}
      leaves
      onClose={onClose}
      act={async (form) => {
        const text = String(form.get("auth_json"));
        const { account } = await importAccount(wantedOf(form), text, consent);
        onDone(account);
      }}
    >
      {(error) => (
        <>
          <WhichLogin
            provider={firstOf(takers, asked, accounts)}
            name={name}
            takers={takers}
            error={error}
            onChoose={setAsked}
          />
          <TextAreaField
            label="What auth.json holds"
            name="auth_json"
            rows={5}
            autoComplete="off"
            spellCheck={false}
            hint="Of ~/.codex/auth.json. It never comes back"
            error={error("auth_json")}
            required
          />
          <CheckField
            label="I know that this takes it over"
            hint={
              <>
                {TAKES_OVER}
                <span role="alert">{error("consent") && " Say that you know it, to go on."}</span>
              </>
            }
            checked={consent}
            onChange={setConsent}
          />
        </>
      )}
    </FormDialog>
  );
}
