#!/usr/bin/env bash
# Packs the package as a new clone would, without a dist, looks at it with publint and attw, installs it into
# an empty folder and uses it there as its users do: from an ES module, from TypeScript, and as a command.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cd "$root"
mkdir "$folder"/clone "$folder"/project
cp -R LICENSE ./*.md package.json tsconfig.json docs src "$folder"/clone
ln -s "$root"/node_modules "$folder"/clone/node_modules
(cd "$folder"/clone && npm pack --silent --pack-destination "$folder" >/dev/null)
archive=$(ls "$folder"/purser-*.tgz)
npx --no-install publint run "$archive" --strict
npx --no-install attw "$archive" --profile esm-only

cd "$folder"/project
npm init --yes >/dev/null
npm pkg set type=module >/dev/null
npm install --no-audit --no-fund --silent "$archive"
cp "$root"/test/packed/use.ts .
"$root"/node_modules/.bin/tsc --strict --module nodenext --target es2023 --types node \
  --typeRoots "$root"/node_modules/@types use.ts
node use.js
npx --no-install purser --version
