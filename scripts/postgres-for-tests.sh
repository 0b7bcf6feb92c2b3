#!/usr/bin/env bash
# A Postgres server of one's own, for tests: on 127.0.0.1, in one directory, really syncing, and owned by no service.
#
#   postgres-for-tests.sh start DIR PORT    makes a cluster in DIR if there is none, starts it, prints its URL
#   postgres-for-tests.sh stop DIR [MODE]   fast (the default) or immediate, which is a crash: recovery comes at the next start
#   postgres-for-tests.sh find              prints the folder of the Postgres programs; exits 3 where there are none
#
# Stopping keeps the data; `rm -rf DIR` removes it. As root, the server runs as another user, for whom DIR must be reachable.
set -euo pipefail

find_programs() {
  local initdb
  if initdb=$(command -v initdb); then
    dirname "$(readlink -f "$initdb")"
    return
  fi
  # The highest version, where Debian has several.
  initdb=$(find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null | sort -V | tail -n 1)
  if [ -z "$initdb" ]; then
    echo 'There is no initdb in the PATH or below /usr/lib/postgresql; install Postgres (apt-get install postgresql).' >&2
    exit 3
  fi
  dirname "$initdb"
}

# Postgres refuses to run as root.
as_server_user() {
  if [ "$(id -u)" != 0 ]; then "$@"; else setpriv --reuid="$server_user" --regid="$server_group" --clear-groups "$@"; fi
}

choose_server_user() {
  if id -u postgres >/dev/null 2>&1; then server_user=postgres; else server_user=nobody; fi
  server_group=$(id -gn "$server_user")
}

create_cluster() {
  mkdir -p "$directory"
  if [ "$(id -u)" = 0 ]; then chown "$server_user:$server_group" "$directory"; fi
  as_server_user "$programs/initdb" --pgdata="$directory/cluster" --username=postgres --auth=trust \
    --encoding=UTF8 --locale=C >"$directory.initdb.log" 2>&1 || { cat "$directory.initdb.log" >&2; exit 1; }
  rm -f "$directory.initdb.log"
}

start() {
  local port=$1
  if [ ! -f "$directory/cluster/PG_VERSION" ]; then create_cluster; fi
  local options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='' -c max_connections=200"
  options+=' -c fsync=on -c synchronous_commit=on -c full_page_writes=on'
  # The server outlives this script, so it must not hold the caller's pipes open.
  as_server_user "$programs/pg_ctl" start --pgdata="$directory/cluster" --log="$directory/log" --options="$options" \
    --wait --timeout=60 --silent </dev/null >/dev/null 2>&1 || { tail -n 20 "$directory/log" >&2; exit 1; }
  echo "postgres://postgres@127.0.0.1:$port/postgres"
}

stop() {
  as_server_user "$programs/pg_ctl" stop --pgdata="$directory/cluster" --mode="$1" --wait --timeout=60 --silent
}

usage() {
  echo "Usage: $0 start DIR PORT | stop DIR [fast|immediate] | find" >&2
  exit 2
}

programs=$(find_programs)
choose_server_user
directory=${2:-}
# A directory that this user may not read would be refused as a working directory.
case "${1:-}" in
  find) echo "$programs" ;;
  start) [ $# = 3 ] || usage; directory=$(realpath -m "$directory"); cd /; start "$3" ;;
  stop) [ $# -ge 2 ] || usage; directory=$(realpath -m "$directory"); cd /; stop "${3:-fast}" ;;
  *) usage ;;
esac
