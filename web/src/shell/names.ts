// Names for ids, where whoever is signed in may know them.

import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { keys, orgs, users } from "../api/people";
import { shortId } from "../format";

/** What keys, users and organizations are called that whoever is signed in may see. */
export function useKnown(): ReadonlyMap<string, string> {
  const ours = useQuery(keys()).data;
  const people = useQuery(users()).data;
  const places = useQuery(orgs()).data;
  return useMemo(() => {
    const names = new Map<string, string>();
    for (const list of [ours, people, places]) {
      for (const { id, name } of list?.data ?? []) names.set(id, name);
    }
    return names;
  }, [ours, people, places]);
}

/** The name of a key, user or organization; a short form of an id that has none. */
export function useNames(): (id: string) => string {
  const names = useKnown();
  return useCallback((id: string) => names.get(id) ?? shortOf(id), [names]);
}

export function shortOf(id: string): string {
  return /^(key|user|org)_/.test(id) ? shortId(id) : id;
}
