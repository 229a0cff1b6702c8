import { importPrices } from "../../api/prices";
import { count } from "../../format";
import { TextField } from "../../ui/Field";
import { FormDialog } from "../../ui/FormDialog";
import { toast } from "../../ui/Toasts";

/** Takes in a public list, which somebody has fetched: the gateway asks nobody for prices. */
export function ImportPrices({ onClose }: { onClose: () => void }) {
  return (
    <FormDialog
      title="Import a list of prices"
      send="Import"
      fields={["source", "dated"]}
      onClose={onClose}
      act={async (form) => {
        const file = form.get("file");
        if (!(file instanceof File)) throw new Error("Choose a file first.");
        const dated = String(form.get("dated"));
        const query = { source: file.name, ...(dated && { dated }) };
        const { imported, unchanged, skipped } = await importPrices(await file.text(), query);
        const rest = `${count(unchanged)} known already, ${count(skipped)} left out`;
        toast.done(`${count(imported)} new or different, ${rest}`);
      }}
    >
      {(error) => (
        <>
          <p>LiteLLM's model_prices_and_context_window.json, as it is published.</p>
          <TextField
            label="File"
            name="file"
            type="file"
            accept=".json,application/json"
            error={error("source")}
            hint="Its name is kept as the source"
            required
          />
          <TextField
            label="As of"
            name="dated"
            type="date"
            error={error("dated")}
            hint="Today when left empty"
          />
        </>
      )}
    </FormDialog>
  );
}
