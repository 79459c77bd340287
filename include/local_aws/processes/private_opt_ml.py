"""Run a program that sees a directory as its own /opt/ml, as in a container.

Run as `python -I -S private_opt_ml.py DIRECTORY COMMAND...`: it enters a mount namespace of its
own, binds the directory to /opt/ml there, and becomes the command. Without root it enters a
user namespace first, in which it is root to itself. Nothing changes on the machine: where
there is no /opt/ml, a copy of /opt that has one is mounted, of the same entries, in the
namespace only. It exits with 125 where the machine does not allow that.
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


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _mount(source: str, target: str, flags: int, kind: str = "") -> None:
    data = b"mode=755" if kind == "tmpfs" else None
    result = _libc.mount(source.encode(), target.encode(), kind.encode() or None, flags, data)
    _checked(result, f"mount {target}")


def _enter_namespaces() -> None:
    user, group = os.getuid(), os.getgid()
    if user == 0:
        _checked(_libc.unshare(_CLONE_NEWNS), "unshare")
    else:
        _checked(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS), "unshare")
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"0 {user} 1"),
            ("gid_map", f"0 {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    _mount("none", "/", _MS_REC | _MS_PRIVATE)


def _copy_opt(scratch: str) -> None:
    """Mount an /opt of the same entries in which a directory can be made."""
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
    """Run the command line that the module's docstring gives; returns only when it cannot."""
    directory, command = arguments[0], arguments[1:]
    parent = os.getppid()
    try:
        _enter_namespaces()
        if not os.path.isdir(_OPT_ML):
            # Beside the directory: the working directory is the job's own.
            scratch = f"{directory}.opt"
            os.makedirs(scratch, exist_ok=True)
            _copy_opt(scratch)
            os.mkdir(_OPT_ML)
        _mount(directory, _OPT_ML, _MS_BIND | _MS_REC)
    except OSError as error:
        print(f"no private {_OPT_ML}: {error.strerror}", file=sys.stderr, flush=True)
        return 125
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # forgotten on entering a user namespace
    if os.getppid() != parent:
        return 137
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(f"cannot start {command[0]}: {error.strerror}", file=sys.stderr, flush=True)
    return 127


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
