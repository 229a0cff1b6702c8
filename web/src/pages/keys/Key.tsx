import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { changeKey, type Key as KeyView, key, renewKey, revokeKey } from "../../api/keys";
import { useMe } from "../../api/me";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Confirm";
import { LinkButton } from "../../ui/LinkButton";
import { Page } from "../../ui/Page";
import { Failed, SkeletonRows } from "../../ui/states";
import { toast } from "../../ui/Toasts";
import { changeOf, draftOf } from "./draft";
import { KeyFacts } from "./KeyFacts";
import { KeyForm } from "./KeyForm";
import { KeyBadges } from "./KeyTable";
import { Rotate } from "./Rotate";
import { mayChange } from "./rights";

/** One key: what it is, and what is done to it. */
export function Key() {
  const { id } = useParams({ from: "/keys/$id" });
  const { edit } = useSearch({ from: "/keys/$id" });
  const { data, isError, error, refetch } = useQuery(key(id));
  if (isError && !data) {
    return (
      <Page title="Key">
        <Failed error={error} retry={() => refetch()} />
      </Page>
    );
  }
  if (!data) {
    return (
      <Page title="Key">
        <SkeletonRows />
      </Page>
    );
  }
  return edit ? <Edit of={data} /> : <Look at={data} />;
}

function Edit({ of: shown }: { of: KeyView }) {
  const navigate = useNavigate({ from: "/keys/$id" });
  const before = draftOf(shown);
  const close = () => navigate({ search: ({ edit: _, ...search }) => search });
  return (
    <Page title={`Edit ${shown.name}`}>
      <KeyForm
        key={shown.id}
        from={before}
        expires={shown.expires_at ?? null}
        label="Save changes"
        submit={async (draft) => {
          await changeKey(shown.id, changeOf(before, draft));
          toast.done(`Changed ${draft.name.trim()}`);
          await close();
        }}
        cancel={<Button onClick={close}>Cancel</Button>}
      />
    </Page>
  );
}

function Look({ at: shown }: { at: KeyView }) {
  const me = useMe();
  const [rotating, setRotating] = useState(false);
  const mine = mayChange(me, shown);
  const works = shown.state === "active";
  const act = (action: Promise<unknown>, done: string) =>
    action.then(() => toast.done(done), toast.failed);
  const actions = mine && shown.state !== "revoked" && (
    <>
      {works && !shown.managed && (
        <>
          <LinkButton to="/keys/$id" params={{ id: shown.id }} search={{ edit: true }}>
            Edit
          </LinkButton>
          <Button onClick={() => setRotating(true)}>Rotate</Button>
        </>
      )}
      {works && shown.kind === "scoped" && (
        <Button onClick={() => act(renewKey(shown.id), `Renewed ${shown.name}`)}>Renew</Button>
      )}
      <Confirm
        label="Revoke"
        question="Revoke it for good? Agents that use it stop at once."
        yes="Revoke"
        act={() => act(revokeKey(shown.id), `Revoked ${shown.name}`)}
      />
    </>
  );
  return (
    <Page title={shown.name} about={<KeyBadges of={shown} />} actions={actions}>
      <KeyFacts of={shown} />
      {rotating && <Rotate of={shown} onClose={() => setRotating(false)} />}
    </Page>
  );
}
