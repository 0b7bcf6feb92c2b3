#!/usr/bin/env bash
# Tries an installation without optional packages: `npm ci --omit=optional` in a copy of the tree, which has to build without the
# compiler, then a start from an empty data directory and a question for its health. A WhatsApp account says how the missing package is had.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/archway-optional.XXXXXX")
gateway=

cleanup() {
  if [ -n "$gateway" ]; then kill -KILL "$gateway" 2>/dev/null || true; fi
  rm -rf "$scratch"
}
trap cleanup EXIT

fail() {
  echo "Without optional packages it does not work: $1" >&2
  if [ -f "$scratch/log" ]; then tail -n 40 "$scratch/log" >&2; fi
  exit 1
}

mkdir "$scratch/source"
mkdir -m 700 "$scratch/data"
tar -C "$root" --exclude=./.git --exclude=./node_modules --exclude=./dist --exclude=./data --exclude=./coverage -cf - . |
  tar -C "$scratch/source" -xf -
cd "$scratch/source"
npm ci --omit=optional --no-audit --no-fund || fail 'it cannot be installed'
if [ -e node_modules/libsignal ]; then fail 'it carries the GPL-3.0 library all the same'; fi

# Without the variables of the checks: a gateway refuses an ARCHWAY_… name that it does not know.
env -i PATH="$PATH" HOME=/nonexistent PORT=0 ADMIN_PORT=0 ARCHWAY_DATA_DIR="$scratch/data" \
  node bin/archway.js serve >"$scratch/log" 2>&1 </dev/null &
gateway=$!
for _ in $(seq 120); do
  if [ -s "$scratch/data/gateway.json" ]; then break; fi
  kill -0 "$gateway" 2>/dev/null || fail 'the gateway ended at its start'
  sleep 0.5
done
port=$(node -p "new URL(JSON.parse(fs.readFileSync('$scratch/data/gateway.json', 'utf8')).publicUrl).port") ||
  fail 'the gateway did not announce itself within 60 seconds'
node scripts/healthcheck.mjs "$port" || fail 'it is not healthy'

archway() { env -i PATH="$PATH" HOME=/nonexistent ARCHWAY_DATA_DIR="$scratch/data" node bin/archway.js "$@"; }
archway account add whatsapp --name phone --set number=+12025550145 || fail 'a WhatsApp account cannot be added'
for _ in $(seq 60); do
  archway account show phone >"$scratch/account" || fail 'the WhatsApp account is not shown'
  if grep -q 'Install without --omit=optional' "$scratch/account"; then break; fi
  sleep 0.5
done
grep -q 'Install without --omit=optional' "$scratch/account" ||
  fail "a WhatsApp account does not say how the package is had: $(cat "$scratch/account")"
node scripts/healthcheck.mjs "$port" || fail 'it is not healthy beside a WhatsApp account'
kill -TERM "$gateway"
wait "$gateway" || fail 'it did not stop in order'
gateway=
echo 'Without optional packages it works: installed, built, started from nothing, healthy, stopped; a WhatsApp account says what is missing.'
