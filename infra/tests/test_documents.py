"""The documents: their links, and the commands, files and events that they name."""

import re
import shlex
import subprocess

import pytest
from samcli.yamlhelper import yaml_parse

from infra import ROOT
from infra.local.stack import CHANNELCTL

# A changelog names things that are gone.
LISTED = ["git", "ls-files", "*.md", ":!CHANGELOG.md"]
DOCUMENTS = subprocess.run(LISTED, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(params=DOCUMENTS)
def document(request):
    return request.param


def read(document):
    return (ROOT / document).read_text(encoding="utf-8")


def prose(document):
    """Returns a document's text without its blocks of code."""
    return FENCE.sub("", read(document))


def commands(document):
    """Returns the commands of a document's blocks of shell, and its words in code."""
    blocks = [block.replace("\\\n", " ") for kind, block in FENCE.findall(read(document)) if kind == "sh"]
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return lines + [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose(document))]


def anchors(document):
    """Returns the anchors that GitHub gives the headings of a document."""
    headings = re.findall(r"^#+ (.*)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_lead_to_files_and_headings(document):
    links = re.findall(r"\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)", prose(document), re.MULTILINE)
    for link in [inline or named for inline, named in links]:
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        file = ((ROOT / document).parent / path).resolve() if path else ROOT / document
        assert file.exists(), link
        assert not anchor or anchor in anchors(file), link


def test_named_targets_are_in_the_makefile(document):
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    named = {word for command in commands(document) for word in made(command)}
    assert named - targets == set()


def made(command):
    """Returns the targets of a `make` command."""
    _, _, after = f" {command}".partition(" make ")
    words = re.match(r"(?:[\w.=/-]+ ?)*", re.sub(r'\w+="[^"]*"', "", after))[0].split()
    return [word for word in words if re.fullmatch(r"[a-z-]+", word)]


def test_named_files_exist(document):
    path = re.compile(r"(?:infra|functions|events|\.ci|\.github)/[\w./-]+")
    named = [word for command in commands(document) for word in command.split() if path.fullmatch(word)]
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_named_functions_stand_in_their_files(document):
    named = re.findall(r"\]\(([^)]+\.rs)\):? `(?:\w+::)?(\w+)`", read(document))
    folder = (ROOT / document).parent
    missing = [
        f"{path}: {name}"
        for path, name in named
        if not re.search(rf"\b{name}\b", (folder / path).read_text(encoding="utf-8"))
    ]
    assert missing == []


def test_channelctl_knows_the_commands(document):
    for command in [one for one in commands(document) if re.match(r"(target/debug/)?channelctl -", one)]:
        words = shlex.split(re.split(r" [|>]", command)[0].replace("...", "."))
        ran = subprocess.run(
            [CHANNELCTL, *words[1:], "--help"], capture_output=True, text=True, timeout=30, check=False
        )
        assert ran.returncode == 0, f"{command}\n{ran.stderr}"


def test_named_outputs_and_resources_are_in_the_template(document):
    template = yaml_parse(read("infra/template.yaml"))
    # SAM and CodeDeploy make others.
    named = re.findall(r"\$\((output|resource) (\w+)\)", read(document))
    known = {"output": template["Outputs"], "resource": template["Resources"]}
    assert [name for kind, name in named if name not in known[kind]] == []


@pytest.mark.parametrize("function", ["numbers-webhook", "deploy-hook"])
def test_every_sample_event_is_listed(function):
    table = re.search(rf"^\| {function} .*?\n((\|.*\n)+)", read("events/README.md"), re.MULTILINE)[1]
    listed = {name for row in table.splitlines() for name in re.findall(r"`([a-z0-9-]+)`", row.split("|")[1])}
    assert listed == {file.stem for file in (ROOT / "events" / function).glob("*.json")}
