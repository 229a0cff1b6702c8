// What is open on the page, as it stands in the address. Of a login that is brought, nothing does.

export const WAYS = ["login", "import"] as const;

/** `add` is the way in which an account is being added; `seen` the one that was added last. */
export type AccountsSearch = {
  add?: (typeof WAYS)[number];
  provider?: string;
  name?: string;
  seen?: string;
};

export function accountsSearch(search: Record<string, unknown>): AccountsSearch {
  const add = WAYS.find((way) => way === search.add);
  const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);
  const [provider, name, seen] = [text(search.provider), text(search.name), text(search.seen)];
  return {
    ...(add && { add }),
    ...(add && provider && { provider }),
    ...(add && name && { name }),
    ...(seen && { seen }),
  };
}
