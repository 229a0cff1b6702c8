import { useState } from "react";
import { isPlatform, useMe } from "../../api/me";
import { changeUser, type User } from "../../api/people";
import { CheckField } from "../../ui/Check";
import { TextField } from "../../ui/Field";
import { FormDialog } from "../../ui/FormDialog";
import { toast } from "../../ui/Toasts";

export function EditUser({ user, onClose }: { user: User; onClose: () => void }) {
  const me = useMe();
  const [admin, setAdmin] = useState(user.admin === true);
  // Addresses and administration are the installation's to change, and services have neither.
  const whole = user.kind === "person" && isPlatform(me);
  const self = me.user?.id === user.id;
  return (
    <FormDialog
      title={`Edit ${user.name}`}
      send="Save"
      fields={["name", "email", "admin"]}
      onClose={onClose}
      act={async (form) => {
        const email = String(form.get("email") ?? "").trim();
        await changeUser(user.id, {
          name: String(form.get("name")),
          ...(whole && { email: email || null }),
          ...(whole && admin !== (user.admin === true) && { admin }),
        });
        toast.done("Saved");
      }}
    >
      {(error) => (
        <>
          <TextField
            label="Name"
            name="name"
            defaultValue={user.name}
            error={error("name")}
            autoFocus
            required
          />
          {whole && (
            <>
              <TextField
                label="Address"
                name="email"
                type="email"
                defaultValue={user.email ?? ""}
                error={error("email")}
                hint="They sign in with it"
              />
              <CheckField
                label="Administers the installation"
                hint={self ? "That is you: somebody else has to take it away" : undefined}
                checked={admin}
                disabled={self}
                onChange={setAdmin}
              />
            </>
          )}
        </>
      )}
    </FormDialog>
  );
}
