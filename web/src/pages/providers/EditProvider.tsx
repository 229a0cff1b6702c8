import { useState } from "react";
import { type Provider, putProvider } from "../../api/routing";
import { SelectField, TextField } from "../../ui/Field";
import { FormDialog } from "../../ui/FormDialog";
import { TagsField } from "../../ui/Tags";
import { toast } from "../../ui/Toasts";

const PROTOCOLS = [
  ["messages", "without /v1"],
  ["chat", "with /v1"],
  ["responses", "with /v1"],
] as const;

type Props = { provider: Provider | undefined; onClose: () => void };

/**
 * Adds a provider, or changes one. Those of the catalog need no more than their name, but for those whose calls
 * have to say what program makes them: of a new one that is known once it is there, and asked for then.
 */
export function EditProvider({ provider: given, onClose }: Props) {
  const [provider, setProvider] = useState(given);
  const [auth, setAuth] = useState(provider?.auth ?? "");
  const [models, setModels] = useState(provider?.models ?? []);
  const identity = identityOf(provider);
  return (
    <FormDialog
      key={provider?.name ?? ""}
      title={provider ? `Edit ${provider.name}` : "New provider"}
      send="Save provider"
      fields={[
        "name",
        "auth",
        "key_prefix",
        "models",
        ...PROTOCOLS.map(([name]) => `endpoints.${name}`),
        ...identity.map(headerOf),
      ]}
      leaves
      onClose={onClose}
      act={async (form) => {
        const said = (name: string) => String(form.get(name) ?? "").trim();
        const urls = PROTOCOLS.map(([protocol]) => [protocol, said(protocol)]);
        const endpoints = Object.fromEntries(urls.filter(([, url]) => url));
        const key_prefix = said("key_prefix");
        const name = provider?.name ?? said("name");
        const headers = {
          ...provider?.headers,
          ...Object.fromEntries(identity.map((header) => [header, said(headerOf(header))])),
        };
        const saved = await putProvider(name, {
          ...(Object.keys(endpoints).length > 0 && { endpoints }),
          ...(auth && { auth }),
          ...(key_prefix && { key_prefix }),
          // Of a new one of the catalog, the catalog knows.
          ...((provider || models.length > 0) && { models }),
          // What this form does not show stays as it is.
          ...(provider && provider.open !== (provider.auth === "none") && { open: provider.open }),
          ...(provider?.quirks && { quirks: provider.quirks }),
          ...(Object.keys(headers).length > 0 && { headers }),
        });
        toast.done(`Saved ${name}`);
        if (!identityOf(saved).some((header) => !saved.headers?.[header])) return onClose();
        setAuth(saved.auth ?? "");
        setModels(saved.models);
        setProvider(saved);
      }}
    >
      {(error) => (
        <>
          {!provider && (
            <TextField
              label="Name"
              name="name"
              error={error("name")}
              hint="Such as anthropic, openai or a name of your own"
              autoFocus
              required
            />
          )}
          {identity.map((header, at) => (
            <TextField
              key={header}
              label={`Header ${header}`}
              name={headerOf(header)}
              defaultValue={provider?.headers?.[header] ?? ""}
              error={error(headerOf(header))}
              hint={
                at === 0
                  ? "Calls say in it what program makes them, such as acme/1.2. None is made without"
                  : "The same, in the words that its vendor knows you by"
              }
              autoFocus={at === 0}
              required
            />
          ))}
          {PROTOCOLS.map(([protocol, hint]) => (
            <TextField
              key={protocol}
              label={`Base URL for ${protocol}`}
              name={protocol}
              type="url"
              defaultValue={provider?.endpoints?.[protocol] ?? ""}
              error={error(`endpoints.${protocol}`)}
              hint={`As the vendor's own SDK takes it: ${hint}`}
            />
          ))}
          <SelectField
            label="Credential is sent as"
            value={auth}
            error={error("auth")}
            onChange={(event) => setAuth(event.target.value)}
          >
            <option value="">the protocol has it</option>
            <option>bearer</option>
            <option>x-api-key</option>
            <option>none</option>
          </SelectField>
          <TextField
            label="Keys begin with"
            name="key_prefix"
            defaultValue={provider?.key_prefix ?? ""}
            error={error("key_prefix")}
          />
          <TagsField
            label="Models"
            values={models}
            known={[]}
            error={error("models")}
            placeholder="those that routes lead to it"
            hint="Names, or prefixes ending in *, that lead to it without a route"
            onChange={setModels}
          />
        </>
      )}
    </FormDialog>
  );
}

/** The headers by which calls with an account say what program makes them. */
function identityOf(provider: Provider | undefined): readonly string[] {
  return provider?.credentials.flatMap(({ identity }) => identity ?? []) ?? [];
}

/** What a header is called in the form, and in what the control plane says of it. */
function headerOf(name: string): string {
  return `headers.${name}`;
}
