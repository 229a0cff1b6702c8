"""Requests of the vendors' SDKs that no agent makes, for the fixtures."""

import base64

import anthropic
import openai
from pydantic import BaseModel

from callers import CALLERS
from tasks import paper, picture

MODEL = "sim-coder-2"


class Words(BaseModel):
    count: int
    note: str | None


def claude(url):
    return anthropic.Anthropic(base_url=url, api_key="key", max_retries=0)


def gpt(url):
    return openai.OpenAI(base_url=f"{url}/v1", api_key="key", max_retries=0)


def loop(make):
    def send(url):
        caller = make(url, "key")
        more = {"think": True, "tools": ["bash"]}
        first = caller.ask(MODEL, "Do the task.", False, **more)
        caller.answer_calls(MODEL, "Do the task.", first, False, **more)

    return send


def media(make):
    def send(url):
        files = {
            "image": base64.b64encode(picture(48, 32)).decode(),
            "document": base64.b64encode(paper()).decode(),
        }
        make(url, "key").ask("sim-look", "What is there?", True, files=files)

    return send


def count_tokens(url):
    claude(url).messages.count_tokens(
        model=MODEL, system="Be brief.", messages=[{"role": "user", "content": "hello"}],
        tools=[{"name": "look", "description": "Looks.", "input_schema": {"type": "object"}}],
        thinking={"type": "adaptive"},
    )


def structured_messages(url):
    claude(url).messages.parse(
        model=MODEL, max_tokens=100, messages=[{"role": "user", "content": "Count."}],
        output_format=Words,
    )


def structured_chat(url):
    gpt(url).chat.completions.parse(
        model=MODEL, messages=[{"role": "user", "content": "Count."}], response_format=Words,
    )


def structured_responses(url):
    gpt(url).responses.parse(model=MODEL, input="Count.", text_format=Words)


def everything_messages(url):
    """Blocks and fields that agents seldom send."""
    mark = {"type": "ephemeral"}
    claude(url).messages.create(
        model="sim-echo", max_tokens=100, stop_sequences=["END"], metadata={"user_id": "user-1"},
        system=[{"type": "text", "text": "Be brief.", "cache_control": {**mark, "ttl": "1h"}}],
        service_tier="auto", tool_choice={"type": "any", "disable_parallel_tool_use": True},
        tools=[{"name": "look", "description": "Looks.", "strict": True, "cache_control": mark,
                "input_schema": {"type": "object", "properties": {"at": {"type": "string"}},
                                 "required": ["at"], "additionalProperties": False}}],
        messages=[
            {"role": "user", "content": [
                {"type": "text", "text": "Look.", "cache_control": mark},
                {"type": "document", "title": "Notes", "context": "Old notes.",
                 "citations": {"enabled": True},
                 "source": {"type": "text", "media_type": "text/plain", "data": "Nothing."}},
                {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
            ]},
            {"role": "assistant", "content": [
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "a"}},
                {"type": "tool_use", "id": "toolu_2", "name": "look", "input": {}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1"},
                {"type": "tool_result", "tool_use_id": "toolu_2", "is_error": True,
                 "content": [{"type": "text", "text": "no such place"}]},
                {"type": "text", "text": "Try again."},
            ]},
        ],
    )


def custom_chat(url):
    """Tools that take any text, one of them with a grammar, and calls of both kinds."""
    grammar = {"syntax": "lark", "definition": "start: /[\\s\\S]+/"}
    call = {"id": "call_1", "type": "custom", "custom": {"name": "exec", "input": "1 + 1"}}
    named = {"id": "call_2", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    gpt(url).chat.completions.create(
        model="sim-echo", n=1, stop=["END"], temperature=1.5, seed=7, verbosity="low",
        reasoning_effort="low", parallel_tool_calls=False, user="user-1", tool_choice="auto",
        prompt_cache_key="key-1", service_tier="auto",
        tools=[
            {"type": "custom", "custom": {
                "name": "exec", "description": "Runs a program.",
                "format": {"type": "grammar", "grammar": grammar}}},
            {"type": "function", "function": {"name": "look"}},
        ],
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "developer", "content": [{"type": "text", "text": "Use tools."}]},
            {"role": "user", "content": "Go.", "name": "ann"},
            {"role": "assistant", "content": None, "tool_calls": [call, named]},
            {"role": "tool", "tool_call_id": "call_1", "content": "2"},
            {"role": "tool", "tool_call_id": "call_2",
             "content": [{"type": "text", "text": "nothing"}]},
            {"role": "assistant", "content": None, "refusal": "I will not."},
            {"role": "user", "content": [
                {"type": "text", "text": "Why?"},
                {"type": "image_url",
                 "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
            ]},
        ],
    )


def namespaces_responses(url):
    """Tools in groups and tools that take any text, their calls, a failed output and a refusal."""
    grammar = {"type": "grammar", "syntax": "lark", "definition": "start: /[\\s\\S]+/"}
    look = {"type": "function", "name": "look", "strict": False,
            "parameters": {"type": "object", "properties": {}}}
    gpt(url).responses.create(
        model="sim-echo", store=False, instructions="Be brief.", max_output_tokens=1000,
        text={"verbosity": "low"}, reasoning={"effort": "medium", "summary": "auto"},
        include=["reasoning.encrypted_content"], truncation="auto", parallel_tool_calls=True,
        metadata={"team": "a"}, safety_identifier="user-1", prompt_cache_key="key-1",
        tool_choice={"type": "allowed_tools", "mode": "auto",
                     "tools": [{"type": "function", "name": "look"}]},
        tools=[
            look,
            {"type": "custom", "name": "exec", "description": "Runs.", "format": grammar},
            {"type": "namespace", "name": "far", "description": "Far away.", "tools": [look]},
        ],
        input=[
            {"role": "developer", "content": "Use tools."},
            {"role": "user", "content": [{"type": "input_text", "text": "Go."}]},
            {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
             "phase": "commentary", "content": [
                 {"type": "output_text", "text": "I look.", "annotations": [], "logprobs": []}]},
            {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}"},
            {"type": "function_call", "call_id": "call_2", "name": "look", "namespace": "far",
             "arguments": "{}"},
            {"type": "custom_tool_call", "call_id": "call_3", "name": "exec", "input": "1 + 1"},
            {"type": "function_call_output", "call_id": "call_1", "output": "nothing"},
            {"type": "function_call_output", "call_id": "call_2", "output": [
                {"type": "input_text", "text": "see"},
                {"type": "input_image", "image_url": "https://example.com/a.png"}]},
            {"type": "custom_tool_call_output", "call_id": "call_3", "output": "2"},
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "I will not."}]},
            {"role": "user", "content": "Why?"},
        ],
    )


CASES = [
    ("count-tokens", count_tokens),
    ("structured", structured_messages),
    ("structured", structured_chat),
    ("structured", structured_responses),
    ("everything", everything_messages),
    ("custom-tools", custom_chat),
    ("namespaces", namespaces_responses),
    *[("thinking-history", loop(make)) for make in CALLERS],
    *[("media", media(make)) for make in CALLERS],
]
