#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is told about containers: list, ps, events, features, spec, validate; pause and resume.
load lib

@test "list in all its formats" {
	up
	bundle "$(args /probe sleep)"
	create created
	[ "$(hart list -q | sort)" = "$(printf '%s\n' created "$ID" | sort)" ]
	hart list | grep -Eq '^ID +PID +STATUS +BUNDLE +CREATED +OWNER'
	hart list | grep -Eq "^$ID +[0-9]+ +running +$BUNDLE +20[0-9T:.-]+Z +root"
	hart list --format json >report.json
	check 'length == 2' ".[] | select(.id == \"$ID\") | .status == \"running\" and .pid > 1 and
		.bundle == \"$BUNDLE\" and .owner == \"root\" and (.rootfs | endswith(\"/rootfs\"))"
	check '.[] | select(.id == "created") | .status == "created"'
}

@test "list of nothing" {
	[ -z "$(hart list -q)" ]
	[ "$(hart list -f json)" = null ] || [ "$(hart list -f json)" = '[]' ]
	refuses 'format' hart list -f rubbish
}

@test "ps shows the processes with the host's PIDs" {
	up "$(args /probe family 3)"
	eventually grep -q ready out
	[ "$(hart ps --format json "$ID" | jq length)" = 4 ]
	hart ps --format json "$ID" | jq -e "index($(init_pid))"
	hart ps "$ID" | grep -q "$(init_pid)"
	hart ps "$ID" -o pid,comm | grep -Eq "$(init_pid) +probe"
}

@test "pause stops every process, resume lets them go on" {
	up "$(shell 'i=0; while :; do i=$((i + 1)); echo $i; sleep 0.05; done')"
	eventually grep -q 3 out
	hart pause "$ID"
	[ "$(status_of)" = paused ]
	grep -q 'frozen 1' "$(cgroup_of)/cgroup.events"
	local lines
	lines=$(wc -l <out)
	sleep 0.3
	[ "$(wc -l <out)" -le $((lines + 1)) ]
	hart resume "$ID"
	[ "$(status_of)" = running ]
	eventually "[ \$(wc -l <out) -gt $((lines + 1)) ]"
}

@test "pause and resume in the wrong state are refused" {
	up
	refuses 'not paused|in the running state' hart resume "$ID"
	hart kill "$ID" KILL
	until_status "$ID" stopped
	refuses 'running|stopped' hart pause "$ID"
}

@test "a paused container can be killed and deleted" {
	up
	hart pause "$ID"
	hart kill "$ID" KILL
	until_status "$ID" stopped
	hart delete "$ID"
	up
	hart pause "$ID"
	hart delete --force "$ID"
	same_host
}

@test "events --stats prints one record of statistics" {
	up
	hart events --stats "$ID" >report.json
	check '.type == "stats"' ".id == \"$ID\"" '.data | type == "object"' \
		'.data.cpu.usage.total | type == "number"'
}

@test "events at an interval go on until the container ends" {
	up
	timeout 30 "$HART" --root "$STATE" events --interval 100ms "$ID" >events 2>&1 3>&- &
	local pid=$!
	eventually "[ \$(wc -l <events) -ge 3 ]"
	hart kill "$ID" KILL
	wait $pid
	jq -es 'map(.type) | unique == ["stats"]' events
}

@test "features tells what is compiled in" {
	hart features >report.json
	check '.ociVersionMin == "1.0.0"' '.ociVersionMax | startswith("1.")' \
		'.hooks | index("createRuntime")' '.mountOptions | index("rbind")' \
		'.linux.namespaces | index("cgroup")' '.linux.capabilities | index("CAP_CHOWN")' \
		'.linux.cgroup.v2 == true' '.linux.seccomp.enabled == true' \
		'.linux.seccomp.actions | index("SCMP_ACT_NOTIFY")' \
		'.potentiallyUnsafeConfigAnnotations | map(startswith("org.hart.")) | any'
}

@test "every mount option that features lists is accepted" {
	local option failed=''
	mkdir d
	for option in $(hart features | jq -r '.mountOptions[]'); do
		case $option in
		# Not for a bind of a folder, or a kernel feature of some file systems only.
		idmap | ridmap | mand | iversion | remount | tmpcopyup | silent | loud | sync | dirsync) continue ;;
		esac
		bundle "$(args /probe exit 0)" ".mounts += [{destination: \"/data\", type: \"bind\",
			source: \"$PWD/d\", options: [\"bind\", \"$option\"]}]"
		run_bundle >why || failed+=" $option: $(cat why)"
	done
	[ -z "$failed" ] || { echo "refused:$failed"; return 1; }
}

@test "spec writes a config that runs, once" {
	mkdir new
	cp -al "$TEMPLATE" new/rootfs
	cd new
	hart spec
	refuses 'exist' hart spec
	jq "$(args /probe print ok) | .process.terminal = false" config.json >c
	mv c config.json
	[ "$(hart run "$ID" </dev/null)" = ok ]
}

@test "validate names every fault" {
	bundle '.process.cwd = 7' '.linux.namespaces[0].type = "nosuch"' '.hostname = ["x"]'
	local status=0
	hart validate "$BUNDLE" >out 2>&1 || status=$?
	[ "$status" != 0 ]
	grep -q /process/cwd out
	grep -q /linux/namespaces/0/type out
	grep -q /hostname out
	bundle
	hart validate "$BUNDLE"
}

@test "version and help" {
	hart --version | grep -Eq '^hart version [0-9]+\.|^hart [0-9]+\.'
	hart --version | grep -q 'spec: 1\.'
	hart --help | grep -q create
	hart create --help | grep -q -- --bundle
	refuses 'nosuchcommand' hart nosuchcommand
	refuses 'nosuchflag' hart list --nosuchflag
}

@test "update changes pids.max where the controller is there" {
	has_controller pids || skip "no pids controller in this tree"
	up
	hart update --pids-limit 33 "$ID"
	[ "$(cat "$(cgroup_of)/pids.max")" = 33 ]
}

@test "update of a controller that is missing names it" {
	! has_controller memory || skip "this tree has the memory controller"
	up
	refuses 'memory' hart update --memory 64M "$ID"
	refuses 'pids' hart update --pids-limit 5 "$ID"
}

@test "limits of a missing controller are refused at create and nothing is left" {
	! has_controller memory || skip "this tree has the memory controller"
	bundle '.linux.resources.memory.limit = 67108864'
	refuses 'memory' hart create --bundle "$BUNDLE" "$ID"
	same_host
}
