import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { ApiFailure } from "../../api/client";
import { isPlatform, useMe } from "../../api/me";
import { changeOrg, members, type Org, orgs } from "../../api/people";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Confirm";
import { Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Empty, Failed, SkeletonRows } from "../../ui/states";
import { Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { toast } from "../../ui/Toasts";
import { AddMember } from "./AddMember";
import styles from "./People.module.css";
import { RenameOrg } from "./RenameOrg";
import { Leave, RoleChoice } from "./RoleChoice";
import { mayMakeServices, ownsOrg } from "./rights";

/** One organization and who is in it. */
export function Organization() {
  const { id } = useParams({ from: "/organizations/$id" });
  const { data, isError, error, refetch } = useQuery(orgs());
  const org = data?.data.find((one) => one.id === id);
  if (org) return <Known org={org} />;
  const missing = new ApiFailure(404, "not_found", "No organization has this id.", undefined);
  return (
    <Page title="Organization">
      <Panel>
        {data ? (
          <Failed error={missing} />
        ) : isError ? (
          <Failed error={error} retry={() => refetch()} />
        ) : (
          <SkeletonRows />
        )}
      </Panel>
    </Page>
  );
}

function Known({ org }: { org: Org }) {
  const me = useMe();
  const { data, isError, error, refetch } = useQuery(members(org.id));
  const [open, setOpen] = useState<"rename" | "add">();
  const close = () => setOpen(undefined);
  return (
    <Page
      title={org.name}
      about={
        <>
          Made <Time at={org.created_at} />
          {org.disabled_at && (
            <>
              {" "}
              <Badge tone="bad">off</Badge>
            </>
          )}
        </>
      }
      actions={
        ownsOrg(me, org.id) && (
          <>
            <Button onClick={() => setOpen("rename")}>Rename</Button>
            <Switch org={org} />
          </>
        )
      }
    >
      <Panel
        title="Members"
        aside={
          mayMakeServices(me, org.id) && (
            <Button onClick={() => setOpen("add")}>Add a member</Button>
          )
        }
        flush
      >
        {isError && !data ? (
          <Failed error={error} retry={() => refetch()} />
        ) : !data ? (
          <SkeletonRows rows={4} />
        ) : (
          <Table
            label="Members"
            columns={[
              {
                name: "Name",
                wide: true,
                cell: ({ user, name }) => (
                  <Link to="/people/$id" params={{ id: user }} className={styles.name}>
                    {name}
                  </Link>
                ),
              },
              {
                name: "Role",
                cell: ({ user, name, role }) => (
                  <RoleChoice
                    org={org.id}
                    orgName={org.name}
                    user={user}
                    userName={name}
                    role={role}
                  />
                ),
              },
              { name: "Since", cell: ({ since }) => <Time at={since} /> },
              {
                name: "Actions",
                number: true,
                cell: ({ user, name, role }) => (
                  <Leave org={org.id} orgName={org.name} user={user} userName={name} role={role} />
                ),
              },
            ]}
            rows={data.data}
            rowKey={({ user }) => user}
            empty={
              <Empty title="Nobody is in it yet">
                Its keys, credentials and calls are seen by its members alone.
              </Empty>
            }
          />
        )}
      </Panel>
      {open === "rename" && <RenameOrg org={org} onClose={close} />}
      {open === "add" && <AddMember org={org} members={data?.data ?? []} onClose={close} />}
    </Page>
  );
}

/** Off: nothing of it works, and the record stays. Only the installation's administrators undo it. */
function Switch({ org }: { org: Org }) {
  const me = useMe();
  const set = async (disabled: boolean) => {
    try {
      await changeOrg(org.id, { disabled });
      toast.done(`${org.name} is switched ${disabled ? "off" : "on"}`);
    } catch (error) {
      toast.failed(error);
    }
  };
  if (!org.disabled_at) {
    return (
      <span className={styles.actions}>
        <Confirm
          label="Switch off"
          question={`Stop all keys, credentials and access of ${org.name}?`}
          yes="Switch off"
          act={() => set(true)}
        />
      </span>
    );
  }
  return isPlatform(me) ? <Button onClick={() => set(false)}>Switch on</Button> : null;
}
