"""Parent process of a program, like the init process of a container.

Run as `python -I -S process_reaper.py LIFELINE LOG NICE COMMAND...`, in a new session. It

- writes the program's output to LOG, each line with its time;
- forwards SIGTERM to the program;
- makes a program with a NICE above 0 the first to be killed when memory runs out;
- kills the program and all its descendants when the pipe LIFELINE is closed. The server holds
  the other end, so the processes end with the server, or when the server closes the pipe;
- kills the descendants when the program ends, and exits with its code (128 + signal number).

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
_MAX_LINE_BYTES = 256 * 1024  # the limit of a CloudWatch event
_MAX_LOG_BYTES = 128 << 20  # bytes; at least half of it is kept
_BLOCK = 4096
_PUNCH_HOLE = 0x01 | 0x02  # FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE

_libc = ctypes.CDLL(None, use_errno=True)
_prctl = _libc.prctl


class Log:
    """A file of lines `<milliseconds> <text>`.

    The file is locked while lines may be written, so that it is not deleted. Above
    `_MAX_LOG_BYTES` the disk space of the oldest lines is freed, and offsets stay the same.
    Lines that do not fit on a full disk are lost; a later line reports the number of bytes.
    """

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_SH)
        self._rest = b""
        self._lost = 0
        self._kept_from = 0

    def feed(self, data: bytes) -> None:
        """Add output. Only complete lines are written."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _MAX_LINE_BYTES:
            lines.append(self._rest)
            self._rest = b""
        stamp = b"%d " % (time.time() * 1000)
        if lines:
            self._write(stamp, b"".join(stamp + line[:_MAX_LINE_BYTES] + b"\n" for line in lines))

    def _write(self, stamp: bytes, lines: bytes) -> None:
        notice = b"local_aws: the disk was full: %d bytes of this log are lost\n" % self._lost
        if not self._try_write(stamp + notice + lines if self._lost else lines):
            self._lost += len(lines)
            return
        self._lost = 0
        self._trim()

    def _try_write(self, data: bytes) -> bool:
        """Write all of the data, or nothing if the disk is full; return whether it was written."""
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
        if size - self._kept_from > _MAX_LOG_BYTES:
            self._kept_from = (size - _MAX_LOG_BYTES // 2) // _BLOCK * _BLOCK
            offset_and_length = ctypes.c_longlong(0), ctypes.c_longlong(self._kept_from)
            _libc.fallocate(self._fd, _PUNCH_HOLE, *offset_and_length)  # where supported

    def close(self) -> None:
        """Write the last line if it has no line end."""
        if self._rest:
            self.feed(b"\n")


def start(command: list[str], output: int, nice: int) -> int:
    """Start the program and return its pid; the kernel kills it when this process ends."""
    pid = os.fork()
    if pid:
        return pid
    try:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if nice:
            prefer_oom_kill()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGPIPE, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.umask(0o022)  # as in a container; the server itself uses 0o077
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.execvp(command[0], command)
    except OSError as error:
        os.write(output, f"cannot start {command[0]}: {error.strerror}\n".encode())
    os._exit(127)


def prefer_oom_kill() -> None:
    """Have the kernel kill this process before servers when memory runs out."""
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("800")
    except OSError:
        return  # not allowed: the kernel kills the largest process


def descendants() -> list[int]:
    """Return the pids of all descendants, with orphans, which this process adopts."""
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
    """Kill and reap descendants until none is left; processes may fork meanwhile."""
    while pids := descendants():
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        reap()
        time.sleep(0.005)


def reap() -> dict[int, int]:
    """Reap all children that have ended; return their exit statuses by pid."""
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
    """Wait until the program ends or the lifeline is closed; return the exit code."""
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


def _send_sigterm(program: int) -> None:
    try:
        if program:
            os.kill(program, signal.SIGTERM)
    except ProcessLookupError:
        return  # the program has ended already


def main(arguments: list[str]) -> int:
    """Execute the command line of the module's docstring."""
    lifeline, log, command = int(arguments[0]), Log(arguments[1]), arguments[3:]
    os.nice(int(arguments[2]))
    os.set_inheritable(lifeline, False)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    program = 0
    signal.signal(signal.SIGTERM, lambda *_: _send_sigterm(program))
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
