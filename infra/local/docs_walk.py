"""Who goes through the documents: what is read in which order, what is answered, and what is left out."""

from dataclasses import dataclass

from infra.local.simulated_hubspot import SECRETS

README, EVENTS = "README.md", "events/README.md"
INFRA, RUNBOOK = "infra/README.md", "infra/RUNBOOK.md"


@dataclass(frozen=True)
class Section:
    """The commands under one heading, and what its reader has done before.

    A command that names no stage is often a mention only: it is run once, unless it is to be run `again`.
    """

    document: str
    heading: str
    before: tuple = ()
    again: bool = False


# In the order in which somebody needs them, which is not always that of the pages.
WALK = (
    Section(README, "Try it"),
    Section(INFRA, "A rehearsal"),
    Section(README, "Deploy", again=True),
    Section(
        README,
        "Load the numbers",
        before=(
            "printf '%s\\n' 'Portal ID,Phone,Label' '62515,+18001231234,Sales' '62515,1.80012E+10,Support'"
            " '62516,+18001231236,Sales' > customers.csv",
        ),
    ),
    Section(README, "Release"),
    Section(EVENTS, "Sample events"),
    Section(INFRA, "channelctl"),
    Section(INFRA, "The picker page"),
    Section(INFRA, "Stages"),
    Section(RUNBOOK, "Add a stage"),
    Section(RUNBOOK, "Move to another version of HubSpot's API"),
    Section(
        RUNBOOK,
        "Runbook",
        before=(
            # The simulated HubSpot has one app: what one stage gives up, another can have.
            "make delete STAGE=staging",
            "make deploy STAGE=prod",
            "make secrets STAGE=prod",
            "make deploy STAGE=prod",
            "channelctl --stage prod numbers import infra/local/sample-numbers.csv --yes",
        ),
    ),
    Section(RUNBOOK, "Alarms"),
    Section(INFRA, "Who did what", before=("LOGS=$(output DeployHookLogs)",)),
    Section(RUNBOOK, "Rotate the client secret"),
    Section(RUNBOOK, "Rotate the HubSpot credential"),
    Section(
        RUNBOOK,
        "Move to a name of your own",
        before=(
            "aws apigatewayv2 create-domain-name --domain-name numbers.example.com"
            " --domain-name-configurations CertificateArn=arn:aws:acm:us-east-1:000000000000:certificate/1",
        ),
    ),
    Section(RUNBOOK, "Restore a portal, or the table"),
    Section(RUNBOOK, "Take the app back in an emergency"),
    Section(RUNBOOK, "A stack in UPDATE_ROLLBACK_FAILED"),
    Section(INFRA, "The pipeline"),
    Section(RUNBOOK, "Take a newer version of this project"),
    Section(RUNBOOK, "A stack that cannot be deleted", before=("make deploy STAGE=staging",)),
    Section(RUNBOOK, "Uninstall"),
)

# What is typed, by a part of what asks for it.
ANSWERS = {
    "Client secret (HubSpot": SECRETS["HUBSPOT_CLIENT_SECRET"],
    "Once more:": SECRETS["HUBSPOT_CLIENT_SECRET"],
    "HubSpot credential (": "1",
    "developerApiKey:": SECRETS["HUBSPOT_DEVELOPER_API_KEY"],
    "key: ": SECRETS["HUBSPOT_DEVELOPER_API_KEY"],
    "Number, like": "+18001231299",
    "[y/N]": "y",
    "Type prod to delete it:": "prod",
}

# What a reader puts in place of an example's; $HUBSPOT is the simulated one's address.
MEANT = {
    "customers.csv": ".local/docs-test/customers.csv",
    "backup.json": ".local/docs-test/backup.json",
    "https://api.hubapi.com": "$HUBSPOT",
}

# What goes on until Ctrl-C, and what it prints when it is up.
FOLLOWED = {
    "make logs": "Ctrl-C ends",
    "make logs STAGE=prod": "Ctrl-C ends",
    "make picker STAGE=dev": "Ctrl-C ends",
}

# Commands that are not run here, by their first line, and why.
LEFT_OUT = {
    "make run": "it is up in the other terminal",
    "make run AWS_PORT=4576 HUBSPOT_PORT=4587": "it is up in the other terminal, on free ports",
    "make docs-test": "this runs in it",
    ".ci/run": "this runs in it",
    "make test": ".ci/run has it, with more sequences",
    "make lint check smoke": ".ci/run has each of them",
    "cargo test --workspace --test cli": "a part of make test",
    "SEQUENCES=10000 cargo test --workspace --test rules": "a part of make test, as .ci/run has it",
    "SEQUENCES=50 SEED=1 cargo test --workspace --test rules": "a part of make test",
    "cargo test --workspace --test webhook one_line": "a part of make test",
    "cargo test --workspace --lib lambda_carries": "a part of make test",
    "make build": "make budgets builds both functions so",
    "make deploy ARCHITECTURE=x86_64": "a rehearsal has this machine's processor",
    "make channelctl": "the same build, optimised, for minutes; the pipeline runs it",
    "make bench": "it measures, for minutes",
    'make bench MEASURE="its name"': "it measures, and writes into the chart",
    "make bench-import": "it measures, for minutes",
    "make fuzz": "it goes on for ten minutes, and needs a nightly compiler",
    "make mutants": "it takes an hour or two",
    "make coverage": "it builds everything once more",
    "make picture": "it writes the picture that README.md shows",
    "make start-api": "it needs Docker, as make sam-local",
    "sam deploy": "it names what make deploy runs",
    "sam local invoke": "it names what make sam-local runs",
    "cargo build --release": "it names how the chart's oldest states were built",
    "aws sso login": "the local AWS has nobody to sign in",
    r"""gh api repos/OWNER/NAME --jq '"\(.owner.login)@\(.owner.id)/\(.name)@\(.id)"'""": "it asks GitHub",
    'ID=$(aws deploy list-deployments --application-name "$STACK" --output text --max-items 1 \\': (
        "the local AWS has no CodeDeploy"
    ),
    'aws dynamodb list-backups --backup-type SYSTEM --table-name "$TABLE" \\': (
        "the local AWS keeps no backup of a deleted table"
    ),
    "aws cloudformation deploy --template-file infra/pipeline-role.yaml --capabilities CAPABILITY_IAM \\": (
        "the local AWS has no OpenID Connect providers"
    ),
    'aws cloudformation continue-update-rollback --stack-name "$STACK"': (
        "it needs a stack in UPDATE_ROLLBACK_FAILED"
    ),
    'read -rsp "client secret: " HUBSPOT_CLIENT_SECRET; export HUBSPOT_CLIENT_SECRET': (
        "make picker runs the same, with a real URL"
    ),
}
