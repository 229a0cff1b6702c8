// The vendors' SDKs for Node against every pair of protocols, with their own stream accumulators.
//
//     SDKS=DIRECTORY node scripts/agents/sdk/matrix.mjs URL [--pairs same|all] [--direct]
//
// The same cells as matrix.py, which says what they are; SDKS is where node_modules is.

import assert from "node:assert/strict";
import { Chat, Messages, Responses } from "./callers.mjs";

const PROTOCOLS = ["messages", "chat", "responses"];
const [url, ...options] = process.argv.slice(2);
const direct = options.includes("--direct");
const all = options[options.indexOf("--pairs") + 1] === "all";
const { KEY: key = "none", LIMITED_KEY: limitedKey } = process.env;

const via = (model, upstream) => (direct ? model : `${model}-via-${upstream}`);

// The smallest picture and paper that are ones.
const picture = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const paper = Buffer.from("%PDF-1.4\n%%EOF\n");

async function text(caller, model, upstream, stream) {
  const answer = await caller.ask(model("sim-echo"), "hello wide world", { stream });
  assert.equal(answer.text, "hello wide world");
  assert.equal(answer.end, "end");
  // The SDK's accumulator for Chat Completions leaves the usage of a stream out.
  if (!(stream && caller.protocol === "chat")) assert.ok(answer.input > 0 && answer.output > 0);
}

async function limit(caller, model, upstream, stream) {
  // Its accumulator for Responses knows only answers that are complete.
  if (stream && caller.protocol === "responses") return;
  const words = "word ".repeat(40);
  const answer = await caller.ask(model("sim-echo"), words, { stream, limit: 20 });
  assert.equal(answer.text.split(" ").length, 20);
  assert.equal(answer.end, "length");
}

async function thinking(caller, model, upstream, stream) {
  const answer = await caller.ask(model("sim-think"), "hello wide world", { stream, think: true });
  assert.equal(answer.text, "hello wide world");
  assert.equal(answer.thought, "The user wrote 3 words. I will repeat them.");
}

async function tools(caller, model, upstream, stream) {
  const more = { stream, think: true, tools: ["bash"] };
  const name = model("sim-coder-2");
  const first = await caller.ask(name, "Do the task.", more);
  assert.deepEqual(first.calls.map((call) => call.name), ["bash", "bash"]);
  assert.equal(first.end, "tools");
  const second = await caller.answerCalls(name, "Do the task.", first, more);
  const both = [caller.protocol, upstream];
  const back = both[0] === both[1] || !both.includes("chat") ? 1 : 0;
  assert.equal(second.text, `done: no picture, no paper, ${back} thoughts`);
}

async function forced(caller, model, upstream, stream) {
  const more = { stream, tools: ["look"], choice: "look" };
  const answer = await caller.ask(model("sim-tool"), "Look.", more);
  assert.deepEqual(answer.calls.map(({ name, input }) => [name, input]),
    [["look", { command: "simulated" }]]);
}

async function media(caller, model, upstream, stream) {
  const files = { image: picture.toString("base64"), document: paper.toString("base64") };
  const answer = await caller.ask(model("sim-look"), "What is there?", { stream, files });
  assert.equal(answer.text, "done: a picture of 1 by 1, a paper of 15 bytes, 0 thoughts");
}

const CASES = { text, limit, thinking, tools, forced, media };

async function errorOf(caller, model, words, stream) {
  try {
    await caller.ask(model, words, { stream });
  } catch (error) {
    return error;
  }
  throw new Error("there was an answer instead of an error");
}

async function fails(caller, model, kind, status, words = "hello") {
  for (const stream of [false, true]) {
    const error = await errorOf(caller, model, words, stream);
    assert.ok(error instanceof caller.errors[kind], `${error.constructor.name}: ${error.message}`);
    if (status) assert.equal(error.status, status);
    assert.ok(error.requestID, "the error has no request id");
  }
}

async function overflows(caller, model) {
  for (const stream of [false, true]) {
    const error = await errorOf(caller, model, "hello", stream);
    assert.ok(caller.isOverflow(error), `${error.constructor.name}: ${error.message}`);
  }
}

function* errors(caller, model) {
  const named = (name, kind, status) => [name, () => fails(caller, model(name), kind, status)];
  yield named("sim-status-403", "PermissionDeniedError", 403);
  yield named("sim-status-429", "RateLimitError", 429);
  yield named("sim-status-500", "InternalServerError", 500);
  yield named("sim-status-503", "InternalServerError");
  yield named("sim-status-529", "InternalServerError");
  yield ["overflow", () => overflows(caller, model("sim-overflow"))];
  if (direct) return;
  const echo = model("sim-echo");
  const other = (otherKey) => new caller.constructor(caller.url, otherKey);
  const bad = `th-${"x".repeat(40)}`;
  yield ["bad key", () => fails(other(bad), echo, "AuthenticationError", 401)];
  yield ["key not allowed", () => fails(other(limitedKey), echo, "PermissionDeniedError", 403)];
  yield ["unknown model", () => fails(caller, "no-such-model", "NotFoundError", 404)];
  yield ["too large", () => fails(caller, echo, "APIError", 413, "x".repeat(2 << 20))];
}

function* cells() {
  for (const Caller of [Messages, Chat, Responses]) {
    const caller = new Caller(url, key);
    for (const upstream of PROTOCOLS) {
      if (upstream !== caller.protocol && !all) continue;
      const pair = `${caller.protocol} to ${upstream}`;
      const model = (name) => via(name, upstream);
      for (const [name, run] of Object.entries(CASES)) {
        for (const stream of [false, true]) {
          const how = stream ? "stream" : "whole";
          yield [`${pair}, ${name}, ${how}`, () => run(caller, model, upstream, stream)];
        }
      }
      for (const [name, check] of errors(caller, model)) yield [`${pair}, error: ${name}`, check];
    }
  }
}

let [passed, failed] = [0, 0];
for (const [name, check] of cells()) {
  try {
    await check();
    passed += 1;
  } catch (error) {
    failed += 1;
    console.log(`FAIL  node, ${name}: ${error.constructor.name}: ${error.message.slice(0, 300)}`);
  }
}
console.log(`node SDKs: ${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
