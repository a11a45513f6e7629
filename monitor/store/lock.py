"""One service on one state directory: a file lock that dies with its process."""

import fcntl
import os
from pathlib import Path

from monitor.store.errors import JournalRefusedError


class StateLock:
    """Holds `lock` in the state directory; the kernel frees it with the process, so none can be left behind."""

    def __init__(self, state_dir: Path) -> None:
        """:raises JournalRefusedError: another process holds it, or the directory cannot be written."""
        path = state_dir / "lock"
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise JournalRefusedError(
                f"状态目录不可写：{path}（{error.strerror}）。请检查目录权限或更换状态目录 (REDLINE_STATE_DIR)。",
                f"the state directory cannot be written: {path} ({error.strerror}). "
                "Correct its permissions or choose another one (REDLINE_STATE_DIR).",
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._descriptor, 32, 0).decode("ascii", "replace").strip() or "?"
            os.close(self._descriptor)
            raise JournalRefusedError(
                f"状态目录 {state_dir} 正由另一个 redline 进程使用（进程号 {holder}）。"
                "请先停止该进程，或用 REDLINE_STATE_DIR 指定其他目录。",
                f"the state directory {state_dir} is in use by another redline process (pid {holder}). "
                "Stop that process first, or choose another directory with REDLINE_STATE_DIR.",
            ) from error
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError:
            # a full disk cannot take the pid; the lock itself holds, only the message to a second process is poorer
            os.ftruncate(self._descriptor, 0)

    def release(self) -> None:
        """Let another process in."""
        os.close(self._descriptor)
