#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Held ports with programs that come to them in their own ways: Go, Java, Perl, 32 bits; and what else can happen to one: it is
# stopped, and its shim dies in between.
load lib
load service
load ports

SERVERS=$BATS_TEST_DIRNAME/../service

# with_usr PROGRAM ARG...: $BUNDLE runs it, with the host's /usr.
with_usr() {
	bundle "$(args "$@")" '.root.readonly = false' \
		'.mounts += [{destination: "/usr", type: "bind", source: "/usr", options: ["rbind", "ro"]}]'
	local dir
	mkdir -p "$BUNDLE/rootfs/usr"
	for dir in bin lib lib64; do
		rm -rf "$BUNDLE/rootfs/$dir"
		ln -s "usr/$dir" "$BUNDLE/rootfs/$dir"
	done
}

is_hot() {
	service_is active && [ "$(of '[.members[] | select(.state == "hot")] | length')" -ge 1 ]
}

# survives FLAG...: with a hot standby, killed twice under load, with the shim's death and adopt in between.
survives() {
	run_it --port tcp:8080 --standby self --standby-mode hot --stop-timeout 2s "$@"
	eventually is_hot
	load_port 5 &
	local load=$!
	sleep 0.5
	kill_active
	eventually is_hot
	kill_shim
	hart adopt "$ID"
	kill_active
	wait $load
	none_refused
}

@test "a static Go server" {
	command -v go >/dev/null || skip "no Go"
	cat >server.go <<-'END'
		package main
		import ("net/http"; "io")
		func main() {
			panic(http.ListenAndServe(":8080", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello\n") })))
		}
	END
	HOME=$PWD GOCACHE=$PWD/cache CGO_ENABLED=0 go build -o server server.go
	bundle "$(args /server)"
	cp server "$BUNDLE/rootfs/server"
	survives
}

@test "a Java server" {
	local java
	java=$(readlink -f "$(command -v java)") || skip "no Java"
	[ -n "$java" ] && [ -x "${java%java}javac" ] || skip "no Java compiler"
	cat >Server.java <<-'END'
		import com.sun.net.httpserver.HttpServer;
		public class Server {
			public static void main(String[] a) throws Exception {
				HttpServer s = HttpServer.create(new java.net.InetSocketAddress(8080), 0);
				s.createContext("/", e -> { e.sendResponseHeaders(200, 6); e.getResponseBody().write("hello\n".getBytes()); e.close(); });
				s.start();
			}
		}
	END
	"${java%java}javac" Server.java
	with_usr "$java" -Xmx64m -XX:+UseSerialGC -cp / Server
	cp ./*.class "$BUNDLE/rootfs/"
	mkdir -p "$BUNDLE/rootfs/etc"
	cp -a /etc/java-* "$BUNDLE/rootfs/etc/" 2>/dev/null || true
	survives
}

@test "a Perl server that forks for each client" {
	[ -x /usr/bin/perl ] || skip "no Perl"
	with_usr /usr/bin/perl -MIO::Socket::INET -e '
		$SIG{CHLD} = "IGNORE";
		$s = IO::Socket::INET->new(LocalPort => 8080, Listen => 50, ReuseAddr => 1) or die $!;
		while (1) {
			$c = $s->accept or next;
			if (!fork) { sysread $c, $_, 1024; print $c "HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n"; close $c; exit }
			close $c;
		}'
	survives
}

@test "32 bits, by its own calls and by socketcall(2)" {
	gcc -m32 -O1 -static -nostdlib -fno-pie -no-pie -fno-stack-protector -fcf-protection=none -o web32 "$SERVERS/web32.c" ||
		skip "no compiler for 32 bits"
	bundle "$(args /web32)"
	cp web32 "$BUNDLE/rootfs/"
	survives
	hart delete --force "$ID"
	exec 9<&-
	bundle "$(args /web32 old)"
	cp web32 "$BUNDLE/rootfs/"
	survives
}

@test "the active one is stopped: its probe sees it, and clients are not refused" {
	bundle "$(args /bin/busybox httpd -f -p 8080 -h /tmp)"
	echo hello >"$BUNDLE/rootfs/tmp/index.html"
	run_it --port tcp:8080 --standby self --standby-mode hot --ready probe --probe http://127.0.0.1:8080/index.html \
		--probe-interval 100ms --probe-timeout 500ms --probe-retries 2
	eventually is_hot
	load_port 5 &
	local load=$!
	sleep 0.5
	kill -STOP "$(active_pid)"
	wait $load
	none_refused
	[ "$(of .active)" = standby-1 ]
	[ "$(of .takeovers[0].cause)" = probe ]
}
