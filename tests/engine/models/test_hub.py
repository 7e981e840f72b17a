"""Weights from a hub: pinned, checked, whole or not at all. The hub is a server on this machine."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

ROOT = Path(__file__).parents[3]
REVISION = "0123456789abcdef0123456789abcdef01234567"
CONTENT = b"weights " * 1000

SCRIPT = """
import json, sys
from dataclasses import replace
from engine.models.card import WeightsFile
from engine.models import hub, zoo
from engine.errors import EngineError
file = WeightsFile(**json.loads(sys.argv[1]))
card = replace(zoo.card("rsrefseg2-large"), weights=(file,))
try:
    print("fetched", (hub.fetch(card) / file.name).stat().st_size)
except EngineError as error:
    print(type(error).__name__, error)
"""


class _Hub(BaseHTTPRequestHandler):
    asked: list[str]

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, with_body: bool) -> None:
        self.asked.append(self.path)
        found = self.path == f"/owner/model/resolve/{REVISION}/weights.bin"
        self.send_response(200 if found else 404)
        body = CONTENT if found else b""
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hashlib.sha256(CONTENT).hexdigest()}"')
        self.send_header("X-Repo-Commit", REVISION)
        if not found:
            self.send_header("X-Error-Code", "EntryNotFound")
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[str]:
    _Hub.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def fetch(hub: str, folder: Path, **changes: object) -> str:
    """What a fresh process says when it fetches one file."""
    file = {
        "name": "weights.bin",
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "repository": "owner/model",
        "revision": REVISION,
        **changes,
    }
    environment = {
        **os.environ,
        "HF_ENDPOINT": hub,
        "HF_HOME": str(folder / "cache"),
        "HF_HUB_DISABLE_XET": "1",
        "SEGMENT_BY_TEXT_MODELS": str(folder / "models"),
        "NO_PROXY": "127.0.0.1",
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(file)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def files(folder: Path) -> list[str]:
    return [path.name for path in (folder / "models/rsrefseg2-large").rglob("*") if path.is_file()]


def test_a_pinned_file_is_fetched_and_checked(hub: str, tmp_path: Path) -> None:
    assert fetch(hub, tmp_path) == f"fetched {len(CONTENT)}"
    assert files(tmp_path) == ["weights.bin"]
    asked = len(_Hub.asked)
    assert fetch(hub, tmp_path).startswith("fetched")
    assert len(_Hub.asked) == asked, "what is there is not asked for again"


def test_another_file_than_the_pinned_one_is_not_kept(hub: str, tmp_path: Path) -> None:
    assert "SHA-256" in fetch(hub, tmp_path, sha256="0" * 64)
    assert files(tmp_path) == []


def test_without_a_pin_nothing_is_asked(hub: str, tmp_path: Path) -> None:
    said = fetch(hub, tmp_path, revision="main")
    assert said.startswith("ModelError")
    assert "owner/model" in said
    assert _Hub.asked == []


def test_a_hub_that_says_no_is_an_error_with_advice(hub: str, tmp_path: Path) -> None:
    said = fetch(hub, tmp_path, name="other.bin")
    assert said.startswith("ModelError")
    assert "put the file into" in said
    assert files(tmp_path) == []
