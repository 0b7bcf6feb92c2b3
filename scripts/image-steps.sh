#!/bin/sh
# The steps of the image, so that they can be tried where there is no Docker. Each runs in the current directory.
#
#   image-steps.sh build OUT   in a copy of the sources: installs, compiles, and puts what an image needs into OUT
#   image-steps.sh runtime     in such an OUT: installs what runs in production, and nothing else; with WHATSAPP=yes also the
#                              optional package for WhatsApp, which puts the image as a whole under GPL-3.0
#
# No package's install script is run: none of ours needs one, and `prepare` would compile where there is no compiler.
set -eu

build() {
  out=$1
  npm ci --ignore-scripts --no-audit --no-fund
  npm run build
  mkdir -p "$out/scripts"
  cp -R package.json package-lock.json LICENSE bin dist migrations examples "$out/"
  cp scripts/image-steps.sh scripts/healthcheck.mjs "$out/scripts/"
}

runtime() {
  without_whatsapp=--omit=optional
  if [ "${WHATSAPP:-no}" = yes ]; then without_whatsapp=; fi
  # Unquoted: an empty one is no argument.
  npm ci --omit=dev $without_whatsapp --ignore-scripts --no-audit --no-fund
  # In a container the cache would only make the image larger; elsewhere it is somebody's.
  if [ "$(pwd)" = /app ]; then npm cache clean --force; fi
}

case "${1:-}" in
  build) build "${2:?image-steps.sh build needs the folder to fill}" ;;
  runtime) runtime ;;
  *) echo "Usage: $0 build OUT | runtime" >&2; exit 2 ;;
esac
