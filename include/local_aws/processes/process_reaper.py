"""The parent of one program: what a container's init process is to a container.

Run as `python -I -S process_reaper.py LIFELINE LOG NICE COMMAND...`, in a session of its own. It

- writes the program's output to LOG, each line with the time at which it came;
- passes SIGTERM on to the program;
- lets a program with a NICE above 0 also be the first to go when memory runs out;
- kills the program and all its descendants when LIFELINE, a pipe, is closed: the server holds
  the other end, so they die with the server however it dies, and on demand;
- leaves no descendant behind when the program ends, and exits with its code (128 + signal).

It imports nothing of this project, so that it starts in about 10 ms.
"""

import ctypes
import fcntl
import os
import select
import signal
import sys
import time

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LONGEST_LINE = 256 * 1024  # a CloudWatch event holds no more
_LARGEST_LOG = 128 << 20  # bytes of a stream that are kept at least are half of it
_BLOCK = 4096
_PUNCH_HOLE = 0x01 | 0x02  # and keep the size

_libc = ctypes.CDLL(None, use_errno=True)
_prctl = _libc.prctl


class Log:
    """A file of lines, each `<milliseconds> <text>`.

    It is locked for as long as lines may come, so that nobody removes it. Of more than
    `_LARGEST_LOG` the oldest lines give their disk back, and every offset stays as it was.
    What a full disk does not take is lost; how much is told when it takes lines again.
    """

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_SH)
        self._rest = b""
        self._lost = 0
        self._kept_from = 0

    def feed(self, data: bytes) -> None:
        """Take output as it comes; only whole lines are written."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            lines.append(self._rest)
            self._rest = b""
        stamp = b"%d " % (time.time() * 1000)
        if lines:
            self._write(stamp, b"".join(stamp + line[:_LONGEST_LINE] + b"\n" for line in lines))

    def _write(self, stamp: bytes, lines: bytes) -> None:
        told = b"local_aws: the disk was full: %d bytes of this log are lost\n" % self._lost
        if not self._written(stamp + told + lines if self._lost else lines):
            self._lost += len(lines)
            return
        self._lost = 0
        self._trim()

    def _written(self, data: bytes) -> bool:
        """Write all of it or, on a full disk, nothing."""
        before = os.fstat(self._fd).st_size
        try:
            if os.write(self._fd, data) == len(data):
                return True
        except OSError:
            pass
        os.ftruncate(self._fd, before)
        return False

    def _trim(self) -> None:
        size = os.fstat(self._fd).st_size
        if size - self._kept_from > _LARGEST_LOG:
            self._kept_from = (size - _LARGEST_LOG // 2) // _BLOCK * _BLOCK
            whole = ctypes.c_longlong(0), ctypes.c_longlong(self._kept_from)
            _libc.fallocate(self._fd, _PUNCH_HOLE, *whole)  # where the file system can

    def close(self) -> None:
        """Write what came without an end of line."""
        if self._rest:
            self.feed(b"\n")


def start(command: list[str], output: int, nice: int) -> int:
    """Fork and exec the program; its parent's death kills it. Returns its pid."""
    pid = os.fork()
    if pid:
        return pid
    try:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if nice:
            die_first()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGPIPE, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.umask(0o022)  # as in a container; the server's own files are its user's alone
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.execvp(command[0], command)
    except OSError as error:
        os.write(output, f"cannot start {command[0]}: {error.strerror}\n".encode())
    os._exit(127)


def die_first() -> None:
    """Be what the kernel ends when the machine is out of memory, before any server."""
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("800")
    except OSError:
        return  # not allowed here: then the largest goes


def descendants() -> list[int]:
    """The pids below this process; orphans count, for this process adopts them."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", "rb") as file:
                    parent = int(file.read().rpartition(b")")[2].split()[1])
            except OSError:
                continue
            parents.setdefault(parent, []).append(int(entry))
    found, queue = [], [os.getpid()]
    while queue:
        children = parents.get(queue.pop(), [])
        found += children
        queue += children
    return found


def kill_descendants() -> None:
    """Kill and reap until none is left; one that forks meanwhile is caught in the next round."""
    while pids := descendants():
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        reap()
        time.sleep(0.005)


def reap() -> dict[int, int]:
    """The exit statuses of all children that have ended, by pid."""
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended[pid] = status


def watch(program: int, lifeline: int, output: int, woken: int, log: Log) -> int:
    """Serve until the program has ended or the lifeline is cut; returns the exit code."""
    sources = [lifeline, output, woken]
    while True:
        ready, _, _ = select.select(sources, [], [])
        if lifeline in ready:
            return 128 + signal.SIGKILL
        if output in ready:
            data = os.read(output, 65536)
            log.feed(data)
            if not data:
                sources.remove(output)
        if woken in ready:
            os.read(woken, 512)
            ended = reap()
            if program in ended:
                code = os.waitstatus_to_exitcode(ended[program])
                return code if code >= 0 else 128 - code


def _ask_to_end(program: int) -> None:
    try:
        if program:
            os.kill(program, signal.SIGTERM)
    except ProcessLookupError:
        return  # it has ended already


def main(arguments: list[str]) -> int:
    """Run the command line that the module's docstring gives."""
    lifeline, log, command = int(arguments[0]), Log(arguments[1]), arguments[3:]
    os.nice(int(arguments[2]))
    os.set_inheritable(lifeline, False)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    program = 0
    signal.signal(signal.SIGTERM, lambda *_: _ask_to_end(program))
    output, program_end = os.pipe()
    program = start(command, program_end, int(arguments[2]))
    os.close(program_end)
    code = watch(program, lifeline, output, woken, log)
    kill_descendants()
    while data := os.read(output, 65536):
        log.feed(data)
    log.close()
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
