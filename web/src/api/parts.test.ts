import { expect, test } from "vitest";
import { whole } from "./parts";

test("parts are asked for until there are no more, each with the cursor of the one before", async () => {
  const asked: unknown[] = [];
  const parts = [
    { data: [1, 2], next: "a" },
    { data: [], next: "b" },
    { data: [3], next: null },
  ];
  const list = await whole<number>(async (query) => {
    asked.push(query);
    return parts[asked.length - 1] ?? { data: [], next: null };
  });
  expect(list).toEqual({ data: [1, 2, 3], next: null });
  expect(asked).toEqual([
    { limit: 1000 },
    { limit: 1000, cursor: "a" },
    { limit: 1000, cursor: "b" },
  ]);
});
