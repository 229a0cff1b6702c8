"""The three APIs as the vendors' Python SDKs offer them, behind one small interface."""

import json

import anthropic
import openai

LIMIT = 8000
SCHEMA = {
    "type": "object",
    "properties": {"command": {"type": "string"}},
    "required": ["command"],
}


class Call:
    def __init__(self, id, name, input):
        self.id, self.name, self.input = id, name, input


class Answer:
    """An answer in terms common to the three APIs; `raw` is the SDK's own object."""

    def __init__(self, raw, text, thought, calls, end, tokens):
        self.raw, self.text, self.thought, self.calls, self.end = raw, text, thought, calls, end
        self.input_tokens, self.output_tokens, self.reasoning_tokens = tokens


class Caller:
    def fails(self, model, status, key=None, text="hello"):
        """The call must raise the exception that the SDK has for that status (None: the server's
        errors as a whole), as a whole answer and as a stream."""
        caller = type(self)(self.url, key) if key else self
        for stream in (False, True):
            error = caller.error_of(model, text, stream)
            wanted = self.errors[status or 500]
            if not isinstance(error, wanted) or (status and error.status_code != status):
                raise AssertionError(f"{type(error).__name__}, status {error.status_code}: {error}")
            if not error.request_id:
                raise AssertionError("the error has no request id")

    def error_of(self, model, text, stream, **more):
        try:
            self.ask(model, text, stream, **more)
        except (anthropic.APIStatusError, openai.APIStatusError) as error:
            return error
        raise AssertionError("there was an answer instead of an error")

    def returns_thoughts(self, model):
        """How many of one answer's thoughts come back to the provider: the protocols have places
        for them that do not fit, except between Messages and Responses."""
        upstream = model.rsplit("-via-")[-1] if "-via-" in model else self.protocol
        both = {self.protocol, upstream}
        return int(len(both) == 1 or both == {"messages", "responses"})


class Messages(Caller):
    protocol = "messages"
    errors = {
        400: anthropic.BadRequestError, 401: anthropic.AuthenticationError,
        403: anthropic.PermissionDeniedError, 404: anthropic.NotFoundError,
        413: anthropic.APIStatusError, 429: anthropic.RateLimitError,
        500: anthropic.InternalServerError,
    }

    def __init__(self, url, key):
        self.url = url
        self.client = anthropic.Anthropic(base_url=url, api_key=key, max_retries=0)

    def ask(self, model, text, stream, files=None, **more):
        content = [{"type": "text", "text": text}]
        kinds = {"image": "image/png", "document": "application/pdf"}
        for kind, data in (files or {}).items():
            source = {"type": "base64", "media_type": kinds[kind], "data": data}
            content.append({"type": kind, "source": source})
        return self.send(model, [{"role": "user", "content": content}], stream, **more)

    def send(self, model, messages, stream, think=False, tools=(), choice=None, limit=LIMIT, **raw):
        request = {"model": model, "max_tokens": limit, "messages": messages, **raw}
        if think:
            request["thinking"] = {"type": "adaptive", "display": "summarized"}
        if tools:
            request["tools"] = [{"name": name, "input_schema": SCHEMA} for name in tools]
        if choice:
            request["tool_choice"] = {"type": "tool", "name": choice}
        if stream:
            with self.client.messages.stream(**request) as events:
                message = events.get_final_message()
        else:
            message = self.client.messages.create(**request)
        blocks = {kind: [it for it in message.content if it.type == kind]
                  for kind in ("text", "thinking", "tool_use")}
        usage, details = message.usage, message.usage.output_tokens_details
        read, write = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
        return Answer(
            message,
            "".join(block.text for block in blocks["text"]),
            "".join(block.thinking for block in blocks["thinking"]),
            [Call(block.id, block.name, block.input) for block in blocks["tool_use"]],
            {"end_turn": "end", "tool_use": "tools", "max_tokens": "length"}[message.stop_reason],
            (usage.input_tokens + read + write, usage.output_tokens,
             details.thinking_tokens if details else 0),
        )

    def answer_calls(self, model, text, answer, stream, **more):
        results = [{"type": "tool_result", "tool_use_id": call.id, "content": "done"}
                   for call in answer.calls]
        messages = [
            {"role": "user", "content": text},
            {"role": "assistant", "content": answer.raw.content},
            {"role": "user", "content": results},
        ]
        return self.send(model, messages, stream, **more)

    def overflows(self, model):
        for stream in (False, True):
            error = self.error_of(model, "hello", stream)
            if not isinstance(error, anthropic.BadRequestError) or "prompt is too long" not in str(error):
                raise AssertionError(f"{type(error).__name__}: {error}")

    def unmappable(self, model):
        image = {"type": "image", "source": {"type": "file", "file_id": "file_1"}}
        error = self.error_of_message(model, [{"role": "user", "content": [image]}])
        if "messages[0].content[0].source" not in str(error):
            raise AssertionError(f"the error names no path: {error}")

    def error_of_message(self, model, messages):
        try:
            self.send(model, messages, False)
        except anthropic.BadRequestError as error:
            return error
        raise AssertionError("there was an answer instead of an error")


