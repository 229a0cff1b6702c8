// Addresses and the pages they show. What a page is asked stands in the address.

import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  retainSearchParams,
} from "@tanstack/react-router";
import { accountSearch } from "./pages/account/search";
import { accountsSearch } from "./pages/accounts/search";
import { auditSearch } from "./pages/audit/search";
import { budgetsSearch } from "./pages/budgets/search";
import { callsSearch } from "./pages/calls/filter";
import { connectSearch } from "./pages/connect/search";
import { credentialsSearch } from "./pages/credentials/search";
import { keySearch, keysSearch } from "./pages/keys/search";
import { liveSearch } from "./pages/live/feed";
import { overviewSearch } from "./pages/overview/search";
import { peopleSearch } from "./pages/people/search";
import { pricesSearch } from "./pages/prices/search";
import { providersSearch } from "./pages/providers/search";
import { sessionSearch } from "./pages/sessions/search";
import { Shell } from "./shell/Shell";
import { Empty, Failed } from "./ui/states";

const root = createRootRoute({
  component: Shell,
  validateSearch: (search: Record<string, unknown>): { org?: string | undefined } =>
    typeof search.org === "string" ? { org: search.org } : {},
  search: { middlewares: [retainSearchParams(["org"])] },
  notFoundComponent: () => (
    <Empty title="There is no such page">The sidebar has all there are.</Empty>
  ),
});

const overview = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: overviewSearch,
  component: lazyRouteComponent(() => import("./pages/overview/Overview"), "Overview"),
});

const calls = createRoute({
  getParentRoute: () => root,
  path: "/calls",
  validateSearch: callsSearch,
  component: lazyRouteComponent(() => import("./pages/calls/Calls"), "Calls"),
});

const call = createRoute({
  getParentRoute: () => root,
  path: "/calls/$id",
  component: lazyRouteComponent(() => import("./pages/calls/Call"), "Call"),
});

const sessions = createRoute({
  getParentRoute: () => root,
  path: "/sessions",
  validateSearch: callsSearch,
  component: lazyRouteComponent(() => import("./pages/sessions/Sessions"), "Sessions"),
});

const session = createRoute({
  getParentRoute: () => root,
  path: "/sessions/$id",
  validateSearch: sessionSearch,
  component: lazyRouteComponent(() => import("./pages/sessions/Session"), "Session"),
});

const keys = createRoute({
  getParentRoute: () => root,
  path: "/keys",
  validateSearch: keysSearch,
  component: lazyRouteComponent(() => import("./pages/keys/Keys"), "Keys"),
});

const newKey = createRoute({
  getParentRoute: () => root,
  path: "/keys/new",
  component: lazyRouteComponent(() => import("./pages/keys/NewKey"), "NewKey"),
});

const key = createRoute({
  getParentRoute: () => root,
  path: "/keys/$id",
  validateSearch: keySearch,
  component: lazyRouteComponent(() => import("./pages/keys/Key"), "Key"),
});

const connect = createRoute({
  getParentRoute: () => root,
  path: "/connect",
  validateSearch: connectSearch,
  component: lazyRouteComponent(() => import("./pages/connect/Connect"), "Connect"),
});

const credentials = createRoute({
  getParentRoute: () => root,
  path: "/credentials",
  validateSearch: credentialsSearch,
  component: lazyRouteComponent(() => import("./pages/credentials/Credentials"), "Credentials"),
});

const accounts = createRoute({
  getParentRoute: () => root,
  path: "/accounts",
  validateSearch: accountsSearch,
  component: lazyRouteComponent(() => import("./pages/accounts/Accounts"), "Accounts"),
});

const budgets = createRoute({
  getParentRoute: () => root,
  path: "/budgets",
  validateSearch: budgetsSearch,
  component: lazyRouteComponent(() => import("./pages/budgets/Budgets"), "Budgets"),
});

const live = createRoute({
  getParentRoute: () => root,
  path: "/live",
  validateSearch: liveSearch,
  component: lazyRouteComponent(() => import("./pages/live/Live"), "Live"),
});

const people = createRoute({
  getParentRoute: () => root,
  path: "/people",
  validateSearch: peopleSearch,
  component: lazyRouteComponent(() => import("./pages/people/People"), "People"),
});

const person = createRoute({
  getParentRoute: () => root,
  path: "/people/$id",
  component: lazyRouteComponent(() => import("./pages/people/Person"), "Person"),
});

const organization = createRoute({
  getParentRoute: () => root,
  path: "/organizations/$id",
  component: lazyRouteComponent(() => import("./pages/people/Organization"), "Organization"),
});

const audit = createRoute({
  getParentRoute: () => root,
  path: "/audit",
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import("./pages/audit/Audit"), "Audit"),
});

const prices = createRoute({
  getParentRoute: () => root,
  path: "/prices",
  validateSearch: pricesSearch,
  component: lazyRouteComponent(() => import("./pages/prices/Prices"), "Prices"),
});

const account = createRoute({
  getParentRoute: () => root,
  path: "/account",
  validateSearch: accountSearch,
  component: lazyRouteComponent(() => import("./pages/account/Account"), "Account"),
});

const providers = createRoute({
  getParentRoute: () => root,
  path: "/providers",
  validateSearch: providersSearch,
  component: lazyRouteComponent(() => import("./pages/providers/Providers"), "Providers"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    overview,
    live,
    calls,
    call,
    sessions,
    session,
    keys,
    newKey,
    key,
    connect,
    credentials,
    accounts,
    budgets,
    people,
    person,
    organization,
    audit,
    prices,
    account,
    providers,
  ]),
  basepath: "/dashboard",
  defaultPreload: "intent",
  defaultErrorComponent: ({ error, reset }) => <Failed error={error} retry={reset} />,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
