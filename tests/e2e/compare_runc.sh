#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# compare_runc: the same command lines on hart and on the installed runc, each with its own state
# root and bundle; exit statuses must be equal, and outputs where the line says so. Needs root, a
# cgroup v2 host, busybox and jq. Exits with 77 without runc. Usage: compare_runc.sh HART
# shellcheck disable=SC2016 # $ is for the container's shell
set -u
hart=$(realpath "$1")
command -v runc >/dev/null || { echo "SKIP: no runc"; exit 77; }
busybox=$(command -v busybox) || exit 1
work=$(mktemp -d)
failed=0 ran=0

clean_up() {
	for id in c1 c2 c3; do
		runc --root "$work/runc/state" delete -f $id
		"$hart" --root "$work/hart/state" delete -f $id
	done >/dev/null 2>&1
	rm -rf "$work"
}
trap clean_up EXIT

make_bundle() { # FOLDER
	mkdir -p "$1/bundle/rootfs/bin" "$1/bundle/rootfs/"{proc,sys,dev,etc,tmp} "$1/state"
	cp "$busybox" "$1/bundle/rootfs/bin/busybox"
	"$1/bundle/rootfs/bin/busybox" --install -s "$1/bundle/rootfs/bin"
	for link in "$1"/bundle/rootfs/bin/*; do
		[[ -L $link ]] && ln -sf /bin/busybox "$link"
	done
	# A cgroup of its own: both sides would use the one named by the ID.
	(cd "$1/bundle" && runc spec &&
		jq ".process.terminal = false | .linux.cgroupsPath = \"/compare-${1##*/}\"" \
			config.json >config.new && mv config.new config.json)
}

# Changes both bundles' config by a jq filter. Newer runcs leave a container behind now and then.
config() {
	runc --root "$work/runc/state" delete -f c3 2>/dev/null
	for side in runc hart; do
		jq "$1" "$work/$side/bundle/config.json" >"$work/config.json"
		cp "$work/config.json" "$work/$side/bundle/config.json"
	done
}

# The same with the side's own bundle as $bundle.
config_with_bundle() {
	for side in runc hart; do
		jq --arg bundle "$work/$side/bundle" "$1" "$work/$side/bundle/config.json" >"$work/config.json"
		cp "$work/config.json" "$work/$side/bundle/config.json"
	done
}

# The program of both bundles' containers.
program() {
	config ".process.args = $(jq -cn '$ARGS.positional' --args -- "$@")"
}

# What differs by nature: process IDs, times, the side's own folder.
normal() { # SIDE FILE
	sed -E -e "s|$work/$1|WORK|g" -e 's/"pid": ?[1-9][0-9]*/"pid": PID/' \
		-e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/TIME/g' \
		-e 's/^([a-z0-9]+ +)[1-9][0-9]* +/\1PID /' -e 's/("owner": ?)"[a-z]*"/\1OWNER/' \
		-e 's/ +/ /g' "$2"
}

run_side() { # SIDE BINARY ARGUMENTS...
	local side=$1 binary=$2
	shift 2
	(cd "$work/$side/bundle" && timeout -k 5 60 "$binary" --root "$work/$side/state" "$@") \
		</dev/null >"$work/$side.out" 2>"$work/$side.err"
	echo $? >"$work/$side.status"
}

# The same on a terminal of its own, with the output in a file all the same. At the end of its input script types
# something, so that must not come.
run_side_on_terminal() { # SIDE BINARY ARGUMENTS...
	local side=$1
	shift
	export side_out=$work/$side.out side_err=$work/$side.err
	(cd "$work/$side/bundle" && timeout -k 5 60 script -qec \
		"${*@Q} >\"\$side_out\" 2>\"\$side_err\"" /dev/null) < <(exec sleep 60 2>/dev/null) >/dev/null
	echo $? >"$work/$side.status"
}

agree() {
	ran=$((ran + 1))
	echo "ok $ran - $1"
}

complain() {
	ran=$((ran + 1)) failed=$((failed + 1))
	echo "not ok $ran - $1"
	for side in runc hart; do
		echo "# $side: status $(<"$work/$side.status")"
		head -c 500 "$work/$side.out" | sed 's/^/#   out: /'
		head -c 500 "$work/$side.err" | sed 's/^/#   err: /'
	done
}