class OpenAi(Caller):
    errors = {
        400: openai.BadRequestError, 401: openai.AuthenticationError,
        403: openai.PermissionDeniedError, 404: openai.NotFoundError,
        413: openai.APIStatusError, 429: openai.RateLimitError, 500: openai.InternalServerError,
    }

    def __init__(self, url, key):
        self.url = url
        self.client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)

    def overflows(self, model):
        for stream in (False, True):
            error = self.error_of(model, "hello", stream)
            if not isinstance(error, openai.BadRequestError) or error.code != "context_length_exceeded":
                raise AssertionError(f"{type(error).__name__}: {error}")

    def refused(self, field, send):
        try:
            send()
        except openai.BadRequestError as error:
            if field not in str(error):
                raise AssertionError(f"the error does not name {field}: {error}") from error
            return
        raise AssertionError("there was an answer instead of an error")


class Chat(OpenAi):
    protocol = "chat"

    def ask(self, model, text, stream, files=None, **more):
        content = [{"type": "text", "text": text}]
        for kind, data in (files or {}).items():
            if kind == "image":
                image = {"url": f"data:image/png;base64,{data}"}
                content.append({"type": "image_url", "image_url": image})
            else:
                file = {"filename": "paper.pdf", "file_data": f"data:application/pdf;base64,{data}"}
                content.append({"type": "file", "file": file})
        return self.send(model, [{"role": "user", "content": content}], stream, **more)

    def send(self, model, messages, stream, think=False, tools=(), choice=None, limit=LIMIT, **raw):
        request = {"model": model, "max_completion_tokens": limit, "messages": messages, **raw}
        if think:
            request["reasoning_effort"] = "high"
        if tools:
            request["tools"] = [
                {"type": "function", "function": {"name": name, "parameters": SCHEMA}}
                for name in tools
            ]
        if choice:
            request["tool_choice"] = {"type": "function", "function": {"name": choice}}
        if stream:
            request["stream_options"] = {"include_usage": True}
            thought = ""
            with self.client.chat.completions.stream(**request) as events:
                for event in events:
                    # A vendor's addition, which the accumulator keeps only in part.
                    if event.type == "chunk" and event.chunk.choices:
                        delta = event.chunk.choices[0].delta
                        thought += getattr(delta, "reasoning_content", None) or ""
                try:
                    completion = events.get_final_completion()
                except openai.LengthFinishReasonError as error:
                    completion = error.completion
        else:
            completion = self.client.chat.completions.create(**request)
            thought = getattr(completion.choices[0].message, "reasoning_content", None) or ""
        [choice] = completion.choices
        usage = completion.usage
        if usage.total_tokens != usage.prompt_tokens + usage.completion_tokens:
            raise AssertionError(f"usage does not add up: {usage}")
        details = usage.completion_tokens_details
        return Answer(
            choice.message,
            choice.message.content or "",
            thought,
            [Call(call.id, call.function.name, json.loads(call.function.arguments))
             for call in choice.message.tool_calls or []],
            {"stop": "end", "tool_calls": "tools", "length": "length"}[choice.finish_reason],
            (usage.prompt_tokens, usage.completion_tokens,
             details.reasoning_tokens if details else 0),
        )

    def answer_calls(self, model, text, answer, stream, **more):
        calls = [
            {"id": call.id, "type": "function",
             "function": {"name": call.name, "arguments": json.dumps(call.input)}}
            for call in answer.calls
        ]
        turn = {"role": "assistant", "content": answer.text or None, "tool_calls": calls}
        if answer.thought:
            turn["reasoning_content"] = answer.thought
        results = [{"role": "tool", "tool_call_id": call.id, "content": "done"}
                   for call in answer.calls]
        messages = [{"role": "user", "content": text}, turn, *results]
        return self.send(model, messages, stream, **more)

    def unmappable(self, model):
        messages = [{"role": "user", "content": "hello"}]
        self.refused("n", lambda: self.send(model, messages, False, n=2))


