"""The last table of the demo: every issue that a session claimed, and what the second scan says about it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[1] / "scripts"


def main() -> None:
    """Print it."""
    out = Path(sys.argv[1])
    sessions = json.loads((out / "run/sessions.json").read_text())["sessions"]
    batches = {batch["batch_id"]: batch for batch in json.loads((out / "run/batches.json").read_text())["batches"]}
    names = {session["batch_id"].removesuffix("-codemods") for session in sessions}
    print(f"{'FILE':26} {'RULE':34} STATE")
    for name in sorted(names):
        for issue in batches[name]["issues"]:
            for event in _life(out, issue["fingerprint"]):
                print(f"{issue['file'] + ':' + str(issue['start_line']):26} {issue['rule_id']:34} {event}")


def _life(out: Path, fingerprint: str) -> list[str]:
    """The state of an issue, if anybody has claimed it."""
    command = [sys.executable, SCRIPTS / "orchestrator.py", "history", fingerprint, "--json"]
    place = ["--ledger", out / "ledger.git", "--state-dir", out / "state"]
    done = subprocess.run([*command, *place], capture_output=True, text=True, check=True)  # noqa: S603 - our own command
    found = json.loads(done.stdout)["issues"]
    claimed = [issue for issue in found if any(event["kind"] == "claimed" for event in issue["events"])]
    return [f"{issue['state']}{' (' + issue['reason'] + ')' if issue['reason'] else ''}" for issue in claimed]


if __name__ == "__main__":
    main()
