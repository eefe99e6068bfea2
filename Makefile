# The commands of this project; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run invoke test browser-test docs-test picture smoke sam-local start-api lint check bench budgets bench-import fuzz coverage mutants build channelctl deploy diff secrets logs delete clean

AWS_PORT ?= 4566
HUBSPOT_PORT ?= 4577
API_PORT ?= 3000
ARCHITECTURE ?= arm64
STAGE ?= $(or $(CHANNELCTL_STAGE),dev)
# Read from the environment, so that no shell takes their texts apart.
export ARCHITECTURE EVENT MEASURE PARAMETERS

TARGET := $(or $(CARGO_TARGET_DIR),target)
TOOLS := .local/tools
PYTHON := $(TOOLS)/bin/python
PREPARED := $(TOOLS)/prepared
AUDITED := .local/checks/prepared

help: ## List the commands
	@awk -F':.*## ' '/^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ On this machine
run: $(PREPARED) build-quick ## Set up, then run the whole stack on this machine until Ctrl-C
	@exec $(PYTHON) -m infra.local.stack run --aws-port $(AWS_PORT) --hubspot-port $(HUBSPOT_PORT)

invoke: $(PREPARED) build-quick ## Send a sample event to the local stack: EVENT=known-portal
	@exec $(PYTHON) -m infra.local.invoke

# What Docker lacks is told before minutes go into a build.
CONTAINED := $(PYTHON) -m infra.local.sam_local
start-api: $(PREPARED) ## Keep the webhook's API up, in containers, until Ctrl-C: API_PORT=3000
	@$(CONTAINED) engine $@
	@$(MAKE) --no-print-directory build-quick
	@exec $(CONTAINED) start-api --port $(API_PORT)

clean: ## Remove everything that was fetched or built
	@rm -rf .local target $(FUZZ)/target $(FUZZ)/corpus

##@ Tests and checks
test: check-prerequisites ## Run the tests
	@cargo test --workspace --quiet

smoke: $(PREPARED) build-quick ## Bring the stack up on free ports, check it from outside, take it down
	@exec $(PYTHON) -m infra.local.stack smoke

# Node's modules lie in .local, as all that is fetched.
FETCHED := .local/browser
browser-test: $(PREPARED) build-quick $(FETCHED)/package.json ## Go through the picker page in Chromium, as its user does
	@exec $(PYTHON) -m infra.local.browser_test run

docs-test: $(PREPARED) ## Follow the documents' links, and run their commands as they stand
	@exec $(PYTHON) -m infra.local.docs_test

sam-local: $(PREPARED) ## Send every sample event to the functions in containers, with Docker
	@$(CONTAINED) engine $@
	@$(MAKE) --no-print-directory build-quick
	@exec $(CONTAINED) check

$(FETCHED)/package.json: infra/local/browser/package.json infra/local/browser/package-lock.json | $(PREPARED)
	@$(PYTHON) -m infra.local.browser_test chromium
	@command -v npm >/dev/null || { echo "Missing: npm. Get it with Node.js 20 or newer from https://nodejs.org" >&2; exit 1; }
	@mkdir -p $(@D)
	@cp infra/local/browser/package-lock.json $(@D)/
	@cp infra/local/browser/package.json $(@D)/fetching.json
	@cd $(@D) && mv fetching.json package.json && npm ci --ignore-scripts --no-audit --no-fund --silent || { rm -f package.json; exit 1; }
	@touch $@

# README.md shows it; only this target writes it, so that a test leaves the tree as it is.
PICTURE := infra/local/hubspot-simulator/picker.png
picture: browser-test ## Retake the picture in README.md
	@cp $(FETCHED)/picker.png $(PICTURE)

lint: $(PREPARED) ## Check format, code and template
	@cargo fmt --all --check
	@cargo clippy --workspace --all-targets --quiet -- -D warnings
	@$(TOOLS)/bin/ruff check --quiet infra
	@$(TOOLS)/bin/ruff format --quiet --check infra
	@$(TOOLS)/bin/shellcheck infra/local/check-prerequisites infra/checks/run .ci/run
	@SAM_CLI_TELEMETRY=0 $(TOOLS)/bin/sam validate --lint --region us-east-1 --template infra/template.yaml
	@$(TOOLS)/bin/cfn-lint infra/pipeline-role.yaml

check: $(AUDITED) check-prerequisites ## Audit dependencies, templates, roles and workflows
	@infra/checks/run

##@ Measures
# What a function's own machine would run is built for this one.
HERE := $(subst aarch64,arm64,$(shell uname -m))
# The harness need not be quick itself: counted and timed is the function, as it is deployed.
COLD_START = BOOTSTRAP=$(abspath $(LAMBDA_BUILT))/numbers-webhook/bootstrap cargo test --quiet --workspace --bench cold_start
bench: ## Time cold starts, answers and the hot path: MEASURE="..." records them
	@$(MAKE) --no-print-directory build ARCHITECTURE=$(HERE)
	@$(COLD_START) -- --bench
	@cargo bench --quiet --package numbers-webhook --bench hot_path

budgets: ## Check the functions' sizes and the webhook's instructions against their budgets
	@$(MAKE) --no-print-directory build ARCHITECTURE=$(HERE)
	@$(COLD_START)

bench-import: $(PREPARED) ## Time an import beside boto3's, and measure its memory
	@echo "build       cargo build (optimised; some minutes the first time)"
	@cargo build --quiet --profile tool --package channelctl --bins --examples
	@$(PYTHON) -m infra.local.import_speed $(TARGET)/tool

