# SPDX-License-Identifier: Apache-2.0
"""host: what the fault tests share: hart with a state root of one's own, and whether the host is as before."""
import os
import subprocess
import tempfile
import time

HART = os.environ["HART"]
NAMES = ("busybox", "sleep", "true", "hart", "3", "web")


class Host:
    def __init__(self, state):
        self.state = state
        os.mkdir(state)

    def command(self, *args):
        return [HART, "--root", self.state, *args]

    def hart(self, *args, timeout=30):
        """(status, what it says)"""
        # A file: containers keep their creator's stderr, and a pipe would not end before they do.
        with tempfile.TemporaryFile() as err:
            r = subprocess.run(self.command(*args), stdin=subprocess.DEVNULL, timeout=timeout,
                               stdout=subprocess.DEVNULL, stderr=err, check=False)
            err.seek(0)
            return r.returncode, err.read().decode().strip()

    def snapshot(self):
        """What a container could leave on the host."""
        with open("/proc/self/mountinfo", encoding="utf-8") as f:
            mounts = sorted(line.split(" ", 2)[2] for line in f)
        cgroups = sorted(path for path, _, _ in os.walk("/sys/fs/cgroup"))
        files = sorted(os.path.join(path, name) for path, dirs, names in os.walk(self.state)
                       for name in dirs + names if "seccomp~cache" not in path + name)
        processes = set()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/comm", encoding="utf-8") as f:
                    name = f.read().strip()
                os.readlink(f"/proc/{pid}/exe")  # neither a kernel thread nor a zombie
            except OSError:
                continue
            if name in NAMES:
                processes.add((pid, name))
        return {"mounts": mounts, "cgroups": cgroups, "files": files, "processes": sorted(processes)}

    def differences(self, before):
        """Empty when the host is as before; what dies asynchronously gets two seconds."""
        for _ in range(40):
            after = self.snapshot()
            if after == before:
                return []
            time.sleep(0.05)
        return [f"{key}: {sorted(set(map(str, after[key])) ^ set(map(str, before[key])))}"
                for key in before if after[key] != before[key]]
