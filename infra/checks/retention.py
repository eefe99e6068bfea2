"""Every function logs into a group that the template declares, and every group has an end.

python -m infra.checks.retention [TEMPLATE]
"""

import sys
from pathlib import Path

from infra import ROOT
from infra.checks.template import of_type, read, report


def main(path=ROOT / "infra" / "template.yaml"):
    """Prints every departure, and returns the exit code."""
    template = read(Path(path))
    departures = [
        f"{group}: its lines are kept for ever"
        for group, properties in of_type(template, "AWS::Logs::LogGroup")
        if "RetentionInDays" not in properties
    ]
    departures += [
        f"{function}: it logs into a group that nobody declares"
        for function, properties in of_type(template, "AWS::Serverless::Function")
        if "LogGroup" not in properties.get("LoggingConfig", {})
    ]
    return report(departures)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
