import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useMe } from "../../api/me";
import { type Member, type Org, putMember, users } from "../../api/people";
import { SelectField } from "../../ui/Field";
import { FormDialog } from "../../ui/FormDialog";
import { toast } from "../../ui/Toasts";
import { ABOUT_ROLES, manages, rolesFor } from "./rights";

type Props = { org: Org; members: readonly Member[]; onClose: () => void };

/** Takes in somebody whom whoever asks has a say over: nobody is drawn in by strangers. */
export function AddMember({ org, members, onClose }: Props) {
  const me = useMe();
  const people = useQuery(users()).data?.data ?? [];
  const [role, setRole] = useState<keyof typeof ABOUT_ROLES>("member");
  const open = people.filter(
    (user) => !user.disabled_at && manages(me, user) && !members.some((at) => at.user === user.id),
  );
  return (
    <FormDialog
      title={`Add a member to ${org.name}`}
      send="Add"
      fields={["user", "role"]}
      onClose={onClose}
      act={async (form) => {
        const user = open.find(({ id }) => id === form.get("user"));
        if (!user) throw new Error("There is nobody else to add.");
        await putMember(org.id, user.id, role);
        toast.done(`${user.name} is ${role} of ${org.name} now`);
      }}
    >
      {(error) => (
        <>
          <SelectField
            label="Who"
            name="user"
            error={error("user")}
            hint="People are added to an installation by its administrators"
          >
            {open.map(({ id, name, email }) => (
              <option key={id} value={id}>
                {email ? `${name} (${email})` : name}
              </option>
            ))}
          </SelectField>
          <SelectField
            label="Role"
            value={role}
            error={error("role")}
            hint={ABOUT_ROLES[role]}
            onChange={(event) => setRole(event.target.value as typeof role)}
          >
            {rolesFor(me, org.id, undefined).map((role) => (
              <option key={role}>{role}</option>
            ))}
          </SelectField>
        </>
      )}
    </FormDialog>
  );
}
