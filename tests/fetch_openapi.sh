#!/usr/bin/env bash
# Fetches GitHub's own description of its API (MIT licence) to the file that is named. The contract tests of its twin
# need it; it is too large to be committed.
set -euo pipefail
version=23.0.2
sha512=a55f0cecbf46636dc0c9b36f4e6a369f28e6a669edebedac444fedaabd192d070f4b8967c3bbb979918d9b044d9010b70fb8195db171e401f32d455105718386
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm pack --silent "@octokit/openapi@$version" >/dev/null)
echo "$sha512  $folder/octokit-openapi-$version.tgz" | sha512sum --check --quiet
tar -xzf "$folder/octokit-openapi-$version.tgz" -C "$folder" package/generated/api.github.com.json
mkdir -p "$(dirname "$1")"
mv "$folder/package/generated/api.github.com.json" "$1"
touch "$1"  # or it would be as old as in the package, and fetched again and again
