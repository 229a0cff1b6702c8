/** What a sub-agent is called: what kind it is, where that is known, and its id. */
export function subagentOf(call: {
  subagent?: string | null;
  subagent_type?: string | null;
}): string {
  if (!call.subagent) return "";
  return call.subagent_type ? `${call.subagent_type} ${call.subagent}` : call.subagent;
}
