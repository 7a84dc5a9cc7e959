#!/usr/bin/env bash
# Sets up the peers in an environment of their own, then measures. Arguments go to all of it.
set -euo pipefail
cd "$(dirname "$0")/../.."
peers=.venv-bench
if [ requirements-bench.txt -nt "$peers/.installed" ]; then
  "${PYTHON:-python3}" -m venv "$peers"
  "$peers/bin/python" -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements-bench.txt
  touch "$peers/.installed"
fi
.venv/bin/python tests/bench/bench.py --peers "$peers/bin/python" "$@"
.venv/bin/python tests/bench/ledger_bench.py --peers "$peers/bin/python" "$@"
.venv/bin/python tests/bench/plan_bench.py "$@"
.venv/bin/python tests/bench/matching_bench.py "$@"
exec .venv/bin/python tests/bench/dispatch_bench.py "$@"