SECONDS ?= 600
FUZZ := functions/numbers-webhook/fuzz
fuzz: ## Feed the webhook random events: SECONDS=600
	@command -v cargo-fuzz >/dev/null || { echo "Missing: cargo-fuzz. Get it with: cargo install cargo-fuzz" >&2; exit 1; }
	@mkdir -p $(FUZZ)/corpus/event_to_answer
	@cd functions/numbers-webhook && cargo fuzz run --sanitizer none event_to_answer \
		fuzz/corpus/event_to_answer ../../events/numbers-webhook -- -max_total_time=$(SECONDS) -print_final_stats=1

coverage: ## Show how much of what ships the tests reach, and which lines they do not
	@command -v cargo-llvm-cov >/dev/null || { echo "Missing: cargo-llvm-cov. Get it with: cargo install cargo-llvm-cov" >&2; exit 1; }
	@export CARGO_TARGET_DIR="$(CURDIR)/.local/coverage"; eval "$$(cargo llvm-cov show-env --sh)"; \
		cargo llvm-cov clean --workspace && $(MAKE) --no-print-directory test smoke && \
		cargo llvm-cov report --show-missing-lines --ignore-filename-regex '(tests|benches|examples|hubspot-simulator)/'

mutants: ## Change the rules one by one, and check that a test fails for each; takes an hour or two
	@command -v cargo-mutants >/dev/null || { echo "Missing: cargo-mutants. Get it with: cargo install cargo-mutants --locked" >&2; exit 1; }
	@cargo mutants --no-shuffle --output .local

##@ Stages on AWS: STAGE=dev, staging or prod
# The functions' budgets, in millions of bytes zipped; a cold start reads every byte.
NUMBERS_WEBHOOK_MB := 2.3
DEPLOY_HOOK_MB := 3.0
# Without the paths of this machine, the same source makes the same program everywhere.
REMAPPED := --remap-path-prefix=$(CURDIR)=. --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=cargo
LAMBDA_BUILT := $(TARGET)/lambda
LAMBDA_BUILD = PATH="$(CURDIR)/$(TOOLS)/bin:$$PATH" RUSTFLAGS="$(REMAPPED)" cargo lambda build --$(subst _,-,$(ARCHITECTURE))
build: $(PREPARED) ## Build both functions for Lambda: ARCHITECTURE=arm64 or x86_64
	@$(LAMBDA_BUILD) --profile release --package numbers-webhook
	@$(LAMBDA_BUILD) --profile release-small --package deploy-hook
	@$(PYTHON) -m infra.package $(LAMBDA_BUILT)/numbers-webhook/bootstrap target/lambda/numbers-webhook $(NUMBERS_WEBHOOK_MB)
	@$(PYTHON) -m infra.package $(LAMBDA_BUILT)/deploy-hook/bootstrap target/lambda/deploy-hook $(DEPLOY_HOOK_MB)

# BUILT=1 takes functions and channelctl as they were built before, as a pipeline does.
QUICK = $(if $(BUILT),,build-quick)
# SAM as it is pinned comes before one of the machine's own.
CHANNELCTL = PATH="$(CURDIR)/$(TOOLS)/bin:$$PATH" $(TARGET)/$(if $(BUILT),tool,debug)/channelctl --stage "$(STAGE)"
BUILD_BEFORE = $(if $(BUILT),true,$(MAKE) --no-print-directory build)
# Errors in stage, account and configuration show before minutes go into a build.
deploy: $(PREPARED) $(QUICK) ## Build and deploy
	@$(CHANNELCTL) deploy --check
	@$(BUILD_BEFORE)
	@$(CHANNELCTL) deploy $(if $(YES),--yes)

diff: $(PREPARED) $(QUICK) ## Show what a deploy would change, without deploying
	@$(CHANNELCTL) deploy --check
	@$(BUILD_BEFORE)
	@$(CHANNELCTL) diff

secrets: $(QUICK) ## Ask for the client secret and the HubSpot credential, and store them
	@$(CHANNELCTL) secrets set

logs: $(PREPARED) $(QUICK) ## Follow the logs of both functions: SINCE="1h ago"
	@$(CHANNELCTL) logs $(if $(SINCE),--since "$(SINCE)")

delete: $(QUICK) ## Delete a stage's stack, but keep its numbers; asks first
	@$(CHANNELCTL) delete $(if $(YES),--yes)

channelctl: check-prerequisites ## Build channelctl, for everything that is done to a stack
	@echo "build       cargo build (optimised; some minutes the first time)"
	@CHANNELCTL_COMMIT="$$(git describe --always --dirty 2>/dev/null)" cargo build --quiet --profile tool --package channelctl
	@echo "built       $(TARGET)/tool/channelctl; try it with --help"

.PHONY: check-prerequisites build-quick
check-prerequisites:
	@infra/local/check-prerequisites

# The whole workspace, as the tests build it, so that neither builds anything twice.
build-quick: check-prerequisites
	@echo "build       cargo build (quick profile; some minutes the first time)"
	@cargo build --workspace --quiet

$(PREPARED): infra/local/requirements.txt
$(AUDITED): infra/checks/requirements.txt
$(PREPARED) $(AUDITED): | check-prerequisites
	@echo "tools       fetching into $(@D) (about a minute)"
	@rm -rf $(@D)
	@python3 -m venv $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@
