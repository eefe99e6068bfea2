"""Compares an import by channelctl with boto3's batch_writer, over a network of 3 ms.

cargo build --profile tool -p channelctl --bin channelctl --example dynamodb
python -m infra.local.import_speed target/tool
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3

ROWS, PORTALS = 100_000, 1_000
KEYS = {"portalId": ("N", "HASH"), "number": ("S", "RANGE")}


def main(built: Path) -> bool:
    """Measures both, and tells whether channelctl is quick and small enough."""
    with (
        tempfile.NamedTemporaryFile("w+", newline="", suffix=".csv") as file,
        subprocess.Popen([built / "examples" / "dynamodb"], stdout=subprocess.PIPE, text=True) as endpoint,
    ):
        try:
            port = json.loads(endpoint.stdout.readline())["far"]
            os.environ |= {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_REGION": "us-east-1"}
            os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
            dynamodb = boto3.resource("dynamodb", region_name="us-east-1")
            for table in ("boto3", "channelctl"):
                create(dynamodb, table)
            rows = csv.writer(file)
            rows.writerow(["portalId", "number", "friendlyName"])
            rows.writerows([1 + at % PORTALS, f"+4930{10_000_000 + at}", f"Line {at}"] for at in range(ROWS))
            file.flush()
            theirs, _ = timed(lambda: batch_writer(dynamodb.Table("boto3"), file.name))
            ours, peak = timed(lambda: channelctl(built, file.name))
            again, _ = timed(lambda: channelctl(built, file.name))
            same = scan(dynamodb, "boto3") == scan(dynamodb, "channelctl")
        finally:
            endpoint.kill()
    outcome = "the same" if same else "DIFFER"
    print(f"{ROWS:,} rows of {PORTALS:,} portals, each response 3 ms late, tables {outcome}")
    print(f"boto3 batch_writer  {theirs:6.1f} s")
    print(f"channelctl          {ours:6.1f} s, {theirs / ours:.1f} times as fast, peak {peak:.0f} MiB")
    print(f"again, all the same {again:6.1f} s")
    return same and theirs >= 10 * ours and peak < 200


def create(dynamodb, name: str) -> None:
    """Creates a numbers table."""
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": key, "AttributeType": kind} for key, (kind, _) in KEYS.items()
        ],
        KeySchema=[{"AttributeName": key, "KeyType": role} for key, (_, role) in KEYS.items()],
    )


def batch_writer(table, file: str) -> None:
    """Writes the rows as boto3's documentation does."""
    with open(file, newline="", encoding="utf-8") as text, table.batch_writer() as batch:
        for row in csv.DictReader(text):
            batch.put_item(Item=row | {"portalId": int(row["portalId"])})


def channelctl(built: Path, file: str) -> float:
    """Imports the file; returns the program's peak memory in MiB."""
    command = [built / "channelctl", "numbers", "import", file, "--table", "channelctl", "--yes"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"channelctl ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_maxrss / 1024


def scan(dynamodb, table: str) -> set[tuple]:
    """Returns every row but for the time when it was written."""
    pages = dynamodb.meta.client.get_paginator("scan").paginate(TableName=table)
    items = (item for page in pages for item in page["Items"])
    return {(item["portalId"], item["number"], item["friendlyName"]) for item in items}


def timed(work) -> tuple[float, object]:
    """Returns how many seconds something takes, and its result."""
    start = time.monotonic()
    result = work()
    return time.monotonic() - start, result


if __name__ == "__main__":
    sys.exit(not main(Path(sys.argv[1])))
