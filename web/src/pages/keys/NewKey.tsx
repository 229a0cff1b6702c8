import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type CreatedKey, createKey } from "../../api/keys";
import { isAtLeast, isPlatform, useMe } from "../../api/me";
import { orgs } from "../../api/people";
import { useOrg } from "../../shell/org";
import { Button } from "../../ui/Button";
import { LinkButton } from "../../ui/LinkButton";
import { Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Failed, SkeletonRows } from "../../ui/states";
import { blank, newKey } from "./draft";
import { KeyForm } from "./KeyForm";
import styles from "./KeyForm.module.css";
import { Secret } from "./Secret";

export function NewKey() {
  const me = useMe();
  const org = useOrg();
  const places = useQuery(orgs());
  const [made, setMade] = useState<CreatedKey>();
  if (made) return <Made made={made} again={() => setMade(undefined)} />;
  const mine = (places.data?.data ?? []).filter(({ id }) => isAtLeast(me, "member", id));
  // Who is in one organization only means that one.
  const only = mine.length === 1 && !isPlatform(me) ? mine[0]?.id : undefined;
  const here = mine.some(({ id }) => id === org) ? org : only;
  // The platform's credentials are lent by default while the installation is one person's.
  const lent = isPlatform(me) && places.data?.data.length === 0;
  return (
    <Page title="New key">
      {places.isError && !places.data ? (
        <Failed error={places.error} retry={() => places.refetch()} />
      ) : !places.data ? (
        <SkeletonRows />
      ) : (
        <KeyForm
          from={blank(here ?? "", lent)}
          label="Create key"
          submit={async (draft) => setMade(await createKey(newKey(draft)))}
          cancel={<LinkButton to="/keys">Cancel</LinkButton>}
        />
      )}
    </Page>
  );
}

function Made({ made, again }: { made: CreatedKey; again: () => void }) {
  return (
    <Page title="Key created">
      <Panel title={`The secret of “${made.name}”`}>
        <Secret secret={made.secret} />
      </Panel>
      <div className={styles.end}>
        <LinkButton to="/keys/$id" params={{ id: made.id }} look="primary">
          Done
        </LinkButton>
        <Button onClick={again}>Create another</Button>
      </div>
    </Page>
  );
}
