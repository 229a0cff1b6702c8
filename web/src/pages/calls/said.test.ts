import { expect, test } from "vitest";
import { indented, streamed } from "./said";

const stream = (...events: unknown[]) =>
  events.map((event) => `event: x\ndata: ${JSON.stringify(event)}\n\n`).join("");

test.each([
  [
    "messages",
    stream(
      { type: "message_start" },
      { type: "content_block_delta", delta: { type: "text_delta", text: "Hel" } },
      { type: "content_block_delta", delta: { type: "text_delta", text: "lo" } },
    ),
  ],
  [
    "chat",
    `${stream({ choices: [{ delta: { content: "Hel" } }] }, { choices: [{ delta: { content: "lo" } }] }, { choices: [] })}data: [DONE]\n\n`,
  ],
  [
    "responses",
    stream(
      { type: "response.output_text.delta", delta: "Hello" },
      { type: "response.function_call_arguments.delta", delta: "{}" },
    ),
  ],
])("a stream of %s says what its pieces say", (_, body) => expect(streamed(body)).toBe("Hello"));

test("what is no stream has no pieces, and what is no JSON stays as it is", () => {
  expect(streamed('{"type":"message"}')).toBeUndefined();
  expect(indented('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(indented("{cut")).toBe("{cut");
});
