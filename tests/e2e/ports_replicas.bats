#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs that are replicas until they are promoted: hot standbys that follow the active member through the held port, which
# reaches whoever serves, and are turned into the primary by --on-promote.
load lib
load service
load ports

# replicas SCRIPT FLAG...: $BUNDLE runs the script as an ordinary user, with the host's /usr, and each member its own folder
# below /data.
replicas() {
	local script=$1

	shift
	mkdir data
	chown 1000:1000 data
	bundle "$(args /bin/sh -c "$script")" '.process.user = {uid: 1000, gid: 1000} | .root.readonly = false' \
		'.mounts += [{destination: "/usr", type: "bind", source: "/usr", options: ["rbind", "ro"]},
			{destination: "/data", type: "bind", source: "'"$PWD/data"'", options: ["bind", "rw"]}]'
	local dir
	mkdir -p "$BUNDLE/rootfs/usr" "$BUNDLE/rootfs/etc"
	for dir in bin lib lib64; do
		rm -rf "$BUNDLE/rootfs/$dir"
		ln -s "usr/$dir" "$BUNDLE/rootfs/$dir"
	done
	chmod 1777 "$BUNDLE/rootfs/tmp"
	echo 'db:x:1000:1000:db:/tmp:/bin/sh' >"$BUNDLE/rootfs/etc/passwd"
	echo 'db:x:1000:' >"$BUNDLE/rootfs/etc/group"
	run_it --standby self --standby-mode hot --stop-timeout 5s "$@"
}

is_hot() {
	service_is active && [ "$(of '[.members[] | select(.state == "hot")] | length')" -ge 1 ]
}

# write_rows COMMAND: its argument grows until the file "enough" is there; those that were acknowledged are in "acked".
write_rows() {
	local n

	for ((n = 1; ; n++)); do
		[ -e acked ] && ! [ -e enough ] || return 0
		"$1" "$n" >/dev/null 2>&1 && echo "$n"
	done >acked
}

# more_rows N: so many more are acknowledged.
more_rows() {
	local i wanted

	wanted=$(($(wc -l <acked) + $1))
	for i in {1..600}; do
		[ "$(wc -l <acked)" -lt "$wanted" ] || return 0
		sleep 0.1
	done
	echo "never acknowledged $wanted rows, but $(wc -l <acked)"
	return 1
}

# none_lost FILE: which has the rows that are there.
none_lost() {
	comm -23 <(sort acked) <(sort "$1") >lost
	[ -s lost ] || return 0
	echo "acknowledged: $(wc -l <acked), lost are these: $(tr '\n' ' ' <lost)"
	journal '.[]' | jq -c '[.time, .event, .member, .cause, .text]'
	tail -n 40 data/*.log
	return 1
}

@test "PostgreSQL: a streaming replica is promoted, and no acknowledged row is lost" {
	local bin
	bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
	[ -x "$bin/postgres" ] || skip "no PostgreSQL"
	# shellcheck disable=SC2016 # the members' own variables
	replicas 'export PATH='"$bin"':/bin PGPASSWORD=x D=/data/$HART_MEMBER
		if [ $HART_ROLE = standby ]; then
			rm -rf "$D"
			pg_basebackup -h 127.0.0.1 -U db -D "$D" -R --checkpoint=fast || exit 1
		elif ! [ -e "$D" ]; then
			initdb -A trust -N -D "$D" >/dev/null || exit 1
			printf "%s\n" "synchronous_standby_names = '"'*'"'" "fsync = off" "listen_addresses = '"'127.0.0.1'"'" "unix_socket_directories = '"''"'" \
				"shared_buffers = 16MB" "wal_retrieve_retry_interval = 100ms" >>"$D/postgresql.conf"
		fi
		exec postgres -D "$D"' \
		--port tcp:5432 --on-promote 'exec:/bin/sh -c "exec '"$bin"'/pg_ctl promote -w -D /data/$HART_MEMBER"'
	eventually is_hot
	sql() {
		inside "$bin/psql" -h 127.0.0.1 -U db -d postgres -qAtc "$1"
	}
	insert() {
		sql "insert into rows values ($1)"
	}
	sql 'create table rows (n int)'
	: >acked
	write_rows insert 3>&- &
	local writer=$!
	more_rows 10
	kill_active
	eventually '[ "$(of .active)" = standby-1 ]'
	more_rows 10 # so there is a standby that has them
	kill_active
	eventually '[ "$(of .active)" = primary ]'
	more_rows 5
	touch enough
	wait $writer
	[ "$(of .generation)" = 3 ]
	sql 'select n from rows' >there
	none_lost there
	sql 'select pg_is_in_recovery()' | grep -qx f
}

@test "redis: a replica becomes the primary with all that was acknowledged" {
	# shellcheck disable=SC2016
	replicas 'D=/data/$HART_MEMBER; mkdir -p $D
		[ $HART_ROLE = active ] || of="--replicaof 127.0.0.1 6379"
		exec redis-server --port 6379 --bind 127.0.0.1 --dir $D --save "" --unixsocket $D/sock --repl-diskless-sync-delay 0 --logfile $D.log $of' \
		--port tcp:6379 --on-promote 'exec:/bin/sh -c "exec redis-cli -s /data/$HART_MEMBER/sock replicaof no one"'
	cli() {
		inside redis-cli -p 6379 "$@"
	}
	# A replica has it, and all that was before, when WAIT says so. (INFO calls one "online" that has yet to load what it was
	# sent.) redis-cli goes on after an error, on a new connection, where WAIT knows nothing of the row.
	set_row() {
		[ "$(printf 'set %s x\nwait 1 1000\n' "row-$1" | inside redis-cli -p 6379)" = $'OK\n1' ]
	}
	: >acked
	write_rows set_row 3>&- &
	local writer=$!
	more_rows 10
	kill_active
	eventually '[ "$(of .active)" = standby-1 ]'
	more_rows 10
	kill_active
	eventually '[ "$(of .active)" = primary ]'
	more_rows 5
	touch enough
	wait $writer
	cli keys 'row-*' >keys
	none_lost <(sed 's/row-//' keys)
	cli info replication | grep -q '^role:master'
}
