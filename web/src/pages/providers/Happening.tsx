import type { ReactNode } from "react";
import type { DryRun, DryRunCredential, DryRunTarget } from "../../api/routing";
import { compact, money } from "../../format";
import { Badge } from "../../ui/Badge";
import { CopyBlock } from "../../ui/Copy";
import { Fact, Facts } from "../../ui/Facts";
import styles from "./WhatWould.module.css";

const WHOSE: Record<string, string> = {
  user: "the key's user's",
  org: "the organization's",
  platform: "the platform's",
};

/** What would happen to a request, from its route to its answer or refusal. */
export function Happening({ said }: { said: DryRun }) {
  return (
    <div className={styles.happening}>
      <Facts>
        <Fact name="Route">
          {said.route ? <code>{said.route.model}</code> : "none leads to this model"}
        </Fact>
        <Fact name="Limits">{limits(said)}</Fact>
        <Fact name="Answer">
          {said.refusal ? (
            <>
              <Badge tone="bad">{said.refusal.status}</Badge> {said.refusal.message}
            </>
          ) : (
            <>from {said.targets[said.first ?? 0]?.provider}</>
          )}
        </Fact>
      </Facts>
      {said.refusal && (
        <details>
          <summary>The answer that the caller would get</summary>
          <CopyBlock label="The answer" text={said.refusal.body} />
        </details>
      )}
      <ol className={styles.stops} aria-label="Where it may go, in order">
        {said.targets.map((target, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a target is its place in the list
          <Stop key={at} target={target} first={at === said.first} />
        ))}
      </ol>
      {said.left_out.length > 0 && (
        <ul className={styles.stops} aria-label="Where it may not go">
          {said.left_out.map(({ target, why }) => (
            <li key={`${target.provider} ${target.model} ${target.protocol}`}>
              <p className={styles.head}>
                <b>{target.provider}</b> <Badge>left out</Badge>
              </p>
              <p className={styles.note}>{why}</p>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function limits({ limits }: DryRun): ReactNode {
  if (!limits) return undefined;
  const cost = limits.cost_usd ? `, at most ${money(limits.cost_usd)}` : "";
  const most = `${compact(limits.tokens)} tokens${cost}`;
  if (limits.scopes.length === 0) return `none; it takes up to ${most}`;
  return limits.admitted ? (
    `let it through; it takes up to ${most}`
  ) : (
    <>
      <Badge tone="bad">refused</Badge> it takes up to {most}
    </>
  );
}

function Stop({ target, first }: { target: DryRunTarget; first: boolean }) {
  return (
    <li>
      <p className={styles.head}>
        <b>{target.provider}</b> <code>{target.model}</code>
        <span className={styles.note}>
          {target.protocol}, {target.mode}
        </span>
        {first && <Badge tone="good">called first</Badge>}
        {target.cooling_until && <Badge tone="warn">cooling</Badge>}
        {target.refusal && <Badge tone="bad">cannot be carried</Badge>}
      </p>
      <p className={styles.note}>
        {target.credential ? <>With {drawn(target.credential)}</> : "Without a credential"}
        {target.spare && <>, then with {drawn(target.spare)}</>}
      </p>
      {target.losses.length > 0 && (
        <p className={styles.warn}>Does not arrive there: {target.losses.join(", ")}</p>
      )}
      {target.refusal && <p className={styles.bad}>{target.refusal.message}</p>}
    </li>
  );
}

function drawn({ source, name, fingerprint }: DryRunCredential): string {
  const which = [name, fingerprint && `(${fingerprint})`].filter(Boolean);
  return [`${WHOSE[source] ?? source} credential`, ...which].join(" ");
}
