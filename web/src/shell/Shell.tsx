import { useIsFetching } from "@tanstack/react-query";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useMe } from "../api/me";
import { server } from "../api/reachable";
import { useWatched } from "../api/store";
import { Icon } from "../ui/icons";
import { Mark } from "./Mark";
import { navigationFor } from "./navigation";
import { OrgSwitcher } from "./OrgSwitcher";
import styles from "./Shell.module.css";
import { UserMenu } from "./UserMenu";

/** The frame around every page. */
export function Shell() {
  const [open, setOpen] = useState(false);
  const fetching = useIsFetching();
  const path = useRouterState({ select: (state) => state.location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: on a phone, going to a page closes the menu
  useEffect(() => setOpen(false), [path]);
  return (
    <div className={styles.shell}>
      <a href="#content" className={styles.skip}>
        Skip to content
      </a>
      <header className={styles.top}>
        <button
          type="button"
          className={styles.toggle}
          aria-expanded={open}
          aria-controls="sidebar"
          aria-label={open ? "Close menu" : "Open menu"}
          onClick={() => setOpen(!open)}
        >
          <Icon name={open ? "close" : "menu"} />
        </button>
        <Mark size={22} />
        <strong>Tollhouse</strong>
      </header>
      <aside
        id="sidebar"
        aria-label="Tollhouse"
        className={`${styles.sidebar} ${open ? styles.open : ""}`}
      >
        <div className={styles.brand}>
          <Mark size={22} />
          <strong>Tollhouse</strong>
        </div>
        <OrgSwitcher />
        <Navigation />
        <UserMenu />
      </aside>
      <main
        id="content"
        className={styles.content}
        tabIndex={-1}
        // What tests wait for; people see it in what is shown.
        data-busy={fetching > 0 || undefined}
      >
        <Banner />
        <Outlet />
      </main>
    </div>
  );
}

function Navigation() {
  return (
    <nav className={styles.navigation} aria-label="Pages">
      {navigationFor(useMe()).map(({ label, entries }) => (
        <div key={label ?? ""} className={styles.group}>
          {label && <p className={styles.label}>{label}</p>}
          {entries.map(({ to, label: name, icon }) => (
            <Link
              key={to}
              to={to}
              className={styles.link}
              activeOptions={{ exact: to === "/", includeSearch: false }}
            >
              <Icon name={icon} />
              {name}
            </Link>
          ))}
        </div>
      ))}
    </nav>
  );
}

/** What is shown may be old: says so until the server is back. */
function Banner() {
  const gone = useWatched(server.gone);
  return (
    <div role="status" aria-live="assertive">
      {gone && (
        <p className={styles.banner}>
          The server does not answer. This page goes on by itself as soon as it does.
        </p>
      )}
    </div>
  );
}
