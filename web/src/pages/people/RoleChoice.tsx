import { isPlatform, useMe } from "../../api/me";
import { putMember, removeMember } from "../../api/people";
import { Confirm } from "../../ui/Confirm";
import { PlainSelect } from "../../ui/Field";
import { toast } from "../../ui/Toasts";
import styles from "./People.module.css";
import { mayRemove, rolesFor } from "./rights";

type Props = {
  org: string;
  orgName: string;
  user: string;
  userName: string;
  role: string;
};

/** What somebody is somewhere: to be changed by who may, and a word to others. */
export function RoleChoice({ org, orgName, user, userName, role }: Props) {
  const roles = rolesFor(useMe(), org, role);
  if (roles.length === 0) return <span>{role}</span>;
  const change = async (to: string) => {
    try {
      await putMember(org, user, to);
      toast.done(`${userName} is ${to} of ${orgName} now`);
    } catch (error) {
      toast.failed(error);
    }
  };
  return (
    <span className={styles.small}>
      <PlainSelect
        label={`Role of ${userName} in ${orgName}`}
        value={role}
        onChange={(event) => void change(event.target.value)}
      >
        {roles.map((role) => (
          <option key={role}>{role}</option>
        ))}
      </PlainSelect>
    </span>
  );
}

/** Ends a membership. */
export function Leave({ org, orgName, user, userName, role }: Props) {
  const me = useMe();
  if (!mayRemove(me, org, user, role)) return null;
  const self = me.user?.id === user && !isPlatform(me);
  return (
    <span className={styles.small}>
      <Confirm
        label={self ? "Leave" : "Remove"}
        question={self ? `Leave ${orgName}?` : `Remove ${userName} from ${orgName}?`}
        yes={self ? "Leave" : "Remove"}
        act={() => removeMember(org, user).catch(toast.failed)}
      />
    </span>
  );
}
