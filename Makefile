.DEFAULT_GOAL := help
.PHONY: help run test setup check train evaluate bench chat lint locks

help: ## Show every command
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

run: ## Set everything up and start it: web chat at http://127.0.0.1:8080
	@bash scripts/bootstrap.sh app
	@exec .venv/bin/nirtatap serve

test: ## Set everything up, then lint, types, guards and all tests
	@bash scripts/bootstrap.sh dev
	@bash scripts/browser.sh
	@$(MAKE) --no-print-directory lint
	@.venv/bin/nirtatap train --if-changed
	@.venv/bin/python -m pytest

setup: ## Set up both environments with the development tools
	@bash scripts/bootstrap.sh dev

lint: ## Ruff, formatting and mypy (strict)
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy

check: ## What a trainer or editor runs before a commit: catalogue and training data
	@.venv/bin/nirtatap catalogue check service_catalog/cities/*.yml
	@.venv/bin/nirtatap check-data

train: ## Train a candidate model; `nirtatap promote` makes it live
	@bash scripts/bootstrap.sh app
	@.venv/bin/nirtatap train

evaluate: ## Measure a model on nlu/evaluation, against the live one
	@.venv/bin/nirtatap evaluate

chat: ## Talk to the bot in the terminal
	@bash scripts/bootstrap.sh app
	@.venv/bin/nirtatap chat

bench: ## Speed and memory beside stock Rasa, written to build/bench
	@.venv/bin/nirtatap bench

locks: ## Renew the hashed locks in requirements/ (needs uv)
	@bash scripts/renew_locks.sh