class Responses(OpenAi):
    protocol = "responses"

    def ask(self, model, text, stream, files=None, **more):
        content = [{"type": "input_text", "text": text}]
        for kind, data in (files or {}).items():
            if kind == "image":
                url = f"data:image/png;base64,{data}"
                content.append({"type": "input_image", "image_url": url, "detail": "auto"})
            else:
                data = f"data:application/pdf;base64,{data}"
                content.append({"type": "input_file", "filename": "paper.pdf", "file_data": data})
        return self.send(model, [{"role": "user", "content": content}], stream, **more)

    def send(self, model, items, stream, think=False, tools=(), choice=None, limit=LIMIT, **raw):
        request = {"model": model, "max_output_tokens": limit, "input": items, "store": False, **raw}
        if think:
            request["reasoning"] = {"effort": "high", "summary": "auto"}
            request["include"] = ["reasoning.encrypted_content"]
        if tools:
            request["tools"] = [
                {"type": "function", "name": name, "parameters": SCHEMA, "strict": False}
                for name in tools
            ]
        if choice:
            request["tool_choice"] = {"type": "function", "name": choice}
        if stream:
            with self.client.responses.stream(**request) as events:
                response = None
                for event in events:
                    # The SDK's own accessor knows only answers that are complete.
                    if event.type == "response.incomplete":
                        response = event.response
                response = response or events.get_final_response()
        else:
            response = self.client.responses.create(**request)
        calls = [Call(item.call_id, item.name, json.loads(item.arguments))
                 for item in response.output if item.type == "function_call"]
        thoughts = [part.text for item in response.output if item.type == "reasoning"
                    for part in item.summary]
        end = {"completed": "tools" if calls else "end", "incomplete": "length"}[response.status]
        usage = response.usage
        if usage.total_tokens != usage.input_tokens + usage.output_tokens:
            raise AssertionError(f"usage does not add up: {usage}")
        return Answer(
            response, response.output_text, "".join(thoughts), calls, end,
            (usage.input_tokens, usage.output_tokens, usage.output_tokens_details.reasoning_tokens),
        )

    def answer_calls(self, model, text, answer, stream, **more):
        results = [{"type": "function_call_output", "call_id": call.id, "output": "done"}
                   for call in answer.calls]
        history = [item.to_dict(mode="json") for item in answer.raw.output]
        items = [{"role": "user", "content": text}, *history, *results]
        return self.send(model, items, stream, **more)

    def unmappable(self, model):
        items = [{"role": "user", "content": "hello"}]
        self.refused(
            "previous_response_id",
            lambda: self.send(model, items, False, previous_response_id="resp_1"),
        )


CALLERS = (Messages, Chat, Responses)
