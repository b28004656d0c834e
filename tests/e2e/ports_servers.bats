#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Held ports with servers as they are: each is killed under load, switched, and upgraded.
load lib
load service
load ports

# survives FLAG...: $BUNDLE as a service with a held port and a standby; three times its active member is killed under
# load, then it is switched in both ways.
survives() {
	run_it --port tcp:8080 --standby self --stop-timeout 2s "$@"
	eventually is_warm
	eventually 'is_held_on 8080'
	load_port 4 &
	local load=$!
	for _ in 1 2 3; do
		sleep 0.6
		kill_active
		eventually is_warm
	done
	hart failover "$ID"
	wait $load
	none_refused
}

nginx_conf() {
	cat >"$BUNDLE/rootfs/etc/nginx.conf" <<-END
		worker_processes 2;
		error_log stderr;
		pid /run/nginx.pid;
		events { worker_connections 256; }
		http {
			access_log off;
			client_body_temp_path /tmp/b; proxy_temp_path /tmp/p; fastcgi_temp_path /tmp/f;
			uwsgi_temp_path /tmp/u; scgi_temp_path /tmp/s;
			server { $1; location / { return 200 "hello\n"; } }
		}
	END
}

@test "nginx, two workers" {
	server nginx -c /etc/nginx.conf -g 'daemon off;'
	nginx_conf 'listen 8080'
	survives
}

@test "nginx with a socket a worker (reuseport), on IPv4 and IPv6" {
	server nginx -c /etc/nginx.conf -g 'daemon off;'
	nginx_conf 'listen 8080 reuseport; listen [::]:8080 reuseport'
	survives
	[ "$(of '.ports | length')" = 2 ]
	[ "$(port tcp:0.0.0.0:8080 sockets)" -ge 2 ]
}

@test "nginx that is reloaded keeps its clients" {
	server nginx -c /etc/nginx.conf -g 'daemon off;'
	nginx_conf 'listen 8080 reuseport'
	run_it --port tcp:8080 --standby self
	eventually 'is_held_on 8080'
	load_port 3 &
	for _ in 1 2 3; do
		sleep 0.6
		hart kill "$ID" HUP
	done
	wait $!
	none_refused
	[ "$(of .generation)" = 1 ]
}

@test "haproxy" {
	server haproxy -db -f /etc/haproxy.cfg
	cat >"$BUNDLE/rootfs/etc/haproxy.cfg" <<-'END'
		global
			maxconn 200
		defaults
			mode http
			timeout client 5s
			timeout connect 5s
			timeout server 5s
		frontend f
			bind :8080
			http-request return status 200 content-type text/plain string hello
	END
	survives
}

@test "node" {
	server node -e 'require("http").createServer((q, a) => a.end("hello\n")).listen(8080)'
	survives
}

@test "Python's http.server" {
	server /bin/python3 -m http.server 8080 --directory /tmp
	local version
	version=$(/usr/bin/python3 -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
	mkdir -p "$BUNDLE/rootfs/usr/lib"
	cp -a "/usr/lib/$version" "$BUNDLE/rootfs/usr/lib/"
	echo hello >"$BUNDLE/rootfs/tmp/index.html"
	survives
}

@test "redis-server: its clients wait for the next one" {
	server redis-server --port 8080 --bind 127.0.0.1 --save '' --protected-mode no
	run_it --port tcp:8080 --standby self
	eventually 'is_held tcp:127.0.0.1:8080'
	for _ in 1 2 3 4 5; do
		kill_active
		[ "$(inside redis-cli -p 8080 ping)" = PONG ]
		eventually is_warm
	done
}
