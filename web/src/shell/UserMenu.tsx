import { Link } from "@tanstack/react-router";
import { useMe } from "../api/me";
import { signOut } from "../api/sign_in";
import { Icon } from "../ui/icons";
import { toast } from "../ui/Toasts";
import { type Theme, useThemeChoice } from "./theme";
import styles from "./UserMenu.module.css";

const THEMES: readonly (readonly [Theme, string])[] = [
  ["system", "System theme"],
  ["light", "Light"],
  ["dark", "Dark"],
];

/** Who is signed in, how it looks to them, and the way out. */
export function UserMenu() {
  const { user } = useMe();
  const [theme, choose] = useThemeChoice();
  return (
    <footer className={styles.menu}>
      <div className={styles.row}>
        <Icon name="sun" />
        <select
          aria-label="Theme"
          className={styles.theme}
          value={theme}
          onChange={(event) => choose(event.target.value as Theme)}
        >
          {THEMES.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </div>
      <div className={styles.row}>
        <Icon name="people" />
        <Link to="/account" className={styles.who} title="Your account">
          <span className="hidden-but-read">Your account:</span>
          <span className={styles.name}>{user?.name ?? "Administrator"}</span>
          <span className={styles.email}>{user?.email ?? "by token"}</span>
        </Link>
        <button
          type="button"
          className={styles.out}
          aria-label="Sign out"
          title="Sign out"
          onClick={() => signOut().catch(toast.failed)}
        >
          <Icon name="out" />
        </button>
      </div>
    </footer>
  );
}
