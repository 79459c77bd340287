"""Run a program for which a directory is /opt/ml, as in a container.

Run as `python -I -S private_opt_ml.py DIRECTORY COMMAND...`. The script enters a new mount
namespace, mounts the directory at /opt/ml there, and executes the command. Without root
permissions it enters a user namespace first. Other processes see no change: if /opt/ml does not
exist, a copy of /opt with the same entries and `ml` is mounted in the namespace. The exit status
is 125 if namespaces are not allowed.
"""

import ctypes
import os
import signal
import sys

_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_MS_BIND = 4096
_MS_REC = 16384
_MS_PRIVATE = 1 << 18
_PR_SET_PDEATHSIG = 1
_OPT = "/opt"
_OPT_ML = "/opt/ml"

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, call: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")


def _mount(source: str, target: str, flags: int, kind: str = "") -> None:
    data = b"mode=755" if kind == "tmpfs" else None
    result = _libc.mount(source.encode(), target.encode(), kind.encode() or None, flags, data)
    _check(result, f"mount {target}")


def _enter_namespaces() -> None:
    user, group = os.getuid(), os.getgid()
    if user == 0:
        _check(_libc.unshare(_CLONE_NEWNS), "unshare")
    else:
        _check(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS), "unshare")
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"0 {user} 1"),
            ("gid_map", f"0 {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    _mount("none", "/", _MS_REC | _MS_PRIVATE)


def _copy_opt(scratch: str) -> None:
    """Mount a writable /opt with the same entries."""
    _mount(_OPT, scratch, _MS_BIND | _MS_REC)
    _mount("none", _OPT, 0, "tmpfs")
    for entry in os.scandir(scratch):
        target = f"{_OPT}/{entry.name}"
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), target)
            continue
        if entry.is_dir():
            os.mkdir(target)
        else:
            os.close(os.open(target, os.O_CREAT))
        _mount(entry.path, target, _MS_BIND | _MS_REC)


def main(arguments: list[str]) -> int:
    """Execute the command line of the module's docstring; return only if that fails."""
    directory, command = arguments[0], arguments[1:]
    parent = os.getppid()
    try:
        _enter_namespaces()
        if not os.path.isdir(_OPT_ML):
            # Not in the working directory, which belongs to the job.
            scratch = f"{directory}.opt"
            os.makedirs(scratch, exist_ok=True)
            _copy_opt(scratch)
            os.mkdir(_OPT_ML)
        _mount(directory, _OPT_ML, _MS_BIND | _MS_REC)
    except OSError as error:
        print(f"no private {_OPT_ML}: {error.strerror}", file=sys.stderr, flush=True)
        return 125
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # entering a user namespace resets it
    if os.getppid() != parent:
        return 137
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(f"cannot start {command[0]}: {error.strerror}", file=sys.stderr, flush=True)
    return 127


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
