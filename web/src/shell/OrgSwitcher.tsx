import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { orgs } from "../api/people";
import { PlainSelect } from "../ui/Field";
import { useOrg } from "./org";

/** Which organization is looked at. It stands in the address, so that a link shows the same. */
export function OrgSwitcher() {
  const { data } = useQuery(orgs());
  const org = useOrg();
  const navigate = useNavigate();
  const list = (data?.data ?? []).filter((one) => !one.disabled_at || one.id === org);
  if (list.length < 2 && !org) return null;
  return (
    <PlainSelect
      label="Organization"
      value={org ?? ""}
      onChange={(event) => {
        const chosen = event.target.value || undefined;
        void navigate({ to: ".", search: (before) => ({ ...before, org: chosen }) });
      }}
    >
      <option value="">All organizations</option>
      {list.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </PlainSelect>
  );
}
