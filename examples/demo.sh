#!/usr/bin/env bash
# The whole loop, offline and for real: two scanners find flaws in the example shop, claims go on a ledger, codemods fix
# what they can in work trees of their own, the shop's tests judge, pull requests appear in a forge on this machine, and
# after they are merged the same scanners say what is gone. No key, no network.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(realpath -s "${PYTHON:-python3}")
shop=acme/vulnerable-shop
out=demo-output

pipeline() { "$python" scripts/pipeline.py --target-repo "$shop" --ledger "$out/ledger.git" "$@"; }
fleet() { "$python" scripts/orchestrator.py "$@"; }
scan() { # DIRECTORY RESULTS: what both scanners find there
  for scanner in bandit semgrep; do
    pipeline --mode dry-run --scanner "$scanner" --target-dir "$1" --output-dir "$2/$scanner" 2>/dev/null
  done
}

rm -rf "$out"
mkdir "$out"
git init --quiet --bare "$out/ledger.git"

echo "== 1. A forge on this machine gets the shop"
fleet forge add "$shop" examples/vulnerable-shop --forge "$out/forge"
git clone --quiet "$out/forge/$shop.git" "$out/shop"

echo; echo "== 2. bandit and semgrep scan it"
scan "$out/shop" "$out/before"

echo; echo "== 3. Claims, then sessions: codemods fix, the shop's tests judge, pull requests propose"
pipeline --mode basic --run-id before --sarif "$out/before/bandit/bandit.sarif" "$out/before/semgrep/semgrep.sarif" \
  --target-dir "$out/shop" --output-dir "$out/run" --forge "$out/forge" --state-dir "$out/state" \
  --wave-size 50 --poll-seconds 1 --session-minutes 5

echo; echo "== 4. What they propose"
fleet forge list "$shop" --forge "$out/forge"

echo; echo "== 5. A person merges them"
for number in $(fleet forge list "$shop" --forge "$out/forge" --json |
  "$python" -c 'import json, sys; print(*sorted(pull["number"] for pull in json.load(sys.stdin)["pull_requests"]))'); do
  fleet forge merge "$shop" "$number" --forge "$out/forge" --ledger "$out/ledger.git" | tail -1
done

echo; echo "== 6. The same scanners look again"
git -C "$out/shop" pull --quiet
scan "$out/shop" "$out/after"
pipeline --mode orchestrator --run-id after --sarif "$out/after/bandit/bandit.sarif" "$out/after/semgrep/semgrep.sarif" \
  --target-dir "$out/shop" --output-dir "$out/rescan" 2>/dev/null

echo; echo "== 7. What is proved"
fleet status --ledger "$out/ledger.git" --state-dir "$out/state"
echo
"$python" examples/outcome.py "$out"
echo
echo "Browse $out: run/summary.md, run/prompts, run/sessions.json, forge/$shop.git, state/agents, ledger.git"
