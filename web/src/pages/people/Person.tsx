import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { ApiFailure } from "../../api/client";
import { isPlatform, useMe } from "../../api/me";
import { changeUser, type User, users } from "../../api/people";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Confirm";
import { Fact, Facts } from "../../ui/Facts";
import { Columns, Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Empty, Failed, SkeletonRows } from "../../ui/states";
import { Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { toast } from "../../ui/Toasts";
import { EditUser } from "./EditUser";
import { JoinOrg } from "./JoinOrg";
import styles from "./People.module.css";
import { Leave, RoleChoice } from "./RoleChoice";
import { manages } from "./rights";
import { SetPassword } from "./SetPassword";
import { Tokens } from "./Tokens";
import { State } from "./UserTable";

/** One person or service. */
export function Person() {
  const { id } = useParams({ from: "/people/$id" });
  const { data, isError, error, refetch } = useQuery(users());
  const user = data?.data.find((one) => one.id === id);
  if (user) return <Known user={user} />;
  return (
    <Page title="Person">
      <Panel>
        {data ? (
          <Failed error={new ApiFailure(404, "not_found", "Nobody here has this id.", undefined)} />
        ) : isError ? (
          <Failed error={error} retry={() => refetch()} />
        ) : (
          <SkeletonRows />
        )}
      </Panel>
    </Page>
  );
}

type Open = "edit" | "password" | "join";

function Known({ user }: { user: User }) {
  const me = useMe();
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const may = manages(me, user);
  const self = me.user?.id === user.id;
  const person = user.kind === "person";
  return (
    <Page
      title={user.name}
      about={person ? undefined : "A service: it has keys of its own and never signs in"}
      actions={
        may && (
          <>
            <Button onClick={() => setOpen("edit")}>Edit</Button>
            {person && isPlatform(me) && (
              <Button onClick={() => setOpen("password")}>Set a password</Button>
            )}
            {!self && <Switch user={user} />}
          </>
        )
      }
    >
      <Columns>
        <Panel title="Who">
          <Facts>
            <Fact name="State">
              <State user={user} />
            </Fact>
            <Fact name="Off since">{user.disabled_at && <Time at={user.disabled_at} />}</Fact>
            <Fact name="Address">{user.email}</Fact>
            <Fact name="Added">
              <Time at={user.created_at} />
            </Fact>
            <Fact name="Id">
              <code>{user.id}</code>
            </Fact>
          </Facts>
        </Panel>
        <Panel
          title="Organizations"
          aside={may && <Button onClick={() => setOpen("join")}>Add to one</Button>}
          flush
        >
          <Table
            label="Organizations"
            columns={[
              { name: "Organization", wide: true, cell: ({ name }) => name },
              { name: "Role", cell: (at) => <RoleChoice {...named(at, user)} /> },
              {
                name: "Actions",
                number: true,
                cell: (at) => <Leave {...named(at, user)} />,
              },
            ]}
            rows={user.orgs}
            rowKey={({ id }) => id}
            empty={
              <Empty title="In no organization">They see nothing but what is their own.</Empty>
            }
          />
        </Panel>
      </Columns>
      {(may || self) && <Tokens of={user.id} may={may} />}
      {open === "edit" && <EditUser user={user} onClose={close} />}
      {open === "password" && <SetPassword user={user} onClose={close} />}
      {open === "join" && <JoinOrg user={user} onClose={close} />}
    </Page>
  );
}

function named({ id, name, role }: User["orgs"][number], user: User) {
  return { org: id, orgName: name, role, user: user.id, userName: user.name };
}

/** Off: nothing of theirs works, and the record stays. */
function Switch({ user }: { user: User }) {
  const set = async (disabled: boolean) => {
    try {
      await changeUser(user.id, { disabled });
      toast.done(`${user.name} is switched ${disabled ? "off" : "on"}`);
    } catch (error) {
      toast.failed(error);
    }
  };
  if (user.disabled_at) return <Button onClick={() => set(false)}>Switch on</Button>;
  return (
    <span className={styles.actions}>
      <Confirm
        label="Switch off"
        question={`Stop all keys, tokens and sessions of ${user.name}?`}
        yes="Switch off"
        act={() => set(true)}
      />
    </span>
  );
}
