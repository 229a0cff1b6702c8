import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMe } from "../../api/me";
import { changePassword } from "../../api/tokens";
import { Button } from "../../ui/Button";
import { Fact, Facts } from "../../ui/Facts";
import { TextField } from "../../ui/Field";
import { FormDialog } from "../../ui/FormDialog";
import { Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Empty } from "../../ui/states";
import { toast } from "../../ui/Toasts";
import { Tokens } from "../people/Tokens";

/** Who is signed in, their own tokens, and their password. */
export function Account() {
  const { user, scope } = useMe();
  const { password = false } = useSearch({ from: "/account" });
  const navigate = useNavigate({ from: "/account" });
  const ask = (password: boolean) =>
    navigate({ search: ({ org }) => ({ ...(org && { org }), ...(password && { password }) }) });
  if (!user) {
    return (
      <Page title="Your account">
        <Panel>
          <Empty title="The administrator's token is nobody's">
            Sign in as a user to have tokens and a password of your own.
          </Empty>
        </Panel>
      </Page>
    );
  }
  const roles = user.orgs.map(({ name, role }) => `${name} (${role})`).join(", ");
  return (
    <Page title="Your account" actions={<Button onClick={() => ask(true)}>Change password</Button>}>
      <Panel title={user.name}>
        <Facts>
          <Fact name="Address">{user.email}</Fact>
          <Fact name="Organizations">{roles}</Fact>
          <Fact name="Installation">{user.admin && "administrator"}</Fact>
          <Fact name="Id">
            <code>{user.id}</code>
          </Fact>
        </Facts>
      </Panel>
      <Tokens of="me" may={scope !== "read"} />
      {password && <Password onClose={() => ask(false)} />}
    </Page>
  );
}

function Password({ onClose }: { onClose: () => void }) {
  return (
    <FormDialog
      title="Change your password"
      send="Change password"
      fields={["current", "new"]}
      onClose={onClose}
      act={async (form) => {
        await changePassword(String(form.get("current")), String(form.get("new")));
        toast.done("Your password is changed, and your other sessions have ended");
      }}
    >
      {(error) => (
        <>
          <TextField
            label="Present password"
            name="current"
            type="password"
            autoComplete="current-password"
            error={error("current")}
            autoFocus
            required
          />
          <TextField
            label="New password"
            name="new"
            type="password"
            autoComplete="new-password"
            minLength={12}
            error={error("new")}
            hint="12 characters at least. Your other sessions end."
            required
          />
        </>
      )}
    </FormDialog>
  );
}
