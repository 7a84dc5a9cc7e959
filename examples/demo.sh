#!/usr/bin/env bash
# The whole loop, offline and for real: two scanners find flaws in the example shop, claims go on a ledger, codemods fix
# what they can in work trees of their own, the shop's tests judge, pull requests appear in a forge on this machine. A
# reviewer asks for more, an agent goes on, people merge, and the same scanners say what is gone. No key, no network.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(realpath -s "${PYTHON:-python3}")
shop=acme/vulnerable-shop
out=demo-output
root=$PWD
unset GITHUB_TOKEN GITHUB_APP_ID DEVIN_API_KEY CONTROL_REPO
export LEDGER="$root/$out/ledger.git" STATE_DIR="$root/$out/state" FORGE="$root/$out/forge" REGISTRY="$root/$out/registry.json"

say() { echo; echo "== $*"; }
fleet() { "$python" "$root/scripts/orchestrator.py" "$@"; }
pipeline() { "$python" scripts/pipeline.py --target-repo "$shop" "$@"; }
scan() { # DIRECTORY RESULTS: what both scanners find there
  for scanner in bandit semgrep; do
    pipeline --mode dry-run --scanner "$scanner" --target-dir "$1" --output-dir "$2/$scanner" 2>/dev/null
  done
}
numbers() { # WORDS: of the open pull requests with these in their titles
  fleet forge list "$shop" --json | "$python" -c 'import json, sys
pulls = json.load(sys.stdin)["pull_requests"]
print(*sorted(pull["number"] for pull in pulls if pull["state"] == "open" and sys.argv[1] in pull["title"]))' "$1"
}

rm -rf "$out"
mkdir "$out" "$out/elsewhere"
git init --quiet --bare "$LEDGER"
cat >"$REGISTRY" <<END
{
  "version": "2.0",
  "agents": {
    "profiles": {
      "coder": {"kind": "command", "command": ["$python", "$root/examples/agent.py", "{prompt_file}", "{files}"], "is_paid": false}
    }
  },
  "repos": [{"repo": "$shop", "scan_source": "self-reported", "close_prs": ["conflicting"]}]
}
END

echo "== 1. A forge on this machine gets the shop"
fleet forge add "$shop" examples/vulnerable-shop
git clone --quiet "$FORGE/$shop.git" "$out/before"
git clone --quiet "$FORGE/$shop.git" "$out/after"

say "2. bandit and semgrep scan it"
scan "$out/before" "$out/scan-before"

say "3. Claims, then sessions: codemods fix, the shop's tests judge, pull requests propose"
pipeline --mode basic --run-id before --sarif "$out"/scan-before/{bandit/bandit,semgrep/semgrep}.sarif --target-dir "$out/before" \
  --output-dir "$out/run" --wave-size 50 --poll-seconds 1 --session-minutes 5

say "4. What they propose"
fleet forge list "$shop"

say "5. A reviewer is not content with one of them: the codemod bound one value, and another one is still in the query"
reviewed=$(numbers B001)
fleet forge review "$shop" "$reviewed" --file shop/catalogue.py --line 16 \
  --changes 'The column still comes from the request. Sort by columns we know, please.' | tail -1
echo; echo "A cycle sends it back. Codemods read no reviews, so another agent goes on with the branch:"
fleet cycle
fleet sessions --follow --poll-seconds 1 | tail -1
echo; echo "What it did, as one commit more:"
git -C "$FORGE/$shop.git" log -1 --format='%s' -p "refs/pull/$reviewed/head"
echo; echo "Another cycle has nothing to add to it:"
fleet cycle
fleet forge review "$shop" "$reviewed" --approve | tail -1

say "6. People merge them; one that is in conflict now is closed, with a comment"
fleet forge merge "$shop" "$reviewed" | tail -1
fleet cycle
for number in $(numbers ""); do
  fleet forge merge "$shop" "$number" | tail -1
done

say "7. The same scanners look again, and a cycle draws its conclusions"
git -C "$out/after" pull --quiet
scan "$out/after" "$out/scan-after"
pipeline --mode orchestrator --run-id after --sarif "$out"/scan-after/{bandit/bandit,semgrep/semgrep}.sarif --target-dir "$out/after" \
  --output-dir "$out/rescan" 2>/dev/null
fleet cycle
fleet status

say "8. The same from both scans and both states of the code alone, with evidence that anybody can check"
fleet verify --baseline "$out/scan-before" --candidate "$out/scan-after" --baseline-dir "$out/before" \
  --candidate-dir "$out/after" --repo "$shop" --evidence "$out/fix.intoto.json" >"$out/verify.txt"
grep -vE '^still_present' "$out/verify.txt"
cp "$out/fix.intoto.json" "$out/elsewhere"
(cd "$out/elsewhere" && echo && env -i PATH="$PATH" HOME="$HOME" "$python" "$root/scripts/orchestrator.py" evidence verify fix.intoto.json)

say "9. The life of the issue that the reviewer asked about, what it all took, and what is learned from it"
fleet history "$("$python" examples/outcome.py "$out" --reviewed)"
echo
fleet costs
echo
fleet learning

say "10. What is proved of everything that was claimed"
"$python" examples/outcome.py "$out"
echo
echo "Browse $out: run/summary.md, run/prompts, run/sessions.json, forge/$shop.git, state/agents, verify.txt, ledger.git"
