// A time that begins and ends where somebody says, as it stands in the address and in the fields of a form.

export type Between = { from?: string; to?: string };

/** RFC 3339 or nothing: what is no time is left out. */
export function between(search: Record<string, unknown>): Between {
  const moment = (value: unknown) => {
    const ms = typeof value === "string" ? Date.parse(value) : Number.NaN;
    return Number.isFinite(ms) ? new Date(ms).toISOString() : undefined;
  };
  const [from, to] = [moment(search.from), moment(search.to)];
  return { ...(from && { from }), ...(to && { to }) };
}

/** As a field for a date and a time has it: to the minute, in the reader's own zone. */
export function asTyped(moment: string | undefined): string {
  if (!moment) return "";
  const date = new Date(moment);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

/** The moment that such a field says; nothing where it says none. */
export function fromTyped(typed: string): string | undefined {
  const ms = Date.parse(typed);
  return Number.isFinite(ms) ? new Date(ms).toISOString() : undefined;
}
