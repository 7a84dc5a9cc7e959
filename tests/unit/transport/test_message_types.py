"""Threads that read their first message at the same moment."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.commands import ROOT

# In processes of their own, since a type is made ready once, and what goes wrong brings down the process.
_MANY_FIRST_MESSAGES = """
import os, sys, threading
from codeql_fixer.adapters.github.wire import parse_pull_request

sys.setswitchinterval(1e-6)
side = {"ref": "x", "sha": "a", "repo": {"full_name": "a/b"}}
when = "2026-01-01T00:00:00Z"
pull = {"number": 7, "state": "open", "html_url": "https://forge.example/7", "title": "t", "head": side, "base": side}
pull |= {"user": {"login": "x"}, "created_at": when, "updated_at": when}


def first_messages():
    together = threading.Barrier(8)

    def read():
        together.wait()
        parse_pull_request(pull, "a/b")

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


crashed = 0
for _ in range(300):
    child = os.fork()
    if not child:
        first_messages()
        os._exit(0)
    crashed += os.waitpid(child, 0)[1] != 0
print(crashed)
"""


def test_ready__threads_that_read_their_first_message_at_once_harm_nobody() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _MANY_FIRST_MESSAGES],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "scripts")},  # noqa: TID251 - tests
        capture_output=True,
        text=True,
        check=True,
    )

    assert (done.stdout, done.stderr) == ("0\n", "")
