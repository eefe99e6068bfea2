"""A release, deployed by somebody who has its files and nothing else: no Rust, no compiler, no checkout."""

import json
import os
import pty
import select
import shutil
import subprocess
import termios
import threading
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from infra import QUICK_BUILDS, release
from infra.local.local_aws import architecture
from infra.local.progress import wait_until
from infra.local.simulated_hubspot import APP_ID, CLIENT_SECRET, CREDENTIAL, SECRETS
from infra.local.stack import CHANNELCTL, PORTAL, SAMPLE_NUMBERS, USER
from infra.package import FUNCTIONS, package
from infra.tests.test_operator import STACK, state

FUNCTION = f"numbers-webhook-{architecture()}.zip"
# The stack with the bucket that SAM uploads to.
SAMS_STACK = "aws-sam-cli-managed-default"
# Nothing listens there.
NOWHERE = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_REGION": "us-east-1"}


def make(folder, version, tail=b""):
    """Makes a release of the quick builds, as `make release` does of the optimised ones."""
    for function in FUNCTIONS:
        built = package(QUICK_BUILDS / function, folder, tail, level=1)
        built.rename(folder / f"{function}-{architecture()}.zip")
    release.complete(folder, version)
    return folder


@pytest.fixture(scope="module")
def releases(tmp_path_factory):
    """Two releases; the second one has other functions."""
    folder = tmp_path_factory.mktemp("releases") / "download"
    return [make(folder / name, name, tail=tail) for name, tail in (("v1.0.0", b""), ("v1.1.0", b"\n"))]


@pytest.fixture
def machine(tmp_path):
    """Runs channelctl where nothing else is on the PATH, in an empty directory."""
    programs, home = tmp_path / "bin", tmp_path / "home"
    programs.mkdir()
    home.mkdir()
    (programs / "channelctl").symlink_to(CHANNELCTL)
    assert not any(shutil.which(one, path=programs) for one in ("cargo", "rustc", "cc", "git", "sam"))

    def channelctl(*arguments, env, typed=""):
        ran = subprocess.run(
            [programs / "channelctl", *map(str, arguments)],
            cwd=home,
            env={"PATH": str(programs), "HOME": str(home)}
            | {name: value for name, value in env.items() if name.startswith(("AWS_", "CHANNELCTL_"))},
            input=typed,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return ran.returncode, ran.stdout + ran.stderr

    channelctl.home, channelctl.programs = home, programs
    return channelctl


@pytest.fixture
def stage(stack, machine):
    """Runs channelctl for the stage dev on the local AWS, which must succeed unless a code is given."""
    # The simulated HubSpot has one app, and an app one URL.
    assert stack.channelctl("unregister", "--yes").returncode == 0

    def run(*arguments, code=0, typed=""):
        status, printed = machine("--stage", "dev", *arguments, env=stack.aws.env, typed=typed)
        assert status == code, f"{arguments}: {printed}"
        return printed

    run.programs, run.home = machine.programs, machine.home
    run.local = [
        *("--architecture", architecture()),
        *("--parameter", f"HubSpotApiUrl={stack.hubspot.url}/", "--parameter", "AllowLocalUrls=true"),
    ]
    yield run
    if state(stack) is not None:
        run("delete", "--yes")


def outputs(stack):
    described = stack.aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}


def uploaded(stack):
    """Returns what lies in the account's buckets."""
    s3 = stack.aws.client("s3")
    return [
        (bucket["Name"], one["Key"], one["LastModified"])
        for bucket in s3.list_buckets()["Buckets"]
        for one in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", [])
    ]


def echoes(terminal):
    return termios.tcgetattr(terminal)[3] & termios.ECHO


def typed(stage, stack, answers, *arguments):
    """Runs channelctl in a terminal, and types each answer when its question shows."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(stage.home)
        program = str(stage.programs / "channelctl")
        own = {"PATH": str(stage.programs), "HOME": str(stage.home), "NO_COLOR": "1"}
        os.execve(program, [program, "--stage", "dev", *map(str, arguments)], stack.aws.env | own)
    printed, asked = "", ""
    with suppress(OSError):  # Linux's word for the end.
        while select.select([terminal], [], [], 60)[0]:
            part = os.read(terminal, 65536).decode(errors="replace")
            printed, asked = printed + part, asked + part
            if answers and answers[0][0] in asked:
                _, answer = answers.pop(0)
                if answer in SECRETS.values():
                    # The question shows before the echo is off.
                    wait_until(lambda: not echoes(terminal), "nothing is echoed")
                os.write(terminal, f"{answer}\n".encode())
                asked = ""
    # Ends whatever still waits for an answer.
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, printed
    assert answers == [], printed
    return printed


def check_installed(stack, stage, folder):
    """Goes from a deployed release to an answered call of HubSpot's."""
    stage("numbers", "import", SAMPLE_NUMBERS, "--yes")
    stage("doctor")
    stage("release", "--yes")
    assert outputs(stack)["Version"] == folder.name
    assert stack.hubspot.current() == (outputs(stack)["WebhookUrl"], True)
    assert stack.hubspot.call(PORTAL, USER)["response"]["status"] == 200
    assert f'version="{release.version()[1:]}"' in "\n".join(stack.aws.log_lines())


