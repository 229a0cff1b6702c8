import type { Provider } from "../../api/routing";
import { Badge } from "../../ui/Badge";
import { CopyBlock } from "../../ui/Copy";
import { Fact, Facts } from "../../ui/Facts";
import { Panel } from "../../ui/Panel";
import { Time } from "../../ui/Time";
import styles from "./Bridges.module.css";
import { stateOf } from "./states";

/** The bridges to people's own logins: how each is, whose it is, and what has to be done about it. */
export function Bridges({ providers }: { providers: Provider[] }) {
  const bridges = providers.filter(({ bridge }) => bridge);
  if (bridges.length === 0) return null;
  return (
    <Panel title="Bridges">
      <ul className={styles.list} aria-label="Bridges">
        {bridges.map((provider) => (
          <li key={provider.name}>
            <One provider={provider} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function One({ provider }: { provider: Provider }) {
  const { name, state, bridge } = provider;
  if (!bridge) return null;
  const [tone, word] = stateOf(provider);
  const { label, address, start, login, detail, since, checked_at, last_error } = bridge;
  return (
    <>
      <p className={styles.head}>
        <b>{name}</b> <Badge tone={tone}>{word}</Badge>
        {bridge.proof === false && <Badge tone="warn">proves nothing</Badge>}
      </p>
      <Facts>
        <Fact name="Login">{label && `${label}, of ${whose(bridge)}`}</Fact>
        <Fact name="It says">{detail}</Fact>
        <Fact name="Since">{since && <Time at={since} />}</Fact>
        <Fact name="Looked at">{checked_at && <Time at={checked_at} />}</Fact>
        <Fact name="Last error">
          {last_error && (
            <>
              <Time at={last_error.at} />: {last_error.detail}
            </>
          )}
        </Fact>
        <Fact name="Address">{address}</Fact>
      </Facts>
      {bridge.proof === false && (
        <p className={styles.note}>
          It need not prove that it knows its secret: whatever takes its port is sent the secret and
          the prompts.
        </p>
      )}
      {state === "unreachable" &&
        (start ? (
          <Do what="Start it on the gateway's machine:" text={start} />
        ) : (
          <p className={styles.note}>Start it on the gateway's machine.</p>
        ))}
      {state === "auth_required" && login && (
        <Do what="Log in where the bridge runs:" text={login} />
      )}
    </>
  );
}

function Do({ what, text }: { what: string; text: string }) {
  return (
    <>
      <p className={styles.note}>{what}</p>
      <CopyBlock label={what} text={text} />
    </>
  );
}

type Bridge = NonNullable<Provider["bridge"]>;

function whose({ owner_email, ownerless }: Bridge): string {
  if (!owner_email) return "the operator, lent to keys that may draw on the platform";
  return ownerless ? `${owner_email}, who has no account yet: it serves nobody` : owner_email;
}
