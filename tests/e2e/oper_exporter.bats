#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# hart exporter, and what contrib/prometheus makes of its figures.
load lib
load service

CONTRIB=$BATS_TEST_DIRNAME/../../contrib/prometheus

# exporter ADDRESS: in the background, up.
exporter() {
	"$HART" --root "$STATE" exporter --listen "$1" 3>&- 4>&- 2>exporter.err &
	EXPORTER=$!
}

test_teardown() {
	local pid

	for pid in ${PROMETHEUS-} ${EXPORTER-}; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
}

# get REQUEST: headers and body of the answer.
get() {
	/usr/bin/python3 - "$PWD/metrics.sock" "$1" <<-'END'
		import socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.settimeout(10)
		s.connect(sys.argv[1])
		s.sendall(sys.argv[2].encode().decode("unicode_escape").encode())
		while (part := s.recv(65536)):
		    sys.stdout.write(part.decode())
	END
}

@test "the page: in both formats, with what it is asked for" {
	serve
	exporter "unix:$PWD/metrics.sock"
	eventually '[ -S metrics.sock ]'
	[ "$(stat -c %a metrics.sock)" = 600 ]
	get 'GET /metrics HTTP/1.1\r\nAccept: application/openmetrics-text; version=1.0.0\r\n\r\n' >page
	grep -q '^HTTP/1.1 200' page
	grep -q '^Content-Type: application/openmetrics-text; version=1.0.0' page
	grep -q "^hart_service_up{id=\"$ID\"} 1\$" page
	[ "$(tail -n 1 page)" = '# EOF' ]
	get 'GET /metrics HTTP/1.1\r\n\r\n' >page
	grep -q '^Content-Type: text/plain; version=0.0.4' page
	sed '1,/^\r$/d' page | promtool check metrics
	get 'HEAD /metrics HTTP/1.1\r\n\r\n' >page
	! grep hart_service page
	get 'GET / HTTP/1.1\r\n\r\n' | grep '^HTTP/1.1 404'
	get 'POST /metrics HTTP/1.1\r\n\r\n' | grep '^HTTP/1.1 405'
}

@test "it keeps no capability, and takes a dead one's socket over" {
	exporter "unix:$PWD/metrics.sock"
	eventually '[ -S metrics.sock ]'
	eventually 'grep -q "^NoNewPrivs:.1" /proc/$EXPORTER/status'
	eventually 'grep -q "^CapPrm:.0000000000000000" /proc/$EXPORTER/status'
	refuses 'in use' hart exporter --listen "unix:$PWD/metrics.sock"
	kill -KILL "$EXPORTER"
	wait "$EXPORTER" || true
	exporter "unix:$PWD/metrics.sock"
	eventually "get 'GET /metrics HTTP/1.1\r\n\r\n' | grep hart_build_info"
	refuses 'neither HOST:PORT' hart exporter --listen localhost:80
	refuses 'neither HOST:PORT' hart exporter --listen 127.0.0.1:0
	refuses 'not absolute' hart exporter --listen unix:relative
}

@test "who is silent, or sends too much, does not keep others from it" {
	exporter "unix:$PWD/metrics.sock"
	eventually '[ -S metrics.sock ]'
	/usr/bin/python3 - "$PWD/metrics.sock" <<-'END'
		import socket, sys
		silent, loud, good = (socket.socket(socket.AF_UNIX) for _ in range(3))
		for s in silent, loud, good:
		    s.settimeout(25)
		    s.connect(sys.argv[1])
		try:
		    loud.sendall(b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 100000)
		except (BrokenPipeError, ConnectionResetError):
		    pass
		good.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
		assert good.recv(100).startswith(b"HTTP/1.1 200"), "no answer"
	END
}

@test "a real Prometheus scrapes it" {
	local port=$((20000 + $$ % 20000))
	serve --standby self
	eventually is_warm
	exporter "127.0.0.1:$port"
	cat >prometheus.yml <<-END
		global: {scrape_interval: 1s, evaluation_interval: 1s}
		rule_files: ["$(realpath "$CONTRIB")/alerts.yml"]
		scrape_configs: [{job_name: hart, static_configs: [{targets: ["127.0.0.1:$port"]}]}]
	END
	prometheus --config.file=prometheus.yml --storage.tsdb.path="$PWD/tsdb" --web.listen-address="127.0.0.1:$((port + 1))" \
		3>&- 4>&- >prometheus.log 2>&1 &
	PROMETHEUS=$!
	query() { promtool query instant "http://127.0.0.1:$((port + 1))" "$1"; }
	eventually "query 'up{job=\"hart\"} == 1' | grep -q ."
	eventually "query 'hart_service_up{id=\"$ID\"} == 1' | grep -q ."
	hart fail "$ID"
	eventually "query 'hart_service_failovers_total{cause=\"signal\"} == 1' | grep -q ."
	eventually "query 'hart_service_takeover_seconds_bucket{le=\"+Inf\"} == 1' | grep -q ."
}

@test "the alert rules do what they say" {
	promtool check rules "$CONTRIB/alerts.yml"
	cd "$CONTRIB"
	promtool test rules alerts_test.yml
}

@test "rules and dashboard name figures that there are" {
	local name base
	jq -e '.panels | length > 5 and all(.targets | length > 0) and ([.[].id] | unique | length) == length' "$CONTRIB/grafana.json"
	hart metrics >metrics
	for name in $(cat "$CONTRIB"/{alerts.yml,grafana.json} | grep -oE '\bhart_[a-z_]+' | sort -u); do
		base=$name
		for suffix in _total _bucket _count _sum; do
			base=${base%"$suffix"}
		done
		grep -qE "^# TYPE $base (gauge|counter|histogram)\$" metrics || {
			echo "no such figure: $name"
			return 1
		}
		case $name in
		*_total) grep -q "^# TYPE $base counter$" metrics ;;
		*_bucket | *_count) grep -q "^# TYPE $base histogram$" metrics ;;
		*) grep -q "^# TYPE $base gauge$" metrics ;;
		esac || { echo "not of that type: $name"; return 1; }
	done
}
