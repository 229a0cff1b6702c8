# Codex and Claude Code, as scripts/agents/install.sh pins them, and nothing that says where they work:
# that is the pod's. docker build --file deploy/agents.Dockerfile --tag agents:0.1.0 .
FROM node:22.20.0-bookworm-slim
ARG CODEX=0.169.0
ARG CLAUDE=2.1.330
# The agents' native programs bring no certificates, and read code with git and ripgrep.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git ripgrep \
    && rm -rf /var/lib/apt/lists/*
RUN npm install --global --no-audit --no-fund "@openai/codex@${CODEX}" "@anthropic-ai/claude-code@${CLAUDE}"
USER 10001:10001
WORKDIR /work
