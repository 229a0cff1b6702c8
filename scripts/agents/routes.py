#!/usr/bin/env python3
"""Prints the routes that a gateway needs for check.py and the SDKs, as TOML.

    scripts/agents/routes.py PROVIDER

A client can name nothing but a model, so the model's name says in which protocol the provider is
to be called: `sim-echo-via-chat` is `sim-echo`, in Chat Completions.
"""

import sys

PROTOCOLS = ("messages", "chat", "responses")
MODELS = (
    "sim-echo", "sim-think", "sim-tool", "sim-look", "sim-coder-2", "sim-overflow",
    "sim-status-403", "sim-status-429", "sim-status-500", "sim-status-503", "sim-status-529",
)
# In its built-in catalog Codex knows these models, and therefore speaks its second dialect.
LITE_MODELS = {"messages": "gpt-6-sol", "chat": "gpt-6-luna", "responses": "gpt-6.1-terra"}


def via(model, protocol):
    return f"{model}-via-{protocol}"


def main():
    names = [(via(model, to), model, to) for model in MODELS for to in PROTOCOLS]
    names += [(name, "sim-coder-2", to) for to, name in LITE_MODELS.items()]
    for name, model, protocol in names:
        print(
            f'[[route]]\nmodel = "{name}"\ntargets = [{{ provider = "{sys.argv[1]}", '
            f'model = "{model}", protocol = "{protocol}" }}]\n'
        )


if __name__ == "__main__":
    sys.exit(main())