# same [-o] [-e REGEX] ARGUMENTS...: equal statuses; -o: equal outputs; -e: both errors match.
same() {
	local output=no regex='' line
	while :; do
		case $1 in
		-o) output=yes ;;
		-e) regex=$2; shift ;;
		*) break ;;
		esac
		shift
	done
	line=$*
	run_side runc runc "$@"
	run_side hart "$hart" "$@"
	if ! cmp -s "$work/runc.status" "$work/hart.status"; then
		complain "$line: statuses"
	elif [[ $output == yes &&
		$(normal runc "$work/runc.out") != "$(normal hart "$work/hart.out")" ]]; then
		complain "$line: outputs"
	elif [[ -n $regex ]] && ! { grep -qiE -- "$regex" "$work/runc.err" &&
		grep -qiE -- "$regex" "$work/hart.err"; }; then
		complain "$line: errors, wanted: $regex"
	else
		agree "$line"
	fi
}

# bears ARGUMENTS...: it succeeds, as with runc up to 1.3; newer ones refuse what is found in the wild.
bears() {
	run_side runc runc "$@"
	run_side hart "$hart" "$@"
	if [[ $(<"$work/hart.status") == 0 && $(<"$work/runc.status") == [01] ]]; then
		agree "borne: $*"
	else
		complain "borne: $*"
	fi
}

# same_on_terminal ARGUMENTS...: the same status and, byte for byte, the same output.
same_on_terminal() {
	run_side_on_terminal runc runc --root "$work/runc/state" "$@"
	run_side_on_terminal hart "$hart" --root "$work/hart/state" "$@"
	if cmp -s "$work/runc.status" "$work/hart.status" && cmp -s "$work/runc.out" "$work/hart.out"; then
		agree "on a terminal: $*"
	else
		complain "on a terminal: $*"
	fi
}

# same_file NAME: what both have left in their bundles, and something.
same_file() {
	if [[ -s $work/runc/bundle/$1 ]] && cmp "$work/runc/bundle/$1" "$work/hart/bundle/$1"; then
		agree "file $1"
	else
		complain "file $1"
	fi
}

# differs WHY STATUS ARGUMENTS...: on purpose: runc succeeds, hart ends with STATUS.
differs() {
	local want=$2
	shift 2
	run_side runc runc "$@"
	run_side hart "$hart" "$@"
	if [[ $(<"$work/runc.status") == 0 && $(<"$work/hart.status") == "$want" ]]; then
		agree "on purpose differently: $*"
	else
		complain "$*: wanted 0 and $want"
	fi
}

make_bundle "$work/runc"
make_bundle "$work/hart"

# Command lines that are wrong.
same bogus
same create
same -e 'flag provided but not defined: -foo' create --foo x
same create x --bundle
same create a b c
same kill
same kill x y z
same exec
same features x
same -e 'invalid log-format' --log-format xml list
same -e 'invalid format option' list -f xml
same -e 'exists' spec
same -e 'invalid' create '..'
same -e 'invalid' create 'a:b'

# No such container.
for line in "state none" "kill none" "delete none" "start none" "exec none true" "pause none" \
	"resume none" "ps none" "events --stats none" "update --memory 1m none"; do
	# shellcheck disable=SC2086
	same -e 'does not exist' $line
done
same delete --force none
same -o list
same -o list -q

# A running container.
program sleep 100
same run -d c1
same -e 'exist' run -d c1
same -o state c1
same -o list
same -o list -q
same -e 'already running' start c1
same -e 'not stopped' delete c1
same -o exec c1 echo hello
same exec c1 true
same exec c1 false
same exec c1 sh -c 'exit 7'
same exec c1 sh -c 'kill -9 $$'
same -e 'executable file not found in' exec c1 -- true
same -e 'no such file or directory' exec c1 /nonexist
same -e 'executable file not found in' exec c1 nonexist
same -e 'permission denied|is a directory' exec c1 /etc
same exec c1
same exec -u 1:x c1 id
same -o exec -user=1:2 c1 id -u
same -o exec -u 5 -g 7 -g 8 c1 id
same -e 'no such file or directory' exec --cwd /nope c1 true
same exec --cwd=tmp c1 true
same -o exec --cwd /tmp c1 pwd
same -o exec -e A=1 -e B=2 c1 sh -c 'echo $A$B'
same exec -t=false c1 true
same -e 'parse error' exec -t=maybe c1 true
same -e 'parse error' exec --preserve-fds=x c1 true
same -e 'no such file or directory' exec --process /nope.json c1
same kill c1 0
same -o exec --user '' --cwd '' c1 sh -c 'id -u; pwd'
same -o exec -e HOME= c1 sh -c 'echo $HOME'
same -e 'unknown signal' kill c1 BOGUS
same kill c1 999
same pause c1
same -o state c1
same exec c1 true
same resume c1
same -o state c1
same kill -a c1 KILL
sleep 0.5
same -e 'container not running' kill c1 KILL
same kill -a c1 KILL
same -o state c1
same exec c1 true
same start c1
same pause c1
same -o list
same delete c1
same delete c1

