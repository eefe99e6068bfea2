"""The checks are worth something: each fault that is seeded into the template makes one of them fail."""

import subprocess
import sys
import tempfile
from pathlib import Path

TEMPLATE = Path(__file__).resolve().parents[1] / "template.yaml"
BIN = Path(sys.executable).parent
LEAST_PRIVILEGE = [sys.executable, "-m", "infra.checks.least_privilege"]
RETENTION = [sys.executable, "-m", "infra.checks.retention"]
CHECKOV = [
    str(BIN / "checkov"),
    "--skip-download",
    "--quiet",
    "--compact",
    "--framework",
    "cloudformation",
    "-f",
]
QUERY = "                Action: dynamodb:Query\n"
READ = "                Action: secretsmanager:GetSecretValue\n                Resource: !If"
BILLING = "      BillingMode: PAY_PER_REQUEST\n"
EVERYBODYS = """      ResourcePolicy:
        PolicyDocument:
          Statement: [{Effect: Allow, Principal: "*", Action: dynamodb:Query, Resource: "*"}]
"""
# What is seeded: its name, a text of the template, what stands in its place, and the check that must fail.
FAULTS = (
    ("a wildcard action", QUERY, QUERY.replace("Query", '"*"'), LEAST_PRIVILEGE),
    ("a wildcard resource", "Resource: !GetAtt NumbersTable.Arn", 'Resource: "*"', LEAST_PRIVILEGE),
    ("an action that nobody calls", QUERY, QUERY.replace("Query", "Scan"), LEAST_PRIVILEGE),
    ("an action that is not granted", READ, READ.replace("Get", "Put"), LEAST_PRIVILEGE),
    ("a table for everybody", BILLING, BILLING + EVERYBODYS, LEAST_PRIVILEGE),
    (
        "a webhook that everybody may invoke",
        "Principal: apigateway.amazonaws.com",
        'Principal: "*"',
        LEAST_PRIVILEGE,
    ),
    ("logs without an end", "      RetentionInDays: !Ref LogRetentionDays\n", "", RETENTION),
    ("a log group that nobody declares", "        LogGroup: !Ref DeployHookLogs\n", "", RETENTION),
    (
        "a table without backups",
        "PointInTimeRecoveryEnabled: true",
        "PointInTimeRecoveryEnabled: false",
        CHECKOV,
    ),
    ("an API without an access log", "      AccessLogSettings:", "      RouteSettings:", CHECKOV),
)


def main():
    """Seeds each fault into a copy of the template, and prints whether it was found."""
    found = [report(*fault) for fault in FAULTS]
    return 0 if all(found) else 1


def report(name, text, replacement, check):
    """Seeds one fault."""
    template = TEMPLATE.read_text(encoding="utf-8")
    seeded = template.replace(text, replacement)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "template.yaml"
        copy.write_text(seeded, encoding="utf-8")
        failed = subprocess.run([*check, str(copy)], capture_output=True, check=False).returncode != 0
    found = seeded != template and failed
    print(f"{'found ' if found else 'MISSED'} {name}", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
