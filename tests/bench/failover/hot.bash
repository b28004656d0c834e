# SPDX-License-Identifier: Apache-2.0
# hot: what the benchmarks of held ports have in common: a Node server that needs a while to start, clients, kills, rows.
# shellcheck shell=bash disable=SC2034,SC2154 # build and work come from the script, what is set is for it
hot_header() {
  echo '| start, s | who keeps it | kills | answered | refused | reset | gap at a kill, ms, p50 | longest gap | takeover, µs |'
  echo '| --- | --- | --- | --- | --- | --- | --- | --- | --- |'
}

# server_js START-SECONDS WHERE: WHERE is what listen() gets.
server_js() {
  printf '%s' "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, $(jq -n "$1 * 1000 | floor")); " \
    "const me = '{\"start_ns\":' + process.hrtime.bigint() + '}'; " \
    "require('http').createServer((q, a) => a.end(me)).listen($2)"
}
wait_for() {
  local _
  for _ in {1..300}; do
    "$@" >/dev/null 2>&1 && return 0
    read -rt 0.1 <> <(:) || true
  done
  echo "never came true: $*" >&2
  return 1
}
answers() {
  "$build/tests/service/ask" "tcp:127.0.0.1:$1"
}

# outage START NAME PORT SECONDS MEDIAN KILL...: a row of the table. KILL is a command; MEDIAN one that prints the median
# takeover in µs, or nothing.
outage() {
  local start=$1 name=$2 port=$3 seconds=$4 median=$5 load kills=0 pause
  shift 5
  "$build/tests/service/load" -c 8 -d "$seconds" -p 1000 -t 30000 "tcp:127.0.0.1:$port" >"$work/load.json" &
  load=$!
  pause=$(jq -n "[2, $start + 0.5] | max")
  while kill -0 $load 2>/dev/null; do
    read -rt "$pause" <> <(:) || true
    kill -0 $load 2>/dev/null || break
    "$@" >/dev/null 2>&1 && kills=$((kills + 1))
  done
  wait $load
  jq -r --arg start "$start" --arg name "$name" --arg kills "$kills" --arg us "$($median)" \
    '"| \($start) | \($name) | \($kills) | \(.ok) | \(.refused) | \(.reset) | \(.takeover_gap.p50_us // .longest_gap_us | . / 100 | round / 10) | \(.longest_gap_us / 100 | round / 10) | \($us) |"' \
    "$work/load.json"
}
