import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { createOrg, users } from "../../api/people";
import { SelectField, TextField } from "../../ui/Field";
import { FormDialog } from "../../ui/FormDialog";
import { toast } from "../../ui/Toasts";

export function NewOrg({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const people = useQuery(users()).data?.data ?? [];
  return (
    <FormDialog
      title="New organization"
      send="Add organization"
      fields={["name", "owner"]}
      onClose={onClose}
      leaves
      act={async (form) => {
        const owner = String(form.get("owner"));
        const made = await createOrg({
          name: String(form.get("name")),
          ...(owner && { owner }),
        });
        toast.done(`Added ${made.name}`);
        await navigate({ to: "/organizations/$id", params: { id: made.id } });
      }}
    >
      {(error) => (
        <>
          <TextField
            label="Name"
            name="name"
            error={error("name")}
            hint="Up to 64 of a–z, 0–9, - and _"
            autoFocus
            required
          />
          <SelectField label="Owner" name="owner" error={error("owner")}>
            <option value="">Nobody yet</option>
            {people
              .filter(({ kind, disabled_at }) => kind === "person" && !disabled_at)
              .map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
          </SelectField>
        </>
      )}
    </FormDialog>
  );
}
