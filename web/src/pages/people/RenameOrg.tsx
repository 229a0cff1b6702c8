import { changeOrg, type Org } from "../../api/people";
import { TextField } from "../../ui/Field";
import { FormDialog } from "../../ui/FormDialog";
import { toast } from "../../ui/Toasts";

export function RenameOrg({ org, onClose }: { org: Org; onClose: () => void }) {
  return (
    <FormDialog
      title={`Rename ${org.name}`}
      send="Rename"
      fields={["name"]}
      onClose={onClose}
      act={async (form) => {
        await changeOrg(org.id, { name: String(form.get("name")) });
        toast.done("Renamed");
      }}
    >
      {(error) => (
        <TextField
          label="Name"
          name="name"
          defaultValue={org.name}
          error={error("name")}
          hint="Up to 64 of a–z, 0–9, - and _"
          autoFocus
          required
        />
      )}
    </FormDialog>
  );
}