# created, and its ends.
same create c2
same -o state c2
same exec c2 true
same start c2
same delete c2 -f
same create c2
same delete c2
same create --pid-file "$work/pid" c2
same kill c2 KILL
sleep 0.3
same delete c2
same -o list -q

# run, and programs that do not start.
program sh -c 'echo out; echo err >&2; exit 9'
same -o run c3
same -o --debug=false run --keep c3
same -o state c3
same delete c3
same run c3 -d
sleep 0.3
same -o state c3
same delete c3
program sh -c 'kill -TERM $$; sleep 5'
same run c3
program /nonexist
same -e 'no such file or directory' run c3
same -e 'no such file or directory' create c3
same -o list
program nonexist
same -e 'executable file not found in' run c3
program /etc
same -e 'permission denied|is a directory' run c3
same -e 'no such file or directory' run -b /nope c3
same run -b /tmp c3
same create --console-socket /nope c3
config '.process.terminal = true'
same create c3
same run -d c3
same run c3
same create --console-socket /nope c3
same -o list -q
config '.process.terminal = false'
same run -d --console-socket /nope c3
same run --pid-file /nope/pid c3
same create --pid-file /nope/pid c3
same create --preserve-fds 7 c3
same -o list -q

# config.json that cannot be.
config '.process.args = []'
same run c3
config '.process.args = ["true"] | .process.cwd = "tmp"'
same run c3
config '.process.cwd = "/" | .root.path = "nope"'
same -e 'no such file or directory' run c3
config '.root.path = "rootfs" | .ociVersion = "3.0.0"'
differs "a later major version may mean anything" 1 run c3
config '.ociVersion = "1.0.2" | .mounts += [{"destination": "/x", "type": "nofs", "source": "x"}]'
same -e 'no such device' run c3
config 'del(.mounts[-1]) | .process.rlimits = [{"type": "RLIMIT_NOPE", "soft": 1, "hard": 1}]'
same run c3
config 'del(.process.rlimits) | .process.user = {"uid": 1, "gid": 2, "additionalGids": [3]}'
program id
same -o run c3
config '.mounts += [{"destination": "/made", "type": "tmpfs", "source": "t"}]'
program stat -c %a /made
same -o run c3
same -o list -q

# Found in the wild.
config 'del(.mounts[-1]) | .process.user = {"uid": 0, "gid": 0}'
cp "$work/hart/bundle/config.json" "$work/plain.json"
again() {
	for side in runc hart; do
		jq ".linux.cgroupsPath = \"/compare-$side\"" "$work/plain.json" >"$work/$side/bundle/config.json"
	done
}
again
program true
config '.linux.resources.pids = {"limit": 0}'
bears run c3
again
mkdir "$work/given"
echo here >"$work/given/file"
config_with_bundle '.mounts += [{"destination": "/given", "type": "bind", "source": "'"$work"'/given", "options": ["bind"]},
	{"destination": "/late", "type": "bind", "source": ($bundle + "/rootfs/given/file"), "options": ["bind"]}]'
program cat /late
same -o run c3
again
config '(.mounts[] | select(.type == "cgroup") | .options) += ["nosuch"]'
program true
same -e 'invalid argument' run c3
again
config '.linux.intelRdt = {} | .process.ioPriority = {"class": "IOPRIO_CLASS_BE"}'
bears run c3
again
config '.linux.devices = [{"path": "/dev/mine/", "type": "c", "major": 1, "minor": 3}]'
program ls /dev/mine
same -o run c3
again
config '.linux.maskedPaths = ["/proc/keys", "/proc/keys"]'
program true
same run c3
again
config '.process.capabilities.ambient = ["CAP_SYS_ADMIN"]'
same run c3
again
program sh -c 'ls -l /bin/busybox >/dev/null; echo $$ >/dev/null; exit 3'
config '.hooks = {"poststart": [{"path": "/bin/false"}]}'
same run c3
same -o list -q

# A terminal whose output goes elsewhere: lines end in \n alone.
again
config '.process.terminal = true'
program printf 'one\ntwo\n'
same_on_terminal run c3

# Hooks that name no environment: the runtime's, in the container the process's.
again
config_with_bundle '.root.readonly = false | .process.env = ["PATH=/bin", "MARK=process"] |
	.hooks = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", "echo $MARK >" + $bundle + "/of_runtime"]}],
	"startContainer": [{"path": "/bin/sh", "args": ["sh", "-c", "echo $MARK >/of_container"]}]}'
program true
export MARK=runtime
same run c3
unset MARK
same_file of_runtime
same_file rootfs/of_container

[[ $failed == 0 ]]
