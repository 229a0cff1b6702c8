// The three APIs as the vendors' SDKs for Node offer them, behind one small interface.

import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

// The SDKs lie in a cache and not beside this file.
const cache = createRequire(join(process.env.SDKS, "package.json"));
const load = async (name) => import(pathToFileURL(cache.resolve(name)).href);
const { default: Anthropic } = await load("@anthropic-ai/sdk");
const { default: OpenAI } = await load("openai");

const LIMIT = 8000;
const SCHEMA = {
  type: "object",
  properties: { command: { type: "string" } },
  required: ["command"],
};

export class Messages {
  protocol = "messages";
  errors = Anthropic;
  constructor(url, key) {
    this.url = url;
    this.client = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });
  }

  ask(model, text, { files = {}, ...more }) {
    const kinds = { image: "image/png", document: "application/pdf" };
    const content = [{ type: "text", text }];
    for (const [type, data] of Object.entries(files)) {
      content.push({ type, source: { type: "base64", media_type: kinds[type], data } });
    }
    return this.send(model, [{ role: "user", content }], more);
  }

  async send(model, messages, { stream, think, tools = [], choice, limit = LIMIT }) {
    const request = { model, max_tokens: limit, messages };
    if (think) request.thinking = { type: "adaptive", display: "summarized" };
    if (tools.length) request.tools = tools.map((name) => ({ name, input_schema: SCHEMA }));
    if (choice) request.tool_choice = { type: "tool", name: choice };
    const message = stream
      ? await this.client.messages.stream(request).finalMessage()
      : await this.client.messages.create(request);
    const of = (type) => message.content.filter((block) => block.type === type);
    const { usage } = message;
    return {
      raw: message.content,
      text: of("text").map((block) => block.text).join(""),
      thought: of("thinking").map((block) => block.thinking).join(""),
      calls: of("tool_use").map(({ id, name, input }) => ({ id, name, input })),
      end: { end_turn: "end", tool_use: "tools", max_tokens: "length" }[message.stop_reason],
      input: usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens,
      output: usage.output_tokens,
      reasoning: usage.output_tokens_details?.thinking_tokens ?? 0,
    };
  }

  answerCalls(model, text, answer, more) {
    const results = answer.calls.map(({ id }) => (
      { type: "tool_result", tool_use_id: id, content: "done" }));
    return this.send(model, [
      { role: "user", content: text },
      { role: "assistant", content: answer.raw },
      { role: "user", content: results },
    ], more);
  }

  isOverflow(error) {
    return error instanceof Anthropic.BadRequestError && /prompt is too long/.test(error.message);
  }
}

class OpenAi {
  errors = OpenAI;
  constructor(url, key) {
    this.url = url;
    this.client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
  }

  isOverflow(error) {
    return error instanceof OpenAI.BadRequestError && error.code === "context_length_exceeded";
  }
}

export class Chat extends OpenAi {
  protocol = "chat";

  ask(model, text, { files = {}, ...more }) {
    const content = [{ type: "text", text }];
    for (const [kind, data] of Object.entries(files)) {
      content.push(kind === "image"
        ? { type: "image_url", image_url: { url: `data:image/png;base64,${data}` } }
        : {
          type: "file",
          file: { filename: "paper.pdf", file_data: `data:application/pdf;base64,${data}` },
        });
    }
    return this.send(model, [{ role: "user", content }], more);
  }

