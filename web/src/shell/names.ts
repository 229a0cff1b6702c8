// Names for ids, where whoever is signed in may know them.

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { keys, orgs, users } from "../api/people";
import { shortId } from "../format";

/** The name of a key, user or organization; a short form of an id that has none. */
export function useNames(): (id: string) => string {
  const ours = useQuery(keys()).data;
  const people = useQuery(users()).data;
  const places = useQuery(orgs()).data;
  return useMemo(() => {
    const names = new Map<string, string>();
    for (const list of [ours, people, places]) {
      for (const { id, name } of list?.data ?? []) names.set(id, name);
    }
    return (id: string) => names.get(id) ?? (/^(key|user|org)_/.test(id) ? shortId(id) : id);
  }, [ours, people, places]);
}
