import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { type Provider, replaceRoutes, routes } from "../../api/routing";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Confirm";
import { PlainInput } from "../../ui/Field";
import { Panel } from "../../ui/Panel";
import { Empty, Failed, SkeletonRows } from "../../ui/states";
import { Table } from "../../ui/Table";
import { toast } from "../../ui/Toasts";
import { EditRoute } from "./EditRoute";
import styles from "./Providers.module.css";
import { chain, meets, type Route } from "./routes";

type Props = { may: boolean; providers: readonly Provider[] };

/** Which models go where, and where they go when that fails. */
export function Routes({ may, providers }: Props) {
  const { data, isError, error, refetch } = useQuery(routes());
  const [editing, setEditing] = useState<Route | "new">();
  const all = data?.data ?? [];
  const remove = (route: Route) =>
    replaceRoutes(
      all.filter((one) => one !== route),
      data?.tag,
    );
  return (
    <Panel
      title="Routes"
      aside={may && data && <Button onClick={() => setEditing("new")}>New route</Button>}
      flush
    >
      {isError && !data ? (
        <Failed error={error} retry={() => refetch()} />
      ) : !data ? (
        <SkeletonRows rows={10} />
      ) : (
        <>
          <Probe routes={all} />
          <Table
            label="Routes"
            columns={[
              { name: "Model", wide: true, cell: ({ model }) => <code>{model}</code> },
              {
                name: "Goes to, first choice first",
                cell: ({ targets }) => <span className={styles.chain}>{chain(targets)}</span>,
              },
              {
                name: "Actions",
                number: true,
                cell: (route) =>
                  route.managed ? (
                    <span className={styles.faint}>in the configuration file</span>
                  ) : (
                    may && (
                      <span className={styles.actions}>
                        <Button
                          aria-label={`Edit the route of ${route.model}`}
                          onClick={() => setEditing(route)}
                        >
                          Edit
                        </Button>
                        <Confirm
                          label="Remove"
                          question={`Remove the route of ${route.model}?`}
                          yes="Remove"
                          act={() => remove(route).catch(toast.failed)}
                        />
                      </span>
                    )
                  ),
              },
            ]}
            rows={all}
            rowKey={({ model, managed }) => `${managed} ${model}`}
            empty={
              <Empty title="There are no routes">
                Models of the catalog's providers are served without. A route leads any other name
                somewhere, and says where to go when that fails.
              </Empty>
            }
          />
        </>
      )}
      {editing && (
        <EditRoute
          route={editing === "new" ? undefined : editing}
          all={all}
          tag={data?.tag}
          providers={providers}
          onClose={() => setEditing(undefined)}
        />
      )}
    </Panel>
  );
}

/** Says which route a name meets, by the rule that the gateway goes by. */
function Probe({ routes }: { routes: readonly Route[] }) {
  const { model = "" } = useSearch({ from: "/providers" });
  const navigate = useNavigate({ from: "/providers" });
  const met = model ? meets(routes, model) : undefined;
  return (
    <div className={styles.probe}>
      <PlainInput
        label="Which route does a model meet?"
        type="search"
        placeholder="Try a model's name"
        value={model}
        onChange={(event) => {
          const model = event.target.value;
          void navigate({
            search: ({ org }) => ({ ...(org && { org }), ...(model && { model }) }),
            replace: true,
          });
        }}
      />
      <span role="status">
        {!model ? (
          "The closest pattern wins: a name before a prefix, a longer prefix before a shorter one."
        ) : met ? (
          <>
            Meets <code>{met.model}</code>: {chain(met.targets)}
          </>
        ) : (
          "Meets no route. It is served if a provider of the catalog has it."
        )}
      </span>
    </div>
  );
}
