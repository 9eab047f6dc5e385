"""What a process and the kernel have used so far."""

import pathlib
import time


class Sample:
    """Of process `pid`, and of the kernel as a whole."""

    def __init__(self, pid):
        self.time = time.monotonic()
        self.cpu_s = cpu_seconds(pid)
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        self.resident = kilobytes(status, "VmRSS:")
        # Sockets, files, and what epoll notes of them are in the slab.
        self.kernel = kilobytes(
            pathlib.Path("/proc/meminfo").read_text(), "Slab:")
        self.buffers = tcp_buffers()

    def cpu_since(self, before):
        return self.cpu_s - before.cpu_s

    def seconds_since(self, before):
        return self.time - before.time


def cpu_seconds(pid):
    """Of all threads; in nanoseconds, which /proc/PID/stat does not have."""
    total = 0
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((thread / "schedstat").read_text().split()[0])
    return total / 1e9


def kilobytes(text, name):
    for line in text.splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    return 0


def tcp_buffers():
    """Bytes of packets that wait in TCP sockets."""
    for line in pathlib.Path("/proc/net/sockstat").read_text().splitlines():
        if line.startswith("TCP:"):
            fields = line.split()
            return int(fields[fields.index("mem") + 1]) * 4096
    return 0
