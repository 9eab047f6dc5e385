"""What the machine has to allow for many sockets: raised here where it may be,
and given back at the end."""

import contextlib
import math
import pathlib
import resource

SPARE_FILES = 100  # What a program opens beside its connections.
# Node, generator and the kernel's two sockets: an upper estimate.
BYTES_PER_CONNECTION = 20_000


class Limits:
    """How many connections one node and one generator may have here; `notes`
    says what was raised, and what the machine did not allow."""

    def __init__(self, wanted, files, notes):
        self.wanted = wanted
        self.files = files  # RLIMIT_NOFILE of every program we start.
        self.notes = notes
        self.connections = min(wanted, files - SPARE_FILES, in_memory())
        if self.connections < wanted:
            why = (f"a program may open no more than {files:,} files "
                   "(RLIMIT_NOFILE, and raising its hard limit was refused)"
                   if files - SPARE_FILES <= in_memory()
                   else "there is not enough free memory")
            notes.append(f"This machine does not allow {wanted:,} connections "
                         f"to one node: {why}. The largest count here is "
                         f"{self.connections:,}.")

    def source_addresses(self, connections):
        """So many that three quarters of their ports suffice."""
        low, high = (int(part) for part in
                     sysctl("net.ipv4.ip_local_port_range").split())
        return 1 + math.ceil(connections / (0.75 * (high - low + 1)))


@contextlib.contextmanager
def raised(wanted):
    """Limits for `wanted` connections. What holds for the whole system is as
    before at the end."""
    notes, before = [], {}
    files = wanted + SPARE_FILES
    try:
        raise_sysctl("fs.nr_open", [files], before, notes)
        allowed = Limits(wanted, raise_files(files), notes)
        most = allowed.connections
        for name, least in {
                "fs.file-max": [3 * most],
                "net.core.somaxconn": [4096],
                "net.ipv4.tcp_mem": [most // 4, most // 2, most],
                # Those of the run before are remembered for minutes.
                "net.netfilter.nf_conntrack_max": [3 * most]}.items():
            raise_sysctl(name, least, before, notes)
        yield allowed
    finally:
        for name, value in before.items():
            sysctl_file(name).write_text(value)


def raise_sysctl(name, least, before, notes):
    try:
        old = sysctl(name)
    except OSError:
        return  # Not of this kernel, such as connection tracking.
    values = [int(part) for part in old.split()]
    if all(value >= want for value, want in zip(values, least)):
        return
    new = " ".join(str(max(pair)) for pair in zip(values, least))
    try:
        sysctl_file(name).write_text(new)
    except OSError:
        notes.append(f"{name} is {old} and must not be raised to {new}.")
        return
    before[name] = old
    notes.append(f"{name} was raised from {old} to {new}.")


def raise_files(needed):
    """Gives the limit that programs started from here will have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        hard = needed
    for most in (max(hard, needed), hard):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
            return most
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def in_memory():
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024 // BYTES_PER_CONNECTION
    return 0


def sysctl(name):
    return " ".join(sysctl_file(name).read_text().split())


def sysctl_file(name):
    return pathlib.Path("/proc/sys") / name.replace(".", "/")
