"""The sample numbers, as the stack is brought up with them."""

import csv

from infra import ROOT

SAMPLE_NUMBERS = ROOT / "infra" / "local" / "sample-numbers.csv"


def rows(text):
    """Returns the rows of a CSV file, by the names of its columns."""
    return list(csv.DictReader(text.splitlines()))


def sample_rows():
    """Returns the rows of the sample numbers."""
    return rows(SAMPLE_NUMBERS.read_text(encoding="utf-8"))
