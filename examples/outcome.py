"""The last table of the demo: every issue that a session claimed and what is proved of it. Fails where that is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parents[1] / "scripts"
REVIEWED = ("python-sql-injection", "shop/catalogue.py")
FIXED = "verified_fixed"


def main() -> None:
    """Print it, or the fingerprint of the issue that the reviewer asked about."""
    out = Path(sys.argv[1])
    claimed = _claimed(out)
    [reviewed] = [issue for issue in claimed if (issue["rule_id"], issue["file"]) == REVIEWED]
    if "--reviewed" in sys.argv:
        print(reviewed["fingerprint"])
        return
    print(f"{'FILE':26} {'RULE':26} STATE")
    for issue in claimed:
        reason = f" ({issue['reason']})" if issue["reason"] else ""
        print(f"{issue['file'] + ':' + str(issue['start_line']):26} {issue['rule_id']:26} {issue['state']}{reason}")
    faults = list(_faults(out, claimed, reviewed))
    for fault in faults:
        print(f"wrong: {fault}")
    if faults:
        sys.exit(1)
    print("\nChecked: scans, ledger and evidence agree, and the reviewer was answered once.")


def _claimed(out: Path) -> list[dict[str, Any]]:
    """The issues that sessions were started for, with all that happened to them."""
    work = json.loads((out / "run/batches.json").read_text())["batches"]
    sessions = json.loads((out / "run/sessions.json").read_text())["sessions"]
    batches = {session["batch_id"].removesuffix("-codemods") for session in sessions}
    names = [issue["fingerprint"] for batch in work if batch["batch_id"] in batches for issue in batch["issues"]]
    found = [issue for name in names for issue in _asked(out, "history", name)["issues"]]
    known = {issue["fingerprint"]: issue for issue in found if not issue["state"].startswith("renamed")}
    return [issue for issue in known.values() if issue["state"] != "fixed" and _count(issue, "claimed")]


def _faults(out: Path, claimed: list[dict[str, Any]], reviewed: dict[str, Any]) -> list[str]:
    """What does not fit together."""
    faults = []
    fixed = {issue["fingerprint"] for issue in claimed if issue["state"] == FIXED}
    if reviewed["state"] != FIXED:
        faults.append("what the reviewer asked about is not proved to be fixed")
    answers = [event for event in reviewed["events"] if "handed over" in event["text"]]
    if _count(reviewed, "claimed") != 2 or len(answers) != 1:  # noqa: PLR2004 - a codemod, an agent
        faults.append("the review did not have exactly one answer, by one other session")
    evidence = _asked(out, "evidence", "verify", "elsewhere/fix.intoto.json")
    if not evidence["is_sound"] or fixed != {*evidence["confirmed"]}:
        faults.append("evidence and ledger say different things")
    if _asked(out, "fsck")["faults"]:
        faults.append("the ledger has faults")
    return faults


def _count(issue: dict[str, Any], kind: str) -> int:
    return sum(event["kind"] == kind for event in issue["events"])


def _asked(out: Path, *arguments: object) -> Any:  # noqa: ANN401 - JSON
    """What the orchestrator answers."""
    command = [sys.executable, SCRIPTS / "orchestrator.py", *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=out)  # noqa: S603 - our own command
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
