"""A git server over HTTP on the loopback: git's own http-backend, with a token, a delay, and bad days.

Run as a program of its own, it prints its address.
"""

from __future__ import annotations

import argparse
import base64
import os
import random
import subprocess
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True

    def __init__(self, given: argparse.Namespace) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.given = given
        self.luck = random.Random(given.seed)  # noqa: S311 - bad days, not secrets
        self.wanted = "basic " + base64.b64encode(f"x-access-token:{given.token}".encode()).decode()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        del format, args

    def _serve(self) -> None:
        body = self._body()
        time.sleep(self.server.given.delay)
        if self.server.given.token and self.headers.get("Authorization", "") != self.server.wanted:
            self._answer(401, {"WWW-Authenticate": 'Basic realm="git"'}, b"")
            return
        if self.server.luck.random() < self.server.given.fail_share:
            self._answer(503, {}, b"")
            return
        self._answer(*self._backend(body))

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().strip(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _backend(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        address = urlsplit(self.path)
        environment = {
            "PATH": os.environ["PATH"],  # noqa: TID251 - tests
            "GIT_PROJECT_ROOT": self.server.given.root,
            "GIT_HTTP_EXPORT_ALL": "1",
            "REMOTE_USER": "tests",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": address.path,
            "QUERY_STRING": address.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        return int(headers.pop("Status", "200").split()[0]), headers, content

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root")
    parser.add_argument("--token", default="")
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--fail-share", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    server = _Server(parser.parse_args())
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)  # noqa: T201 - whoever started it reads this
    server.serve_forever()


if __name__ == "__main__":
    main()
