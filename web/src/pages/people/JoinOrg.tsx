import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useMe } from "../../api/me";
import { orgs, putMember, type User } from "../../api/people";
import { SelectField } from "../../ui/Field";
import { FormDialog } from "../../ui/FormDialog";
import { toast } from "../../ui/Toasts";
import { ABOUT_ROLES, rolesFor } from "./rights";

/** Makes somebody a member of one more organization. */
export function JoinOrg({ user, onClose }: { user: User; onClose: () => void }) {
  const me = useMe();
  const places = useQuery(orgs()).data?.data ?? [];
  const open = places.filter(
    ({ id, disabled_at }) =>
      !disabled_at &&
      !user.orgs.some((at) => at.id === id) &&
      rolesFor(me, id, undefined).length > 0,
  );
  const [org, setOrg] = useState<string>();
  const [role, setRole] = useState<keyof typeof ABOUT_ROLES>("member");
  const chosen = org ?? open[0]?.id;
  return (
    <FormDialog
      title={`Add ${user.name} to an organization`}
      send="Add"
      fields={["org", "role"]}
      onClose={onClose}
      act={async () => {
        if (!chosen) throw new Error("There is no other organization to choose.");
        await putMember(chosen, user.id, role);
        toast.done(`${user.name} is ${role} there now`);
      }}
    >
      {(error) => (
        <>
          <SelectField
            label="Organization"
            value={chosen ?? ""}
            error={error("org")}
            onChange={(event) => setOrg(event.target.value)}
          >
            {open.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
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
            {rolesFor(me, chosen ?? "", undefined).map((role) => (
              <option key={role}>{role}</option>
            ))}
          </SelectField>
        </>
      )}
    </FormDialog>
  );
}
