// Routes as they are edited, and which of them a model's name meets.

import type { Schemas } from "../../api/client";

export type Route = Schemas["Route"];
export type Target = Schemas["Target"];

/** Whether a pattern means a name: the name itself, a prefix that ends in `*`, or `*` for all. */
export function means(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

/** The closest route: an exact name before a prefix, a longer prefix before a shorter one. */
export function meets(routes: readonly Route[], name: string): Route | undefined {
  const close = ({ model }: Route) => (model.endsWith("*") ? model.length - 1 : 1e9);
  return routes.filter(({ model }) => means(model, name)).sort((a, b) => close(b) - close(a))[0];
}

/** The same list with one of it a place up or down; unchanged where there is no such place. */
export function moved<T>(list: readonly T[], at: number, by: -1 | 1): T[] {
  const next = [...list];
  const [one, other] = [next[at], next[at + by]];
  if (one !== undefined && other !== undefined) [next[at], next[at + by]] = [other, one];
  return next;
}

/** All routes, with one in the place of `old`, or behind them all. */
export function withRoute(
  routes: readonly Route[],
  old: string | undefined,
  route: Route,
): Route[] {
  const at = routes.findIndex(({ model, managed }) => model === old && !managed);
  return at < 0 ? [...routes, route] : routes.map((one, index) => (index === at ? route : one));
}

/** Where a route leads, first choice first, in words. */
export function chain(targets: readonly Target[]): string {
  const words = ({ provider, model, protocol }: Target) =>
    [provider, model && `as ${model}`, protocol && `in ${protocol}`].filter(Boolean).join(" ");
  return targets.map(words).join(" → ");
}

/** What somebody else made of a route since it was looked at; nothing where that is the same. */
export function changeOf(seen: Route, now: readonly Route[]): string | undefined {
  const route = now.find(({ model, managed }) => model === seen.model && !managed);
  if (!route) return `Somebody removed the route of ${seen.model}. Saving adds it again.`;
  const leads = chain(route.targets);
  if (leads === chain(seen.targets)) return undefined;
  return `Somebody changed this route: it leads to ${leads} now. Saving puts yours in its place.`;
}

/** A name that a pattern means, for trying it. */
export function sample(pattern: string): string {
  const begins = pattern.trim().replace(/\*$/, "");
  return begins === pattern.trim() && begins ? begins : `${begins}any`;
}
