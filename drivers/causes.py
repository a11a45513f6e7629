"""Why a socket or a port failed, in both languages."""

import errno
import socket
from typing import Final

from drivers.words import Words

_SYSTEM: Final = {
    errno.ECONNREFUSED: "连接被拒绝",
    errno.ECONNRESET: "连接被对方复位",
    errno.EPIPE: "连接已断开",
    errno.EHOSTUNREACH: "主机不可达",
    errno.ENETUNREACH: "网络不可达",
    errno.ETIMEDOUT: "连接超时",
    errno.ENOENT: "没有此端口",
    errno.EACCES: "没有权限",
    errno.EBUSY: "端口被占用",
}


def of_system(error: Exception) -> Words:
    """What an error of a socket or a port says: in Chinese the usual ones, others as the system words them."""
    if not isinstance(error, OSError):
        return Words(str(error), str(error))
    en = error.strerror or str(error)
    if isinstance(error, socket.gaierror):
        return Words("主机名无法解析", en)
    return Words(_SYSTEM.get(error.errno or 0, en), en)
