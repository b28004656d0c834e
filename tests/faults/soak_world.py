# SPDX-License-Identifier: Apache-2.0
"""soak_world: the services and containers of `soak`, and what must be true of them at any time."""
import json
import os
import random
import re
import shutil
import signal
import subprocess
import threading
import time

from host import HART, Host

SERVICE_BIN = os.path.join(os.path.dirname(os.path.realpath(HART)), "../../tests/service")
# A hang, not slowness: the machine may be busy with other things.
HANGS_S = 60


class Faults:
    """What was found, with what was done right before."""

    def __init__(self):
        self.lock, self.found, self.recent = threading.Lock(), [], []

    def note(self, text):
        with self.lock:
            self.recent = self.recent[-400:] + [f"{time.monotonic():.3f} {text}"]

    def add(self, text):
        with self.lock:
            self.found.append(f"{time.monotonic():.3f} {text}")
            if len(self.found) == 1:
                print("# before the first fault:\n#   " + "\n#   ".join(self.recent[-60:]), flush=True)
            print(f"# FAULT {text}", flush=True)


class World:
    """hart with a state root of its own, and how its commands end."""

    def __init__(self, work, seed):
        self.work, self.seed, self.faults = work, seed, Faults()
        self.host = Host(os.path.join(work, "state"))
        self.counts, self.said, self.lock = {}, {}, threading.Lock()

    def count(self, what, how, text):
        said = how == "refused" and text[:1] != "{" and text.splitlines()[-1:]
        said = said and f"{what}: {re.sub('[0-9]+|alone|elder|both|port|plain', 'N', said[0])}"
        with self.lock:
            self.counts[what, how] = self.counts.get((what, how), 0) + 1
            if said:
                self.said[said] = self.said.get(said, 0) + 1

    def hart(self, rng, *args, may_kill=False):
        """(status, what it says); None as status when it was killed at some moment."""
        killed_at = rng.expovariate(1 / 0.015) if may_kill and rng.random() < 0.15 else None
        path = os.path.join(self.work, f"said.{threading.get_ident()}")
        with open(path, "w+b") as said:
            p = subprocess.Popen(self.host.command(*args), stdin=subprocess.DEVNULL, stdout=said, stderr=said)
            try:
                p.wait(timeout=HANGS_S if killed_at is None else killed_at)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
                if killed_at is None:
                    self.faults.add(f"hangs: {' '.join(args)}")
            said.seek(0)
            text = said.read().decode(errors="replace").strip()
        status = None if killed_at is not None and p.returncode == -signal.SIGKILL else p.returncode
        how = "killed" if status is None else "done" if status == 0 else "refused"
        self.count(args[0], how, text)
        self.faults.note(f"{' '.join(a for a in args if not a.startswith('/'))}: {how} {text[:200]}")
        if status is not None and (status < 0 or status in (134, 139) or "Sanitizer" in text):
            self.faults.add(f"crashed: {' '.join(args)}: status {status}: {text[-2000:]}")
        return status, text

    def json(self, *args):
        """What a command prints; None when it fails."""
        r = subprocess.run(self.host.command(*args), stdin=subprocess.DEVNULL, timeout=HANGS_S,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        try:
            return json.loads(r.stdout) if r.returncode == 0 else None
        except ValueError:
            self.faults.add(f"no JSON from {' '.join(args)}: {r.stdout[:500]!r}")
            return None

    def bundle(self, name, args, witness, host_network=False):
        folder = os.path.join(self.work, name)
        for sub in ("dev", "etc", "proc", "sys", "witness"):
            os.makedirs(os.path.join(folder, "rootfs", sub))
        shutil.copy(os.path.join(SERVICE_BIN, "web"), os.path.join(folder, "rootfs/web"))
        subprocess.run([HART, "spec"] + ["--host-network"] * host_network, cwd=folder, check=True)
        path = os.path.join(folder, "config.json")
        with open(path, encoding="utf-8") as f:
            config = json.load(f)
        config["process"]["terminal"] = False
        config["process"]["args"] = args
        config["mounts"].append({"destination": "/witness", "source": witness, "type": "bind", "options": ["bind", "rw"]})
        with open(path, "w", encoding="utf-8") as f:
            json.dump(config, f)
        return folder


class Witness:
    """What each program of an ID wrote as it began: its generation, and whether another one was alive."""

    def __init__(self, work, name):
        self.folder = os.path.join(work, f"witness-{name}")
        self.name, self.at, self.last, self.overlaps = name, 0, 0, 0
        os.makedirs(self.folder)

    def look(self, faults, may_overlap, has_generations):
        path = os.path.join(self.folder, "log")
        if not os.path.exists(path):
            return
        with open(path, encoding="utf-8") as f:
            f.seek(self.at)
            new = f.read()
        new = new[:new.rfind("\n") + 1]
        self.at += len(new)
        for line in new.splitlines():
            number = int(line.split()[0])
            if line.endswith("twice"):
                self.overlaps += 1
                if self.overlaps > may_overlap:
                    faults.add(f"{self.name}: two at once: {line}")
            if has_generations and number <= self.last:
                faults.add(f"{self.name}: generation {number} after {self.last}")
            self.last = number

    def forget(self):
        """A new service begins at generation 1."""
        self.last = 0


class Service:
    """A service and who asks it. While it is `up` somebody has to answer."""

    def __init__(self, world, name, address, flags, args, *, exclusive, host_network=False):
        self.world, self.name, self.address, self.flags, self.exclusive = world, name, address, flags, exclusive
        self.witness = Witness(world.work, name)
        folder = self.witness.folder
        args = ["/web", *(["-w", "/witness/log"] if exclusive is not None else []), *args]
        self.bundle = world.bundle(f"{name}.a", args, folder, host_network)
        self.other = world.bundle(f"{name}.b", args, folder, host_network)
        self.broken = world.bundle(f"{name}.c", [*args, "-x", "1"], folder, host_network)
        self.lock, self.lives, self.up_since, self.overlaps, self.answers = threading.Lock(), 0, None, 0, 0
        self.shim_down_until = 0.0

    def run(self, rng, may_kill=False):
        """Deletes what there is, and begins anew."""
        with self.lock:
            self.up_since = None
            for _ in range(3):
                if self.world.hart(rng, "delete", "--force", self.name, may_kill=may_kill)[0] is not None:
                    break
            self.lives += 1
            mode = rng.choice(("warm", "warm", "cold", "hot", "frozen")) if self.exclusive is None else "warm"
            status, said = self.world.hart(rng, "run", "-d", "--standby", "self", "--standby-mode", mode, "--backoff", "10ms:100ms",
                                           "--window", "3s", "--stop-timeout", "3s", *self.flags, self.bundle, self.name,
                                           may_kill=may_kill)
            if status == 0:
                self.up_since = time.monotonic()
            # Another client may have killed the shim that it had just found.
            elif status is not None and "exists" not in said and "the shim was killed" not in said:
                self.world.faults.add(f"{self.name} does not start: {said}")

    def status(self):
        return self.world.json("status", "--json", self.name) or {}

    def shim(self):
        return (self.status().get("shim") or {}).get("pid")

    def ask(self):
        """(generation, member) of who answers, None."""
        r = subprocess.run([os.path.join(SERVICE_BIN, "ask"), "-t", "10000", self.address], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, check=False)
        if r.returncode:
            return None
        answer = json.loads(r.stdout)
        return answer["generation"], answer["member"]

    def is_well(self):
        s = self.status()
        return s.get("state") == "active" and s.get("shim") and any(
            m["state"] in ("warm", "hot", "absent") for m in s["members"]) and self.ask()

    def watch(self, stop):
        """A client without end: while the service is up somebody answers, and no answer is older than the one before."""
        silent_since, life, newest = None, 0, 0
        while not stop.is_set():
            up, now_life = self.up_since, self.lives
            answer = self.ask()
            if answer:
                self.answers += 1
            if now_life != self.lives or up != self.up_since or up is None:
                silent_since = None
            elif answer:
                if self.exclusive and life == now_life and answer[0] < newest:
                    self.world.faults.add(f"{self.name}: generation {answer[0]} answers after {newest}")
                silent_since, life, newest = None, now_life, answer[0]
            elif silent_since is None:
                silent_since = time.monotonic()
            elif time.monotonic() - silent_since > HANGS_S:
                self.world.faults.add(f"{self.name}: nobody serves: {self.status()}")
                silent_since = None
            time.sleep(0.05)


class Plain:
    """A container under an ID that several clients use at once."""

    def __init__(self, world, name):
        self.world, self.name, self.witness = world, name, Witness(world.work, name)
        self.bundle = world.bundle(name, ["/web", "-w", "/witness/log", "-l", "tcp::8080"], self.witness.folder)
        self.overlay = os.path.join(world.work, f"upper-{name}")
        os.makedirs(self.overlay)


def rng_of(world, number):
    return random.Random(world.seed * 1000 + number)
