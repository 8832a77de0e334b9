"""Starts a command and tells what it took: `python -I -S launch.py FILE COMMAND…`.

A process begins with the maximum resident size of the one that started it. That of a benchmark is
that of all posts and pages it has read; this program's is that of a bare Python. FILE gets wall
seconds and maximum resident size of the command, and CPU seconds of this program, as JSON.
"""

import json
import os
import sys
import time


def main() -> None:
    """Start the command, wait for it, tell, and end as it did."""
    start = time.monotonic()
    child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
    _, status, usage = os.wait4(child, 0)
    wall = time.monotonic() - start
    with open(sys.argv[1], "w") as told:
        json.dump([wall, usage.ru_maxrss, time.process_time()], told)
    sys.exit(1 if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


if __name__ == "__main__":
    main()
