import { expect, test } from "vitest";
import type { Call } from "../../api/record";
import { headersOf } from "./headers";

const call = (fields: Partial<Call>) =>
  headersOf({ id: "call_1", outcome: "success", status: 200, ...fields } as Call).map(
    ([name, value]) => `${name.replace("x-tollhouse-", "")}=${value}`,
  );

test("an answer says where it came from, what it lost, and why it came from elsewhere", () => {
  const there = { provider: "p", mode: "translated", model_sent: "m", credential_source: "org" };
  expect(call({ ...there, protocol_sent: "chat", losses: ["top_k", "x"], fallback: "f" })).toEqual([
    "call=call_1",
    "mode=translated",
    "protocol=chat",
    "provider=p",
    "model=m",
    "credential=org",
    "fallback=f",
    "loss=top_k,x",
  ]);
  expect(call({ ...there, losses: [], credential_source: null })).toEqual([
    "call=call_1",
    "mode=translated",
    "provider=p",
    "model=m",
  ]);
});

test.each([
  { outcome: "refused", status: 429, provider: "p" },
  { outcome: "upstream_error", status: 502, provider: "p", error: "upstream_unreachable" },
  { outcome: "interrupted", status: null, provider: "p" },
] as Partial<Call>[])("an answer of our own says which call it is, and no more", (fields) => {
  expect(call(fields)).toEqual(["call=call_1"]);
});
