"""Runs a daemon until the tests are gone, however they ended; then ends all that came of it.

Arguments: the daemon's directory, which is removed, and its command. The tests hold the other end
of standard input and never write to it.
"""
import ctypes
import glob
import os
import shutil
import signal
import subprocess
import sys

PR_SET_CHILD_SUBREAPER = 36


def descendants():
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", "rb") as stat:
                    parents[int(entry)] = int(stat.read().rpartition(b")")[2].split()[1])
            except OSError:
                pass  # It has ended.
    found = {os.getpid()}
    while True:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        if not more:
            return found - {os.getpid()}
        found |= more


def end_all():
    """Whoever loses its parent becomes our child, so that waiting tells when nobody is left."""
    while True:
        for pid in descendants():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            os.wait()
        except ChildProcessError:
            return


def mounts_below(directory):
    with open("/proc/self/mountinfo") as mounts:
        points = [line.split(" ")[4] for line in mounts]
    return sorted((point for point in points if point.startswith(directory + "/")), reverse=True)


def main():
    directory, *command = sys.argv[1:]
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with open(directory + "/log", "wb") as log:
        # What containers leave in the current directory goes with it.
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=directory)
    # Whatever the daemon leaves behind meanwhile ends without being waited for.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    sys.stdin.buffer.read()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    end_all()
    for point in mounts_below(directory):
        subprocess.run(["umount", "-l", point], check=False)
    shutil.rmtree(directory, ignore_errors=True)
    for group in glob.glob("/sys/fs/cgroup/*/libpod_parent/*/") + glob.glob("/sys/fs/cgroup/*/libpod_parent/"):
        try:
            os.rmdir(group)
        except OSError:
            pass  # Somebody else's containers are in it.


main()
