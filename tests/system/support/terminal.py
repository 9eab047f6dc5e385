"""Runs a program in a terminal of its own, for tests.

    terminal.py COLUMNS ROWS PROGRAM [ARGUMENT…]

What the program writes comes on stdout, as it is. Lines on stdin say what is
done to it, as JSON: {"keys": "jq"}, {"size": [COLUMNS, ROWS]}, {"signal": 15}.
When it has ended, the last line on stderr says how, as JSON: its code or its
signal, and whether the terminal is set as before."""

import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios


def set_size(terminal, columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ,
                struct.pack("HHHH", rows, columns, 0, 0))


def start(columns, rows, program):
    master, slave = pty.openpty()
    set_size(slave, columns, rows)
    child = os.fork()
    if child == 0:
        os.close(master)
        login(slave)
        os.execvp(program[0], program)
    return child, master, slave


def login(slave):
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for descriptor in (0, 1, 2):
        os.dup2(slave, descriptor)
    if slave > 2:
        os.close(slave)


def obey(line, child, master):
    what = json.loads(line)
    if "keys" in what:
        os.write(master, what["keys"].encode())
    if "size" in what:
        set_size(master, *what["size"])
    if "signal" in what:
        os.kill(child, what["signal"])


def relay(child, master):
    """Until the program has ended; what it wrote last is read, too."""
    begun = b""
    sources = [0, master]
    while True:
        ready, _, _ = select.select(sources, [], [], 0.05)
        if master in ready:
            sys.stdout.buffer.write(os.read(master, 65536))
            sys.stdout.buffer.flush()
        if 0 in ready:
            came = os.read(0, 65536)
            if not came:
                sources.remove(0)
            begun += came
            *lines, begun = begun.split(b"\n")
            for line in lines:
                obey(line, child, master)
        if not ready:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return status


def main():
    columns, rows, *program = sys.argv[1:]
    child, master, slave = start(int(columns), int(rows), program)
    before = termios.tcgetattr(slave)
    status = relay(child, master)
    signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
    restored = termios.tcgetattr(slave) == before
    print(json.dumps({"code": code, "signal": signal, "restored": restored}),
          file=sys.stderr)


main()
