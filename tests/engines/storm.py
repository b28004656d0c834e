#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Thousands of events out of few requests, and whether containerd told each of them, in order.

storm.py run ADDRESS CONTAINER COUNT [AT_ONCE]   Exec, Start, Wait, Delete of COUNT processes over one connection
storm.py check FILE COUNT CONTAINER...           what `ctr events` has printed of that
"""
import collections
import json
import socket
import struct
import sys

from ttrpc import field, fields

PROCESS = json.dumps({"args": ["/bin/true"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}})
TOPICS = ("create", "start", "exit", "delete"), ("exec-added", "exec-started", "exit")


class Shim:
    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(120)
        self.socket.connect(address.removeprefix("unix://"))
        self.stream = 1
        self.data = b""

    def ask(self, method, message):
        request = field(1, b"containerd.task.v2.Task") + field(2, method.encode()) + field(3, message)
        self.socket.sendall(struct.pack(">IIBB", len(request), self.stream, 1, 0) + request)
        self.stream += 2
        return self.stream - 2

    def answer(self):
        """The stream of the next answer, which must be no failure."""
        while len(self.data) < 10 or len(self.data) < 10 + struct.unpack(">I", self.data[:4])[0]:
            more = self.socket.recv(65536)
            if not more:
                sys.exit("the shim has hung up")
            self.data += more
        length, stream = struct.unpack(">II", self.data[:8])
        for number, value in fields(self.data[10:10 + length]):
            if number == 1 and dict(fields(value)).get(1):
                sys.exit(f"a request failed: {dict(fields(value))}")
        self.data = self.data[10 + length:]
        return stream


def run(address, container, count, at_once=20):
    """Each process has two requests under way: its end is waited for from before its start."""
    shim, waiting, begun, ended = Shim(address), {}, 0, 0
    spec = field(1, b"types.containerd.io/opencontainers/runtime-spec/1/Process") + field(2, PROCESS.encode())

    def names(i):
        return field(1, container.encode()) + field(2, f"e{i}".encode())

    while ended < count:
        while begun < count and len(waiting) < 2 * at_once:
            waiting[shim.ask("Exec", names(begun) + field(7, spec))] = ("Exec", begun)
            begun += 1
        method, i = waiting.pop(shim.answer())
        if method == "Exec":
            waiting[shim.ask("Wait", names(i))] = ("Wait", i)
            waiting[shim.ask("Start", names(i))] = ("Start", i)
        elif method == "Wait":
            waiting[shim.ask("Delete", names(i))] = ("Delete", i)
        elif method == "Delete":
            ended += 1
    while waiting:
        waiting.pop(shim.answer())


def read_events(path):
    """(container, process) -> its topics; container -> whose exits, both in the order of the file."""
    topics, exits = collections.defaultdict(list), collections.defaultdict(list)
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if " /tasks/" not in line:
                continue
            topic, event = line.split(" /tasks/", 1)[1].split(" ", 1)
            event = json.loads(event)
            container = event["container_id"]
            process = event.get("exec_id") or event.get("id") or container
            topics[container, process].append(topic)
            if topic == "exit":
                exits[container].append(process)
    return topics, exits


def check(path, count, *containers):
    topics, exits = read_events(path)
    faults = []
    for container in containers:
        wanted = {container: TOPICS[0], **{f"e{i}": TOPICS[1] for i in range(count)}}
        for process, of in wanted.items():
            if tuple(topics[container, process]) != of:
                faults.append(f"{container} {process}: {topics[container, process]}")
        if exits[container][-1:] != [container]:
            faults.append(f"{container}: its init's exit is not the last one")
    print(f"{sum(map(len, topics.values()))} events")
    if faults:
        sys.exit("\n".join([f"{len(faults)} faults", *faults[:20]]))


def main():
    if sys.argv[1] == "run":
        run(*sys.argv[2:4], *map(int, sys.argv[4:]))
    else:
        check(sys.argv[2], int(sys.argv[3]), *sys.argv[4:])


main()
