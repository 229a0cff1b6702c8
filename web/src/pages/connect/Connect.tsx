import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { proxyInfo } from "../../api/clients";
import type { CreatedKey } from "../../api/keys";
import { models } from "../../api/routing";
import { CopyBlock } from "../../ui/Copy";
import { SelectField } from "../../ui/Field";
import { Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Failed, SkeletonRows } from "../../ui/states";
import styles from "./Connect.module.css";
import { FirstCall } from "./FirstCall";
import { Foreseen } from "./Foreseen";
import { KeyChoice } from "./KeyChoice";
import { type ConnectSearch, likely } from "./search";
import { SHELLS, type Shell } from "./shells";
import { CLIENTS, type Client, keeps, PLACEHOLDER, snippets } from "./snippets";

/** Points an agent at this gateway, and sees its first call come in. */
export function Connect() {
  const search = useSearch({ from: "/connect" });
  const { client = "claude-code", key, model: asked, shell = "sh" } = search;
  const navigate = useNavigate({ from: "/connect" });
  const info = useQuery(proxyInfo());
  const known = useQuery(models());
  // Here and nowhere else: it is gone when the page is left.
  const [made, setMade] = useState<CreatedKey>();
  const ask = (change: ConnectSearch) =>
    navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const routed = (known.data?.data ?? []).filter((one) => one.routed).map(({ name }) => name);
  const names = [...new Set(asked ? [asked, ...routed] : routed)];
  const model = asked ?? likely(client, names);
  const secret = made && made.id === key ? made.secret : undefined;
  const kept = keeps(client, info.data);
  const own = Boolean(kept) && search.login === "own";
  if (info.isError && !info.data) {
    return (
      <Page title="Connect an agent">
        <Failed error={info.error} retry={() => info.refetch()} />
      </Page>
    );
  }
  return (
    <Page title="Connect an agent" about="Three steps, and its calls are on record here">
      <ol className={styles.steps}>
        <li>
          <Panel title="1. What is to be connected">
            <div className={styles.fields}>
              <ClientChoice value={client} onChange={(client) => ask({ client })} />
              <SelectField
                label="Model"
                value={model}
                onChange={(event) => ask({ model: event.target.value })}
              >
                {(names.length > 0 ? names : [model]).map((name) => (
                  <option key={name} value={name}>
                    {name}
                  </option>
                ))}
              </SelectField>
              <SelectField
                label="Shell"
                value={shell}
                onChange={(event) => ask({ shell: event.target.value as Shell })}
              >
                {SHELLS.map(([value, name]) => (
                  <option key={value} value={value}>
                    {name}
                  </option>
                ))}
              </SelectField>
              {kept && (
                <SelectField
                  label="Who pays"
                  hint={own && "The key has to allow the client's own credential."}
                  value={own ? "own" : ""}
                  onChange={(event) => ask({ login: event.target.value ? "own" : undefined })}
                >
                  <option value="">What the key may draw on</option>
                  <option value="own">{kept}</option>
                </SelectField>
              )}
            </div>
          </Panel>
        </li>
        <li>
          <Panel title="2. With which key">
            <KeyChoice
              chosen={key}
              made={made}
              onChoose={(key) => ask({ key })}
              onMade={(key) => {
                setMade(key);
                void ask({ key: key.id });
              }}
            />
            {/* What a client brings of its own is not known before it comes. */}
            {key && !own && <Foreseen of={key} client={client} model={model} />}
          </Panel>
        </li>
        <li>
          <Panel title="3. Paste, and start it" aside={<FirstCall key={key} of={key} />}>
            {info.data ? (
              <div className={styles.fields}>
                {snippets(client, { info: info.data, secret, model, shell, own }).map(
                  ({ title, text, note }) => (
                    <div key={title} className={styles.snippet}>
                      <h3>{title}</h3>
                      <CopyBlock text={text} label={title} />
                      {note && <p className={styles.note}>{note}</p>}
                    </div>
                  ),
                )}
                {!secret && (
                  <p className={styles.note}>
                    Put the key's secret in place of <code>{PLACEHOLDER}</code>: it was shown when
                    the key was made. If it is lost, rotate the key or create another.
                  </p>
                )}
              </div>
            ) : (
              <SkeletonRows rows={5} />
            )}
          </Panel>
        </li>
      </ol>
    </Page>
  );
}

type ChoiceProps = { value: Client; onChange: (client: Client) => void };

function ClientChoice({ value, onChange }: ChoiceProps) {
  return (
    <fieldset className={styles.clients} aria-label="Client">
      {CLIENTS.map(([client, name]) => (
        <label key={client} className={styles.client}>
          <input
            type="radio"
            name="client"
            checked={client === value}
            onChange={() => onChange(client)}
          />
          {name}
        </label>
      ))}
    </fieldset>
  );
}
