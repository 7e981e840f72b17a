"""Serves XYZ tiles whose every pixel says where it lies, and tiles with faults."""

from __future__ import annotations

import functools
import random
import struct
import threading
import time
import uuid
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SIDE = 256


@functools.cache
def paint(blue: int, opacity: int = 255) -> bytes:
    """A PNG: red is the column within the tile, green the row, blue tells tiles apart."""
    return png(
        b"".join(bytes((col, row, blue, opacity)) for col in range(SIDE)) for row in range(SIDE)
    )


def png(rows: Iterable[bytes]) -> bytes:
    """A PNG of rows of RGBA."""
    lines = list(rows)
    header = struct.pack(">IIBBBBB", len(lines[0]) // 4, len(lines), 8, 6, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + line for line in lines))
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def tile_colour(x: int, y: int) -> int:
    """The blue of a tile."""
    return 40 + 50 * (x % 2) + 100 * (y % 2)


class TileServer(ThreadingHTTPServer):
    """Its faults: what happens to the tile `(x, y)`. A "slow" one waits until `go_on` is set.

    Where it has a `chance`, answers come in any order.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        # QGIS keeps tiles on the disk by their address, and ports come again.
        self.name = uuid.uuid4().hex
        self.chance: random.Random | None = None
        self.faults: dict[tuple[int, int], str] = {}
        self.asked: list[tuple[int, int, int]] = []
        self.waiting = threading.Event()
        self.go_on = threading.Event()

    @property
    def uri(self) -> str:
        """The source of a `wms` layer."""
        url = f"http://127.0.0.1:{self.server_address[1]}/{self.name}/{{z}}/{{x}}/{{y}}.png"
        return f"type=xyz&zmin=0&zmax=19&url={url}"


class Answer(BaseHTTPRequestHandler):
    """One tile."""

    server: TileServer

    def do_GET(self) -> None:
        z, x, y = map(int, self.path.removesuffix(".png").split("/")[-3:])
        self.server.asked.append((z, x, y))
        if self.server.chance is not None:
            time.sleep(self.server.chance.uniform(0, 0.1))
        fault = self.server.faults.get((x, y))
        if fault == "slow":
            self.server.waiting.set()
            self.server.go_on.wait()
        if fault in ("404", "500"):
            self.send_error(int(fault))
            return
        kind, content = "image/png", paint(tile_colour(x, y), 0 if fault == "blank" else 255)
        if fault == "page":
            kind, content = "text/html", b"<html>Quota exceeded</html>"
        if fault == "torn":
            content = content[:100]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[None]:
    """A server at work, on a free port of this computer."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield
        server.shutdown()
        thread.join()
