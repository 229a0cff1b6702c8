// What is known of a conversation from the parts of its transcript that were read.

import type { ToolUse, Transcript, TranscriptCall } from "../../api/captures";
import { bytes, count } from "../../format";

/** The tools used in several parts together, those used most first. */
export function toolsOf(parts: readonly Transcript[]): ToolUse[] {
  const tools = new Map<string, ToolUse>();
  for (const { name, calls, failed } of parts.flatMap(({ tools }) => tools)) {
    const before = tools.get(name);
    tools.set(name, {
      name,
      calls: calls + (before?.calls ?? 0),
      failed: failed + (before?.failed ?? 0),
    });
  }
  return [...tools.values()].sort((a, b) => b.calls - a.calls || a.name.localeCompare(b.name));
}

/** How many calls it is not, or not wholly, known of what they said. */
export function unreadOf(parts: readonly Transcript[]): number {
  return parts.reduce((sum, { unread }) => sum + unread, 0);
}

/** What stands where a request was cut that was too long to be kept whole. */
export function cutOff({ cut }: TranscriptCall): string | undefined {
  if (!cut) return undefined;
  const of = typeof cut.bytes === "number" ? ` of ${bytes(cut.bytes)}` : "";
  const turns = `${count(cut.turns)} ${cut.turns === 1 ? "turn" : "turns"}`;
  return `The request was cut here: ${turns} whole, ${bytes(cut.kept)}${of} kept`;
}

/** What is to be said above a call of how it goes on; nothing where it goes on as expected. */
export function turning({ follows, repeats }: TranscriptCall): string | undefined {
  switch (follows) {
    case "again":
      return "Asked again from here, without the answer as it was";
    case "rewritten":
      return `History rewritten here: of what was said before, ${repeats === 1 ? "the first part is" : `the first ${repeats} parts are`} the same`;
    case "apart":
      return "Nothing of this was said before: a conversation beside, or history rewritten as a whole";
    default:
      return undefined;
  }
}