class Callers:
    """HubSpot, calling and being asked for its settings until the end."""

    def __init__(self, hubspot):
        self.hubspot, self.statuses, self.seen = hubspot, [], set()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.call)

    def call(self):
        while not self.ended.is_set():
            self.statuses.append(self.hubspot.call(PORTAL, USER)["response"]["status"])
            self.seen.add(self.hubspot.current())

    def __enter__(self):
        self.thread.start()
        wait_until(lambda: len(self.statuses) > 1, "HubSpot calls")
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


def test_release_is_installed_without_a_terminal(stack, stage, releases):
    deploy = ("deploy", "--version", releases[0], *stage.local, "--parameter", f"AppId={APP_ID}")
    printed = stage(*deploy)
    assert "next         channelctl --stage dev secrets set" in printed, printed
    stage("secrets", "set", typed=json.dumps(CLIENT_SECRET | {"hubSpotCredential": CREDENTIAL}))
    stage(*deploy)
    check_installed(stack, stage, releases[0])


def test_release_is_installed_upgraded_and_downgraded(stack, stage, releases):
    first, second = releases
    answers = [
        ("Id of your calling app in HubSpot: ", APP_ID),
        ("AWS profile: ", ""),
        ("AWS region [us-east-1]: ", ""),
        ("Client secret", CLIENT_SECRET["clientSecret"]),
        ("Once more: ", CLIENT_SECRET["clientSecret"]),
        ("HubSpot credential", "1"),
        ("Developer API key: ", CREDENTIAL["developerApiKey"]),
    ]
    stack.aws.client("cloudformation").delete_stack(StackName=SAMS_STACK)
    printed = typed(stage, stack, answers, "deploy", "--version", first, *stage.local)
    assert f"creating the stack {SAMS_STACK}" in printed, printed
    assert "isReady      false" in printed, printed
    assert not [secret for secret in SECRETS.values() if secret in printed]
    check_installed(stack, stage, first)
    current = stack.hubspot.current()
    with Callers(stack.hubspot) as callers:
        changes = stage("diff", "--version", second, *stage.local)
        assert "* Modify   NumbersWebhookFunction" in changes
        assert outputs(stack)["Version"] == "v1.0.0"
        stage("deploy", "--version", second, *stage.local)
        assert outputs(stack)["Version"] == "v1.1.0"
        before = uploaded(stack)
        refused = stage("deploy", "--version", first, *stage.local, code=6)
        assert "has v1.1.0, which is newer than v1.0.0. Nothing was uploaded" in refused
        assert uploaded(stack) == before
        stage("deploy", "--version", first, "--downgrade", *stage.local)
        assert outputs(stack)["Version"] == "v1.0.0"
    assert set(callers.statuses) == {200}
    assert callers.seen == {current}


def tamper(folder):
    with (folder / FUNCTION).open("ab") as file:
        file.write(b"\n")


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (tamper, f"{FUNCTION} is not what SHA256SUMS says"),
        (lambda folder: (folder / FUNCTION).unlink(), f"cannot read {FUNCTION}: No such file"),
        (lambda folder: (folder / "SHA256SUMS").unlink(), "Cannot read SHA256SUMS"),
    ],
    ids=["tampered zip", "missing file", "no sums"],
)
def test_damaged_release_is_refused_before_aws_is_called(machine, releases, tmp_path, damage, sentence):
    folder = tmp_path / "release"
    shutil.copytree(releases[0], folder)
    damage(folder)
    deploy = ("--stack", "calls", "deploy", "--version", folder, "--architecture", architecture())
    status, printed = machine(*deploy, env=NOWHERE)
    assert (status, sentence in printed) == (5, True), printed


@pytest.fixture
def website(releases):
    """Serves the releases as GitHub does, and returns their address."""
    handler = partial(SimpleHTTPRequestHandler, directory=releases[0].parents[1])
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("version", "error"),
    [("v1.0.0", ""), ("v9.9.9", "/download/v9.9.9/SHA256SUMS: there is no such file")],
)
def test_version_is_downloaded(stack, machine, website, version, error):
    deploy = ("--stack", "calls", "deploy", "--check", "--version", version, "--architecture", architecture())
    status, printed = machine(*deploy, env=stack.aws.env | {"CHANNELCTL_RELEASES": website})
    assert (status != 0, error in printed) == (bool(error), True), printed
    assert (machine.home / f"channel-connection-{version}" / FUNCTION).exists() != bool(error)
