"""Runs a command and prints as JSON what it took: wall time and CPU time (seconds), largest resident memory (KiB).

usage: measure.py COMMAND [ARGUMENT...]

It is a small process, so that starting the command costs next to nothing, and the kernel's own account of the child
(wait4(2)) misses no peak. What the command prints on stdout is dropped. The kernel counts in the memory of the fork,
which is this process's: a figure below 10 MiB or so cannot be told.
"""
import json
import os
import sys
import time

null = os.open(os.devnull, os.O_WRONLY)
begin = time.perf_counter()
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
_, status, usage = os.wait4(pid, 0)
seconds = time.perf_counter() - begin
code = os.waitstatus_to_exitcode(status)
if code != 0:
    sys.exit(f"{sys.argv[1]} ended with {code}")
print(json.dumps({"seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss}))
