"""Run a command on a machine that lets nobody make namespaces: a filter of system calls answers `unshare` with EPERM.

python tests/security/unsealed.py COMMAND...
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from pathlib import Path

_UNSHARE = {"x86_64": 272, "aarch64": 97}
_LOAD, _IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 1  # SECCOMP_RET_ERRNO with EPERM


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def without_worlds(command: list[str]) -> list[str]:
    """A command line that runs a command on such a machine."""
    return [sys.executable, str(Path(__file__).resolve()), *command]


def main(command: list[str]) -> None:
    """Install the filter, and become the command."""
    lines = [
        (_LOAD, 0, 0, 0),  # the number of the system call
        (_IF_EQUAL, 0, 1, _UNSHARE[os.uname().machine]),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    program = _Program(len(lines), ctypes.cast(code, ctypes.c_void_p))
    if library.prctl(22, 2, ctypes.byref(program)) != 0:  # PR_SET_SECCOMP
        raise OSError(ctypes.get_errno(), "no filter of system calls can be set")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
