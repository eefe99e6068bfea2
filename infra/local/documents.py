"""The project's documents, read for what a reader would type or follow."""

import re
from dataclasses import dataclass

from markdown_it import MarkdownIt

from infra import ROOT

DOCUMENTS = (
    *("README.md", "functions/README.md", "events/README.md"),
    *("infra/README.md", "infra/RUNBOOK.md", "infra/COSTS.md"),
    *(".github/CONTRIBUTING.md", ".github/SECURITY.md"),
)
# A source that a document links to, and what it says is decided there.
DECIDED = re.compile(r"\]\(([^)]+\.rs)\):? `(?:\w+::)?(\w+)`")
PROGRAM = re.compile(r"([A-Z]+=\S+ )*((make|channelctl|cargo|aws|sam|gh|lines) |\.ci/run$)")


@dataclass(frozen=True)
class Command:
    """A command as a document has it: a block of shell, one within a sentence, or one with what it prints."""

    document: str
    line: int
    heading: str
    text: str
    printed: str | None = None

    @property
    def first_line(self):
        """How it begins, by which it is known."""
        return self.text.partition("\n")[0].strip()

    def __str__(self):
        """Says where it stands, and how it begins."""
        return f"{self.document}:{self.line} {self.first_line}"


def read(document):
    """Yields the tokens of a document, each with the heading that it stands under."""
    heading = ""
    tokens = MarkdownIt("commonmark").enable("table").parse((ROOT / document).read_text(encoding="utf-8"))
    line = 1
    for before, token in zip([None, *tokens], tokens, strict=False):
        line = token.map[0] + 1 if token.map else line
        if before and before.type == "heading_open":
            heading = token.content
        for one in (token, *(token.children or ())):
            yield heading, line, one


def commands(document):
    """Yields the commands of a document in their order."""
    for heading, line, token in read(document):
        text = token.content
        if token.type == "fence" and token.info == "sh":
            yield Command(document, line, heading, text)
        elif token.type == "fence" and text.startswith("$ "):
            typed, _, printed = text.removeprefix("$ ").partition("\n")
            yield Command(document, line, heading, typed, printed)
        elif token.type == "code_inline" and PROGRAM.match(text):
            yield Command(document, line, heading, " ".join(text.split()))


def broken_links():
    """Returns the links of the documents that lead to no file of this checkout, or to no heading in it."""
    return [
        f"{document}:{line} {token.attrs['href']}"
        for document in DOCUMENTS
        for _, line, token in read(document)
        if token.type == "link_open" and not leads_somewhere(document, token.attrs["href"])
    ]


def missing_names():
    """Returns what the documents say stands in a source, and does not."""
    return [
        f"{document} {path}: {name}"
        for document in DOCUMENTS
        for path, name in DECIDED.findall((ROOT / document).read_text(encoding="utf-8"))
        if not re.search(rf"\b{name}\b", ((ROOT / document).parent / path).read_text(encoding="utf-8"))
    ]


def leads_somewhere(document, link):
    """Tells whether a link has its file and its heading; those to other sites are not asked."""
    if "://" in link:
        return True
    path, _, anchor = link.partition("#")
    file = ((ROOT / document).parent / path).resolve() if path else ROOT / document
    return file.exists() and (not anchor or anchor in anchors(file.relative_to(ROOT.resolve())))


def anchors(document):
    """Returns the anchors that GitHub gives the headings of a document."""
    headings = {heading for heading, _, _ in read(document)}
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
