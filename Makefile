# The two commands of the README are `make demo` and `make test`; each does its own set-up.
# `make help` lists the rest. CI runs `.ci/run`, which calls these targets.

PROFILE ?= dev
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
# Where cargo puts each profile.
BUILT := $(TARGET_DIR)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
CACHE := $(or $(TOLLHOUSE_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/tollhouse)

# Where pages are pictured as a browser was shown them, if that can be written to: never in the repository.
PICTURES := $(abspath $(or $(TOLLHOUSE_E2E_PICTURES),$(CACHE)/pictures))

export PATH := $(CACHE)/tools/bin:$(PATH)

# What the build of the dashboard writes, and what it is made of.
DASHBOARD := web/dist/index.html
DASHBOARD_SOURCES := $(shell find web/src web/public -type f) web/index.html web/vite.config.ts web/package-lock.json

.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help build demo test test-rust test-doc test-readme check fmt lint docs deny advisories agents sso web e2e bench fuzz deploy-check

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | while IFS='	' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

build: ## the optimized binary, in target/release
	@scripts/setup.sh build
	cargo build --release --locked

demo: ## gateway, simulated provider and a key, with what to paste; ends with Ctrl-C
	@scripts/setup.sh build
	@$(MAKE) --no-print-directory $(DASHBOARD) || echo 'without its dashboard: it could not be built' >&2
	@cargo build --profile $(PROFILE) --locked
	@exec $(BUILT)/tollhouse demo $(ARGS)

test: ## every test: Rust on SQLite and PostgreSQL, documentation, README
	@scripts/setup.sh build test
	@$(MAKE) --no-print-directory test-rust test-doc test-readme

test-rust:
	scripts/with-postgres.sh cargo nextest run --workspace --locked $(ARGS)

test-doc:
	cargo test --workspace --doc --locked --quiet

test-readme:
	@cargo build --locked --quiet
	scripts/test-docs.py
	scripts/test-readme.py $(TARGET_DIR)/debug/tollhouse
	scripts/with-postgres.sh scripts/test-operations.py $(TARGET_DIR)/debug/tollhouse

check: fmt lint deny docs ## formatting, clippy, dependency policy, rustdoc; warnings are errors

fmt: # formatting
	cargo fmt --all --check

lint: # clippy
	@scripts/setup.sh lint
	cargo clippy --workspace --all-targets --locked -- -D warnings

# The private items are what contributors read, so links to them are meant.
docs: # rustdoc
	@scripts/setup.sh build
	RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" cargo doc --workspace --no-deps --document-private-items --locked

deny: # dependency policy
	@scripts/setup.sh deny
	cargo deny --locked check bans licenses sources
	@echo 'not checked here: security advisories, which need the Internet (make advisories)'

advisories: ## known vulnerabilities in dependencies; needs the Internet
	@scripts/setup.sh deny
	cargo deny --locked check advisories

agents: ## real Claude Code, Codex and OpenCode through the gateway; takes them from npm
	@scripts/setup.sh build agents
	@cargo build --locked
	scripts/agents.sh $(TARGET_DIR)/debug/tollhouse $(ARGS)

sso: ## signing in at a real OpenID Connect server; takes it from npm
	@scripts/setup.sh build sso
	scripts/sso/provider.py
	@cargo build --locked
	scripts/sso/gateway.py $(TARGET_DIR)/debug/tollhouse

web: ## the dashboard: checked, tested and built, to be embedded by the next build; takes its tools from npm
	@scripts/setup.sh web
	cd web && npm run --silent check
	@$(MAKE) --no-print-directory $(DASHBOARD)
	cd web && npm run --silent test

$(DASHBOARD): $(DASHBOARD_SOURCES)
	@scripts/setup.sh web
	@cd web && npm run --silent build

e2e: web ## the dashboard in a real browser, on a real gateway with SQLite and with PostgreSQL
	@scripts/setup.sh build test e2e
	@cargo build --locked --quiet
	cd web && TOLLHOUSE_E2E_PICTURES="$$(mkdir -p '$(PICTURES)' 2>/dev/null && echo '$(PICTURES)')" TOLLHOUSE_BIN=$(abspath $(TARGET_DIR))/debug/tollhouse npm run --silent e2e
	cd web && TOLLHOUSE_BIN=$(abspath $(TARGET_DIR))/debug/tollhouse ../scripts/with-postgres.sh npm run --silent e2e
	@echo 'pictures of the pages, in both themes and on a phone: $(PICTURES)'

deploy-check: ## the manifests and images of deploy/, and the sample run on this machine; takes its tools from PyPI
	@scripts/setup.sh build deploy
	@cargo build --locked --quiet
	@cargo build --locked --quiet -p tollhouse-sim --example sim
	scripts/deploy.sh $(TARGET_DIR)/debug/tollhouse

bench: ## the gateway against a bare pass-through (ARGS=--quick, ARGS=--litellm, ...)
	@scripts/setup.sh build
	scripts/bench.sh $(ARGS)

fuzz: ## each fuzz target for SECONDS (20)
	@scripts/setup.sh build fuzz
	scripts/fuzz.sh $(or $(SECONDS),20)
