import { setPassword, type User } from "../../api/people";
import { TextField } from "../../ui/Field";
import { FormDialog } from "../../ui/FormDialog";
import { toast } from "../../ui/Toasts";

/** The first password, or another when it was forgotten. */
export function SetPassword({ user, onClose }: { user: User; onClose: () => void }) {
  return (
    <FormDialog
      title={`Set a password for ${user.name}`}
      send="Set password"
      fields={["new"]}
      onClose={onClose}
      act={async (form) => {
        await setPassword(user.id, String(form.get("new")));
        toast.done(`${user.name} signs in with the new password from now on`);
      }}
    >
      {(error) => (
        <>
          <p>Their sessions end, and a lock after wrong guesses is lifted.</p>
          <TextField
            label="New password"
            name="new"
            type="password"
            autoComplete="new-password"
            minLength={12}
            error={error("new")}
            hint="12 characters at least; they can change it themselves"
            autoFocus
            required
          />
        </>
      )}
    </FormDialog>
  );
}
