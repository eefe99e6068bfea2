"""The weekly comparison with HubSpot's documents, on copies that are changed and served from here."""

import json
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from infra import contract

SETTINGS = "calling-extensions-2026-03.json"
PATH = "/crm/extensions/calling/2026-03/{appId}/settings/channel-connection"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def published(tmp_path):
    """A server of the copies, where HubSpot would publish them: its folder and its address."""
    for name, path in contract.DOCUMENTS.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes((contract.COPIES / name).read_bytes())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path))
    Thread(target=server.serve_forever, daemon=True).start()
    yield tmp_path, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def add_required(document):
    document["components"]["schemas"]["ChannelConnectionSettingsRequest"]["required"].append("channelName")


def change_credential(document):
    document["paths"][PATH]["post"]["security"] = [{"private_apps": []}]


def drop_method(document):
    del document["paths"][PATH]["patch"]


def reword(document):
    document["paths"][PATH]["get"]["summary"] = "Other words"
    document["paths"]["/crm/extensions/calling/2026-03/another"] = {}


def rewrite(file, change):
    document = json.loads(file.read_text(encoding="utf-8"))
    change(document)
    file.write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "code", "line"),
    [
        pytest.param(partial(rewrite, change=add_required), 3, '"channelName"', id="a new required field"),
        pytest.param(
            partial(rewrite, change=change_credential), 3, '"private_apps"', id="another credential"
        ),
        pytest.param(partial(rewrite, change=drop_method), 3, '-   "patch": {', id="a method that is gone"),
        pytest.param(partial(rewrite, change=reword), 0, "", id="other words and another path"),
        pytest.param(Path.unlink, 3, SETTINGS, id="a withdrawn document"),
        pytest.param(partial(Path.write_text, data="<html>"), 1, SETTINGS, id="an unreadable document"),
    ],
)
def test_changed_contract_is_shown(published, capsys, change, code, line):
    folder, address = published
    change(folder / contract.DOCUMENTS[SETTINGS])
    assert contract.main(address) == code
    printed = capsys.readouterr()
    assert line in (printed.err if code == 1 else printed.out)
