#!/usr/bin/env bash
# Tries the image without Docker: runs its steps in a temporary copy of the tree, starts what they made as the image would (in
# production mode, from an empty data directory, as a user who owns nothing else), asks for its health and stops it.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/archway-image.XXXXXX")
gateway=

cleanup() {
  if [ -n "$gateway" ]; then kill -KILL "$gateway" 2>/dev/null || true; fi
  rm -rf "$scratch"
}
trap cleanup EXIT

fail() {
  echo "The image does not work: $1" >&2
  if [ -f "$scratch/log" ]; then tail -n 40 "$scratch/log" >&2; fi
  exit 1
}

# Prints the port that the gateway has announced; nothing before it has.
public_port() {
  node -p "new URL(JSON.parse(fs.readFileSync('$scratch/data/gateway.json', 'utf8')).publicUrl).port" 2>/dev/null
}

mkdir "$scratch/source" "$scratch/image"
mkdir -m 700 "$scratch/data"
tar -C "$root" --exclude=./.git --exclude=./node_modules --exclude=./dist --exclude=./data --exclude=./coverage -cf - . |
  tar -C "$scratch/source" -xf -
(cd "$scratch/source" && sh scripts/image-steps.sh build "$scratch/image") || fail 'the build steps failed'
(cd "$scratch/image" && sh scripts/image-steps.sh runtime) || fail 'the runtime steps failed'
if [ -e "$scratch/image/node_modules/typescript" ]; then fail 'it carries development dependencies'; fi
if [ -e "$scratch/image/node_modules/libsignal" ]; then fail 'it carries a GPL-3.0 library that nobody asked for'; fi

chmod 755 "$scratch"
as_nobody=()
if [ "$(id -u)" = 0 ] && setpriv --reuid=65534 --regid=65534 --clear-groups node --version >/dev/null 2>&1; then
  chown 65534:65534 "$scratch/data"
  as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
else
  echo 'skip: the image runs as the present user here, since it cannot be run as another.'
fi

cd "$scratch/image"
env -i PATH="$PATH" HOME=/nonexistent NODE_ENV=production HOST=0.0.0.0 PORT=0 ADMIN_PORT=0 ARCHWAY_DATA_DIR="$scratch/data" \
  "${as_nobody[@]}" node bin/archway.js serve >"$scratch/log" 2>&1 </dev/null &
gateway=$!

for _ in $(seq 120); do
  if port=$(public_port); then break; fi
  kill -0 "$gateway" 2>/dev/null || fail 'the gateway ended at its start'
  sleep 0.5
done
[ -n "${port:-}" ] || fail 'the gateway did not announce itself within 60 seconds'
node scripts/healthcheck.mjs "$port" || fail 'it is not healthy'

kill -TERM "$gateway"
status=0
wait "$gateway" || status=$?
gateway=
[ "$status" = 0 ] || fail "after SIGTERM it exited with $status instead of 0"
echo 'The image works: built, started from nothing, healthy, stopped by SIGTERM.'
