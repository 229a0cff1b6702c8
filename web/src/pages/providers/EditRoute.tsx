import { useState } from "react";
import { isChanged, type Provider, replaceRoutes, routesTag } from "../../api/routing";
import { Button } from "../../ui/Button";
import { SelectField, TextField } from "../../ui/Field";
import { FormDialog } from "../../ui/FormDialog";
import { toast } from "../../ui/Toasts";
import styles from "./Providers.module.css";
import { changeOf, moved, type Route, type Target, withRoute } from "./routes";
import { TryDraft } from "./TryDraft";

type Props = {
  route: Route | undefined;
  all: readonly Route[];
  /** What tells these routes from others. */
  tag: string | undefined;
  providers: readonly Provider[];
  onClose: () => void;
};

/** The protocols that a target may be called in. */
function spoken(providers: readonly Provider[], { provider, protocol }: Target): string[] {
  const known = providers.find(({ name }) => name === provider)?.protocols ?? [];
  return [...new Set([...known, ...(protocol ? [protocol] : [])])];
}

/** Where a model goes, and in which order. */
export function EditRoute({ route, all, tag, providers, onClose }: Props) {
  // What was looked at: when this was opened, or when somebody was told that it had changed.
  const [seen, setSeen] = useState(tag);
  const [told, setTold] = useState(false);
  const change = told && route && changeOf(route, all);
  const names = providers.map(({ name }) => name);
  const first = { provider: names[0] ?? "" };
  const [model, setModel] = useState(route?.model ?? "");
  const [targets, setTargets] = useState<Target[]>(route?.targets ?? [first]);
  const set = (at: number, change: Partial<Target>) =>
    setTargets(targets.map((target, index) => (index === at ? { ...target, ...change } : target)));
  const named = targets.map(({ provider, model, protocol }) => ({
    provider,
    ...(model && { model }),
    ...(protocol && { protocol }),
  }));
  const draft = withRoute(all, route?.model, {
    model: model.trim(),
    targets: named,
    managed: false,
  });
  return (
    <FormDialog
      title={route ? `Route of ${route.model}` : "New route"}
      send="Save route"
      fields={[]}
      wide
      onClose={onClose}
      act={async () => {
        await replaceRoutes(draft, seen).catch((error) => {
          if (isChanged(error)) {
            setSeen(routesTag());
            setTold(true);
          }
          throw error;
        });
        toast.done(`Saved the route of ${model.trim()}`);
      }}
    >
      {() => (
        <>
          <TextField
            label="Model"
            name="model"
            value={model}
            onChange={(event) => setModel(event.target.value)}
            hint="A name, a prefix that ends in *, or * for everything else"
            autoFocus
            required
          />
          <ol className={styles.targets} aria-label="Targets, first choice first">
            {targets.map((target, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a target is its place in the list
              <li key={at} className={styles.target}>
                <SelectField
                  label={`Provider ${at + 1}`}
                  value={target.provider}
                  onChange={(event) => set(at, { provider: event.target.value, protocol: null })}
                >
                  {[...new Set([...names, target.provider])].map((name) => (
                    <option key={name}>{name}</option>
                  ))}
                </SelectField>
                <TextField
                  label="Model sent"
                  placeholder="the one asked for"
                  value={target.model ?? ""}
                  onChange={(event) => set(at, { model: event.target.value })}
                />
                <SelectField
                  label="Protocol"
                  value={target.protocol ?? ""}
                  onChange={(event) => set(at, { protocol: event.target.value || null })}
                >
                  <option value="">the caller's own, where the provider has it</option>
                  {spoken(providers, target).map((protocol) => (
                    <option key={protocol}>{protocol}</option>
                  ))}
                </SelectField>
                <div className={styles.moves}>
                  <Button
                    aria-label={`Move target ${at + 1} up`}
                    disabled={at === 0}
                    onClick={() => setTargets(moved(targets, at, -1))}
                  >
                    ↑ Up
                  </Button>
                  <Button
                    aria-label={`Move target ${at + 1} down`}
                    disabled={at === targets.length - 1}
                    onClick={() => setTargets(moved(targets, at, 1))}
                  >
                    ↓ Down
                  </Button>
                  <Button
                    look="quiet"
                    aria-label={`Remove target ${at + 1}`}
                    disabled={targets.length === 1}
                    onClick={() => setTargets(targets.filter((_, index) => index !== at))}
                  >
                    Remove
                  </Button>
                </div>
              </li>
            ))}
          </ol>
          <div>
            <Button onClick={() => setTargets([...targets, first])}>Add a target</Button>
          </div>
          {change && <p className={styles.changed}>{change}</p>}
          {model.trim() && <TryDraft model={model} routes={draft} />}
        </>
      )}
    </FormDialog>
  );
}
