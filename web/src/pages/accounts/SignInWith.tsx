import { useState } from "react";
import { type Account, beginSignIn, type Flow, type SignInBegun } from "../../api/accounts";
import { useTakers } from "../../api/routing";
import { Dialog } from "../../ui/Dialog";
import { SelectField } from "../../ui/Field";
import { FormDialog } from "../../ui/FormDialog";
import { Attempt } from "./Attempt";
import { firstOf, WhichLogin, wantedOf } from "./WhichLogin";

const FLOWS: Record<Flow, readonly [name: string, hint: string]> = {
  device: ["A code", "Typed at the provider's, in a browser anywhere"],
  browser: ["A browser", "Ends at an address on its own machine, which is pasted here"],
};

type Props = {
  provider: string | undefined;
  name: string | undefined;
  accounts: readonly Account[];
  onDone: (account: Account | undefined) => void;
  onClose: () => void;
};

/** Signs in with an account. What was begun is here and nowhere else: not in the address, nor kept. */
export function SignInWith({ provider, name, accounts, onDone, onClose }: Props) {
  const [flow, setFlow] = useState<Flow>("device");
  const [begun, setBegun] = useState<SignInBegun>();
  const [asked, setAsked] = useState({ provider, name });
  const takers = useTakers();
  const chosen = firstOf(takers, asked.provider, accounts);
  const flows = takers?.find(({ name }) => name === chosen)?.flows;
  const offered = Object.entries(FLOWS).filter(([flow]) => flows?.includes(flow) ?? true);
  if (begun) {
    return (
      // A press outside would give up what somebody does in another window.
      <Dialog title={`Sign in: ${asked.provider} ${asked.name}`}>
        <Attempt
          key={begun.id}
          begun={begun}
          onDone={onDone}
          onAgain={() => setBegun(undefined)}
          onClose={onClose}
        />
      </Dialog>
    );
  }
  return (
    <FormDialog
      title="Sign in with an account"
      send="Begin"
      fields={["provider", "name", "owner", "flow"]}
      leaves
      onClose={onClose}
      act={async (form) => {
        const wanted = wantedOf(form);
        setAsked(wanted);
        setBegun(await beginSignIn(wanted, flow));
      }}
    >
      {(error) => (
        <>
          <WhichLogin
            name={asked.name}
            provider={chosen}
            takers={takers}
            error={error}
            onChoose={(provider) => {
              setAsked({ ...asked, provider });
              setFlow("device");
            }}
          />
          <SelectField
            label="With"
            value={flow}
            error={error("flow")}
            hint={FLOWS[flow][1]}
            onChange={(event) => setFlow(event.target.value === "browser" ? "browser" : "device")}
          >
            {offered.map(([flow, [name]]) => (
              <option key={flow} value={flow}>
                {name}
              </option>
            ))}
          </SelectField>
        </>
      )}
    </FormDialog>
  );
}
