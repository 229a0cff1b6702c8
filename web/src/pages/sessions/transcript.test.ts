import { expect, test } from "vitest";
import type { Transcript, TranscriptCall } from "../../api/captures";
import { cutOff, toolsOf, turning, unreadOf } from "./transcript";

const part = (unread: number, tools: Transcript["tools"]): Transcript => ({
  data: [],
  next: null,
  unread,
  tools,
});

test("tools of several parts are added up, those used most first", () => {
  const parts = [
    part(1, [
      { name: "Read", calls: 2, failed: 1 },
      { name: "Bash", calls: 1, failed: 0 },
    ]),
    part(2, [{ name: "Bash", calls: 4, failed: 2 }]),
  ];
  expect(toolsOf(parts)).toEqual([
    { name: "Bash", calls: 5, failed: 2 },
    { name: "Read", calls: 2, failed: 1 },
  ]);
  expect(unreadOf(parts)).toBe(3);
  expect(toolsOf([])).toEqual([]);
});

test.each([
  ["first", undefined],
  ["continues", undefined],
  [undefined, undefined],
  ["again", /asked again/i],
  ["rewritten", /rewritten here.*first 3 parts/],
  ["apart", /nothing of this/i],
] as const)("a call that follows as %s says so", (follows, words) => {
  const call = { follows, repeats: 3 } as TranscriptCall;
  if (words) expect(turning(call)).toMatch(words);
  else expect(turning(call)).toBeUndefined();
});

test.each([
  [undefined, undefined],
  [{ turns: 1, more: true, kept: 600, bytes: 1200 }, /1 turn whole, 600 B of 1\.2 kB kept$/],
  [{ turns: 1234, more: true, kept: 1_048_576 }, /1,234 turns whole, 1\.05 MB kept$/],
] as const)("a request that was cut says where", (cut, words) => {
  const said = cutOff({ cut } as TranscriptCall);
  if (words) expect(said).toMatch(words);
  else expect(said).toBeUndefined();
});
