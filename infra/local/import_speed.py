"""How fast channelctl imports, beside boto3's batch_writer with the same rows, in one run.

    python -m infra.local.import_speed FOLDER

FOLDER has the optimised builds of channelctl and of its example dynamodb: an endpoint in a process of
its own, which both write to. It does one write at a time, so that near it channelctl waits for it; with
a network in between, it waits for nobody.
"""

import csv
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import boto3

from infra.local import numbers_table
from infra.local.local_aws import leave_users_account

ROWS, PORTALS = 100_000, 1_000


def main(folder):
    """Measures, and prints it; fails where it is not ten times as fast, or takes too much memory."""
    built = Path(folder)
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary, "rows.csv")
        write_rows(file, ROWS)
        print(f"{ROWS:,} rows of {PORTALS:,} portals into dynoxide, a DynamoDB endpoint on this machine")
        compare(built, file, "near", "at once")
        times, peak = compare(built, file, "far", "3 ms later, as over a network")
    return 0 if times >= 10 and peak < 200 else 1


def compare(built, file, port, described):
    """Imports the rows in both ways; returns how many times as fast ours is, and its peak memory in MiB."""
    with endpoint(built, port) as (process, client):
        theirs, _ = timed(lambda: batch_writer(file))
        before = worked(process)
        ours, peak = timed(lambda: channelctl(built, file))
        busy = worked(process) - before
        again, _ = timed(lambda: channelctl(built, file))
        if rows(client, "boto3") != rows(client, "channelctl"):
            raise SystemExit("The two tables differ.")
    print(f"answering {described}")
    print(f"  boto3 batch_writer {theirs:6.1f} s")
    print(f"  channelctl         {ours:6.1f} s, {theirs / ours:.1f} times as fast, within {peak:.1f} MiB")
    print(f"  the endpoint       {busy:6.1f} s of that at work")
    print(f"  the same again     {again:6.1f} s, nothing to write", flush=True)
    return theirs / ours, peak


@contextmanager
def endpoint(built, port):
    """Keeps a DynamoDB endpoint with two empty tables up, and yields its process and a client."""
    process = subprocess.Popen([built / "examples" / "dynamodb"], stdout=subprocess.PIPE, text=True)
    try:
        leave_users_account(f"http://127.0.0.1:{json.loads(process.stdout.readline())[port]}")
        client = boto3.client("dynamodb")
        for name in ("boto3", "channelctl"):
            numbers_table.create(client, name)
        yield process, client
    finally:
        process.kill()
        process.wait()


def worked(process):
    """Returns how many seconds a process has kept a processor busy, as Linux counts it."""
    fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def write_rows(file, count):
    """Writes a file of numbers of Germany, whose numbers may have many lengths."""
    with open(file, "w", newline="", encoding="utf-8") as text:
        writer = csv.writer(text)
        writer.writerow(["portalId", "number", "friendlyName"])
        writer.writerows([1 + at % PORTALS, f"+4930{10_000_000 + at}", f"Line {at}"] for at in range(count))


def batch_writer(file):
    """Writes the rows as boto3's own documentation does."""
    table = boto3.resource("dynamodb").Table("boto3")
    with open(file, newline="", encoding="utf-8") as text, table.batch_writer() as batch:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        for row in csv.DictReader(text):
            batch.put_item(Item=row | {"portalId": int(row["portalId"]), "updatedAt": now})


def channelctl(built, file):
    """Imports the file, and returns the most memory that Linux saw the program take, in MiB."""
    command = [built / "channelctl", "numbers", "import", file, "--table", "channelctl", "--yes"]
    peak = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
            peak = max([peak, *(int(kib) for kib in re.findall(r"VmHWM:\s+(\d+) kB", status))])
            time.sleep(0.01)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return peak / 1024


def rows(client, table):
    """Returns every row but for the time it was written."""
    pages = client.get_paginator("scan").paginate(TableName=table)
    return {
        (item["portalId"]["N"], item["number"]["S"], item["friendlyName"]["S"])
        for page in pages
        for item in page["Items"]
    }


def timed(work):
    """Returns how many seconds something takes, and what it returns."""
    start = time.monotonic()
    result = work()
    return time.monotonic() - start, result


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
