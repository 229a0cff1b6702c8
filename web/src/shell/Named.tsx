import { Link } from "@tanstack/react-router";
import { shortOf, useKnown } from "./names";

const PAGES = { key: "/keys/$id", user: "/people/$id", org: "/organizations/$id" } as const;

/** What a key, user or organization is called; it leads to its page, where whoever looks knows it. */
export function Named({ id }: { id: string }) {
  const name = useKnown().get(id);
  const page = PAGES[id.slice(0, id.indexOf("_")) as keyof typeof PAGES];
  if (name === undefined || !page) return <span title={id}>{shortOf(id)}</span>;
  return (
    <Link to={page} params={{ id }}>
      {name}
    </Link>
  );
}
