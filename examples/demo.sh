#!/usr/bin/env bash
# The main job on the example shop: two real scanners, then issues, batches and prompts out of what both found.
set -euo pipefail
cd "$(dirname "$0")/.."
shop=examples/vulnerable-shop
out=demo-output
python=${PYTHON:-python3}

fixer() {
  "$python" scripts/pipeline.py --mode dry-run --target-repo acme/vulnerable-shop --target-dir "$shop" --run-id demo "$@"
}

rm -rf "$out"
for scanner in bandit semgrep; do
  echo "== $scanner scans $shop"
  fixer --scanner "$scanner" --output-dir "$out/$scanner" --json 2>/dev/null
done

echo
echo "== What both found, as issues and batches"
fixer --sarif "$out/bandit/bandit.sarif" "$out/semgrep/semgrep.sarif" --output-dir "$out/both" --max-sessions 10

echo
echo "== The prompt of the first batch ($out/both/prompts/B001.md)"
echo
cat "$out/both/prompts/B001.md"
