import { expect, test } from "vitest";
import type { Call } from "../../api/record";
import { steps, stretches, whyOf } from "./steps";

const call = (fields: Partial<Call>) =>
  ({
    at: "2026-05-01T12:34:56Z",
    outcome: "success",
    status: 200,
    provider: "b",
    model_requested: "m",
    model_sent: "m",
    attempts: 1,
    duration_ms: 1000,
    ttft_ms: 600,
    ...fields,
  }) as Call;

const texts = (fields: Partial<Call>) => steps(call(fields)).map(({ text }) => text);

test("each attempt says whom it asked, with what, and what came of it", () => {
  const tried = [
    { provider: "a", model_sent: "x", reason: "rate_limited", status: 429, ended_ms: 250 },
  ];
  const told = { tried, attempts: 2, fallback: "rate_limited", model_sent: "y" };
  expect(texts(told).slice(1)).toEqual([
    "a, asked for x, was rate limited, status 429; another was asked",
    "Sent to b, asked for y, 2 attempts",
    "First byte of the answer",
    "Ended, status 200",
  ]);
  expect(steps(call(told)).map(({ at }) => at)).toEqual([undefined, 250, 250, 600, 1000]);
  const nobody = [
    {
      provider: "a",
      reason: "unreachable",
      ended_ms: 9,
      credential_source: "org",
      credential_kind: "oauth_account",
    },
  ];
  expect(texts({ tried: nobody, attempts: 2 })[1]).toBe(
    "a, with the organization's account, could not be reached; another was asked",
  );
});

test("of calls whose attempts are not on record it is said what is known", () => {
  expect(texts({ attempts: 2, fallback: "server_error" }).slice(1, 3)).toEqual([
    "The first target answered with an error of its own; another was asked",
    "Sent to b, 2 attempts",
  ]);
  expect(
    texts({ provider: null, attempts: 0, outcome: "refused", status: 403, error: "no" }),
  ).toContain("Refused here, status 403: no");
});

test("why a call failed fits a line, and nothing is said of one that did not", () => {
  expect(whyOf(call({ outcome: "upstream_error", status: 529, error: "overloaded" }))).toBe(
    "529 overloaded",
  );
  expect(whyOf(call({ outcome: "client_disconnect", status: 200 }))).toBeUndefined();
  expect(whyOf(call({ outcome: "interrupted", status: null }))).toBeUndefined();
  expect(whyOf(call({}))).toBeUndefined();
  expect(whyOf(call({ error: "impossible_usage" }))).toBe("impossible_usage");
});

test("a call's stretches come to all of it", () => {
  const tried = [{ provider: "a", reason: "unreachable", ended_ms: 250 }];
  expect(stretches(call({ tried }))).toEqual([
    { is: "tried", ms: 250 },
    { is: "waited", ms: 350 },
    { is: "answered", ms: 400 },
  ]);
  // No stretch is shorter than nothing, whatever the clocks said.
  expect(stretches(call({ tried, ttft_ms: 100 }))).toEqual([
    { is: "tried", ms: 250 },
    { is: "answered", ms: 750 },
  ]);
  expect(stretches(call({ ttft_ms: null }))).toEqual([{ is: "waited", ms: 1000 }]);
  expect(stretches(call({ duration_ms: null }))).toEqual([]);
});
