import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { isPlatform, useMe } from "../../api/me";
import { createUser, orgs } from "../../api/people";
import { useOrg } from "../../shell/org";
import { CheckField } from "../../ui/Check";
import { SelectField, TextField } from "../../ui/Field";
import { FormDialog } from "../../ui/FormDialog";
import { toast } from "../../ui/Toasts";
import { ABOUT_ROLES, mayMakeServices, rolesFor } from "./rights";

const FIELDS = ["name", "email", "org", "role", "admin"];

/** Adds a person, or a service. */
export function NewUser({ kind, onClose }: { kind: "person" | "service"; onClose: () => void }) {
  const me = useMe();
  const here = useOrg();
  const navigate = useNavigate();
  const places = useQuery(orgs()).data?.data ?? [];
  const mine = places.filter(({ id, disabled_at }) => !disabled_at && mayMakeServices(me, id));
  const [org, setOrg] = useState<string>();
  const [role, setRole] = useState("member");
  const [admin, setAdmin] = useState(false);
  // Somebody who administers the installation need not put them anywhere.
  const chosen = org ?? here ?? (isPlatform(me) ? "" : (mine[0]?.id ?? ""));
  const person = kind === "person";
  return (
    <FormDialog
      title={person ? "New person" : "New service"}
      send={person ? "Add person" : "Add service"}
      fields={FIELDS}
      onClose={onClose}
      leaves
      act={async (form) => {
        const made = await createUser({
          kind,
          name: String(form.get("name")),
          ...(person && { email: String(form.get("email")) }),
          ...(chosen && { org: chosen, role }),
          ...(admin && { admin }),
        });
        toast.done(`Added ${made.name}`);
        await navigate({ to: "/people/$id", params: { id: made.id } });
      }}
    >
      {(error) => (
        <>
          <TextField label="Name" name="name" error={error("name")} autoFocus required />
          {person && (
            <TextField
              label="Address"
              name="email"
              type="email"
              error={error("email")}
              hint="They sign in with it"
              required
            />
          )}
          <SelectField
            label="Organization"
            value={chosen}
            error={error("org")}
            onChange={(event) => setOrg(event.target.value)}
          >
            {isPlatform(me) && <option value="">None</option>}
            {mine.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </SelectField>
          {chosen && (
            <SelectField
              label="Role there"
              value={role}
              error={error("role")}
              hint={ABOUT_ROLES[role as keyof typeof ABOUT_ROLES]}
              onChange={(event) => setRole(event.target.value)}
            >
              {rolesFor(me, chosen, undefined).map((role) => (
                <option key={role}>{role}</option>
              ))}
            </SelectField>
          )}
          {person && (
            <CheckField
              label="Administers the installation"
              hint="May do everything, everywhere"
              checked={admin}
              onChange={setAdmin}
            />
          )}
        </>
      )}
    </FormDialog>
  );
}
