import { useSearch } from "@tanstack/react-router";

/** The organization that is looked at; none means all that one may see. */
export function useOrg(): string | undefined {
  return useSearch({ strict: false, select: (search) => search.org });
}
