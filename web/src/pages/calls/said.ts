// Bodies as people read them.

/** JSON with a line for each member; as it is, where it is none. */
export function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** What the pieces of a streamed answer put together say; undefined where it is no stream. */
export function streamed(body: string): string | undefined {
  const pieces = body
    .split("\n")
    .filter((line) => line.startsWith("data:"))
    .map((line) => piece(line.slice("data:".length).trim()));
  return pieces.length > 0 ? pieces.join("") : undefined;
}

/** The text that an event adds, in any of the three protocols. */
function piece(data: string): string {
  let event: Event;
  try {
    event = JSON.parse(data);
  } catch {
    return "";
  }
  // Responses.
  if (typeof event.delta === "string") {
    return event.type === "response.output_text.delta" ? event.delta : "";
  }
  // Messages, then Chat Completions.
  return event.delta?.text ?? event.choices?.[0]?.delta?.content ?? "";
}

type Event = {
  type?: string;
  delta?: string | { text?: string };
  choices?: { delta?: { content?: string | null } }[];
};
