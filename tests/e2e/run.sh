#!/usr/bin/env bash
# Runs action.yml in act, as a workflow step of a caller's repository. No network: the actions that it uses are
# played by stand-ins, which do what this action needs of them (a Python, nothing else).
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
act_version=v0.2.82
act=$root/.tools/act-$act_version
if [ ! -x "$act" ]; then
  GOBIN="$root/.tools" go install "github.com/nektos/act@$act_version"
  mv "$root/.tools/act" "$act"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/caller/.github/workflows" "$work/stand-in/init" "$work/stand-in/analyze" "$work/home"
git -C "$root" ls-files -z --cached --others --exclude-standard | tar -C "$root" --null -T - -c | {
  mkdir "$work/caller/fixer"
  tar -C "$work/caller/fixer" -x
}
cp -r "$root/examples/vulnerable-shop/shop" "$work/caller/shop"
cp "$root/tests/e2e/workflow.yml" "$work/caller/.github/workflows/"
cp "$root/tests/e2e/results.sarif" "$work/caller/"
cat >"$work/stand-in/action.yml" <<EOF
name: stand-in
description: plays the actions that are fetched from elsewhere
inputs:
  python-version: { default: "", description: "" }
  update-environment: { default: "", description: "" }
outputs:
  python-path: { value: "$(command -v python3)", description: "" }
runs: { using: composite, steps: [{ run: "true", shell: bash }] }
EOF
cp "$work/stand-in/action.yml" "$work/stand-in/init/"
cp "$work/stand-in/action.yml" "$work/stand-in/analyze/"
git -C "$work/caller" init --quiet
git -C "$work/caller" add --all
git -C "$work/caller" -c user.name=e2e -c user.email=e2e@example.invalid commit --quiet --message "Caller"

stand_ins=()
for used in $(sed -n 's/^ *uses: \([^ ]*@[^ ]*\).*/\1/p' action.yml | sed 's#\(codeql-action\)/[a-z]*#\1#' | sort -u); do
  stand_ins+=(--local-repository "$used=$work/stand-in")
done
cd "$work/caller"
HOME="$work/home" "$act" push --platform ubuntu-latest=-self-hosted --action-offline-mode "${stand_ins[@]}" "$@"
