"""How fast channelctl imports, beside boto3's batch_writer with the same rows, in one run.

    python -m infra.local.import_speed FOLDER

FOLDER has the optimised builds of channelctl and of its example dynamodb: an endpoint in a process of
its own, which both write to. It does one write at a time, so that near it channelctl waits for it; with
a network in between, it waits for nobody. Memory is measured with a file ten times as long, only checked.
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
    """Measures, and prints it; fails where it is not five times as fast, or takes too much memory."""
    built = Path(folder)
    with tempfile.TemporaryDirectory() as temporary:
        file, longer = Path(temporary, "rows.csv"), Path(temporary, "longer.csv")
        write_rows(file, ROWS)
        write_rows(longer, ROWS * 10)
        print(f"{ROWS:,} rows of {PORTALS:,} portals into dynoxide, a DynamoDB endpoint on this machine")
        compare(built, file, "near", "at once")
        far = compare(built, file, "far", "3 ms later, as over a network")
        with endpoint(built, "near"):
            peak = peak_memory(command(built, longer, "channelctl", "--dry-run"))
    print(f"peak memory          {peak:6.1f} MiB, of {ROWS * 10:,} rows checked and compared")
    return 0 if far > 5 and peak < 64 else 1


def compare(built, file, port, described):
    """Imports the rows in both ways into tables of one endpoint; returns how many times as fast ours is."""
    with endpoint(built, port) as (process, client):
        theirs = timed(lambda: batch_writer(file))
        before = worked(process)
        ours = timed(lambda: channelctl(built, file, "channelctl", "--yes"))
        busy = worked(process) - before
        again = timed(lambda: channelctl(built, file, "channelctl", "--yes"))
        if rows(client, "boto3") != rows(client, "channelctl"):
            raise SystemExit("The two tables differ.")
    print(f"answering {described}")
    print(f"  boto3 batch_writer {theirs:6.1f} s")
    print(f"  channelctl         {ours:6.1f} s, {theirs / ours:.1f} times as fast")
    print(f"  the endpoint       {busy:6.1f} s of that at work")
    print(f"  the same again     {again:6.1f} s, nothing to write", flush=True)
    return theirs / ours


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


def command(built, file, table, *options):
    """Returns the command that imports the file."""
    return [built / "channelctl", "numbers", "import", file, "--table", table, *options]


def channelctl(*arguments):
    """Imports the file."""
    subprocess.run(command(*arguments), check=True, capture_output=True)


def peak_memory(command):
    """Runs a command, and returns the most memory that Linux saw it take, in MiB."""
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
    """Returns how many seconds something takes."""
    start = time.monotonic()
    work()
    return time.monotonic() - start


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