  async send(model, messages, { stream, think, tools = [], choice, limit = LIMIT }) {
    const request = { model, max_completion_tokens: limit, messages };
    if (think) request.reasoning_effort = "high";
    if (tools.length) {
      request.tools = tools.map((name) => (
        { type: "function", function: { name, parameters: SCHEMA } }));
    }
    if (choice) request.tool_choice = { type: "function", function: { name: choice } };
    let completion;
    let thought = "";
    if (stream) {
      const events = this.client.chat.completions.stream(
        { ...request, stream_options: { include_usage: true } });
      // A vendor's addition, which the accumulator does not add up.
      events.on("chunk", (chunk) => {
        thought += chunk.choices[0]?.delta.reasoning_content ?? "";
      });
      completion = await events.finalChatCompletion().catch((error) => {
        // The SDK's own rule: an answer that was cut by the limit is an error.
        if (error.constructor !== OpenAI.LengthFinishReasonError
            && !/length limit/.test(error.message)) throw error;
        return events.currentChatCompletionSnapshot;
      });
    } else {
      completion = await this.client.chat.completions.create(request);
      thought = completion.choices[0].message.reasoning_content ?? "";
    }
    const [{ message, finish_reason: end }] = completion.choices;
    const { usage } = completion;
    return {
      text: message.content ?? "",
      thought,
      calls: (message.tool_calls ?? []).map(({ id, function: { name, arguments: input } }) => (
        { id, name, input: JSON.parse(input) })),
      end: { stop: "end", tool_calls: "tools", length: "length" }[end],
      input: usage?.prompt_tokens,
      output: usage?.completion_tokens,
      reasoning: usage?.completion_tokens_details?.reasoning_tokens ?? 0,
    };
  }

  answerCalls(model, text, answer, more) {
    const calls = answer.calls.map(({ id, name, input }) => (
      { id, type: "function", function: { name, arguments: JSON.stringify(input) } }));
    const turn = { role: "assistant", content: answer.text || null, tool_calls: calls };
    if (answer.thought) turn.reasoning_content = answer.thought;
    const results = answer.calls.map(({ id }) => (
      { role: "tool", tool_call_id: id, content: "done" }));
    return this.send(model, [{ role: "user", content: text }, turn, ...results], more);
  }
}

export class Responses extends OpenAi {
  protocol = "responses";

  ask(model, text, { files = {}, ...more }) {
    const content = [{ type: "input_text", text }];
    for (const [kind, data] of Object.entries(files)) {
      content.push(kind === "image"
        ? { type: "input_image", image_url: `data:image/png;base64,${data}`, detail: "auto" }
        : {
          type: "input_file", filename: "paper.pdf",
          file_data: `data:application/pdf;base64,${data}`,
        });
    }
    return this.send(model, [{ role: "user", content }], more);
  }

  async send(model, input, { stream, think, tools = [], choice, limit = LIMIT }) {
    const request = { model, max_output_tokens: limit, input, store: false };
    if (think) {
      request.reasoning = { effort: "high", summary: "auto" };
      request.include = ["reasoning.encrypted_content"];
    }
    if (tools.length) {
      request.tools = tools.map((name) => (
        { type: "function", name, parameters: SCHEMA, strict: false }));
    }
    if (choice) request.tool_choice = { type: "function", name: choice };
    const response = stream
      ? await this.client.responses.stream(request).finalResponse()
      : await this.client.responses.create(request);
    const of = (type) => response.output.filter((item) => item.type === type);
    const calls = of("function_call").map(({ call_id: id, name, arguments: input }) => (
      { id, name, input: JSON.parse(input) }));
    const { usage } = response;
    return {
      raw: response.output,
      text: of("message").flatMap((item) => item.content.map((part) => part.text)).join(""),
      thought: of("reasoning").flatMap((item) => item.summary.map((part) => part.text)).join(""),
      calls,
      end: response.status === "incomplete" ? "length" : calls.length ? "tools" : "end",
      input: usage.input_tokens,
      output: usage.output_tokens,
      reasoning: usage.output_tokens_details.reasoning_tokens,
    };
  }

  answerCalls(model, text, answer, more) {
    const results = answer.calls.map(({ id }) => (
      { type: "function_call_output", call_id: id, output: "done" }));
    // What the SDK has added by parsing is not part of the item.
    const history = answer.raw.map(({ parsed_arguments: _, ...item }) => item);
    return this.send(model, [{ role: "user", content: text }, ...history, ...results], more);
  }
}
