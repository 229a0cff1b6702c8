import { useMe } from "../../api/me";
import { type Price, removePrice, setPrice } from "../../api/prices";
import { Confirm } from "../../ui/Confirm";
import { TextField } from "../../ui/Field";
import { FormDialog } from "../../ui/FormDialog";
import { toast } from "../../ui/Toasts";
import styles from "./Prices.module.css";
import { BUCKETS } from "./search";

/** Sets a price. A bucket that is left empty has no known price, which is not a price of zero. */
export function EditPrice({ price, onClose }: { price: Price | undefined; onClose: () => void }) {
  const who = useMe().user?.name ?? "administrator";
  return (
    <FormDialog
      title={price ? `Price of ${price.model}` : "New price"}
      send="Save price"
      fields={["model", "provider", "source"]}
      onClose={onClose}
      act={async (form) => {
        const said = (name: string) => String(form.get(name) ?? "").trim();
        const rates = BUCKETS.map(([bucket]) => [bucket, said(bucket)]).filter(([, rate]) => rate);
        const provider = price ? price.provider : said("provider");
        await setPrice({
          model: price?.model ?? said("model"),
          ...(provider && { provider }),
          // What this form does not show stays as it is.
          ...(price?.long_context && { long_context: price.long_context }),
          usd_per_million: Object.fromEntries(rates),
          source: said("source"),
        });
        toast.done("Saved. Calls from now on cost this.");
      }}
    >
      {(error) => (
        <>
          {!price && (
            <>
              <TextField label="Model" name="model" error={error("model")} autoFocus required />
              <TextField
                label="Provider"
                name="provider"
                error={error("provider")}
                hint="Whose price it is; anyone's when left empty"
              />
            </>
          )}
          <div className={styles.rates}>
            {BUCKETS.map(([bucket, label], at) => (
              <TextField
                key={bucket}
                label={`${label}, $ per million`}
                name={bucket}
                inputMode="decimal"
                pattern="[0-9]*[.]?[0-9]*"
                title="Digits, and a point where there are cents"
                defaultValue={price?.usd_per_million[bucket] ?? ""}
                autoFocus={Boolean(price) && at === 0}
              />
            ))}
          </div>
          {price?.long_context && (
            <p className={styles.hint}>The prices of longer prompts stay as they are.</p>
          )}
          <TextField
            label="Source"
            name="source"
            defaultValue={`set by ${who}`}
            error={error("source")}
            hint="Kept with the price, which is dated today"
            required
          />
          {price?.imported && <TakeBack price={price} onClose={onClose} />}
        </>
      )}
    </FormDialog>
  );
}

/** Not the catalog's, so that it can be given up. */
function TakeBack({ price, onClose }: { price: Price; onClose: () => void }) {
  const act = () =>
    removePrice(price).then(() => {
      toast.done(`Took back the price of ${price.model}`);
      onClose();
    }, toast.failed);
  return (
    <p className={styles.hint}>
      This price was imported or set here.{" "}
      <Confirm
        label="Back to the catalog"
        question="Take it back? The catalog's price holds then; without one, cost is unknown."
        yes="Take back"
        act={act}
      />
    </p>
  );
}
