"""The standard address space of asyncua's server, made once a process: making it takes 2 s of processor each time."""

import copy
from collections.abc import Iterator, MutableMapping
from functools import cache
from typing import Any

from asyncua.server.internal_server import InternalServer
from asyncua.server.server import Server
from asyncua.server.standard_address_space import standard_address_space


class _Copied(MutableMapping[Any, Any]):
    """The nodes of one server: its own, and those of the template as soon as it looks at them."""

    def __init__(self, template: dict[Any, Any]) -> None:
        self._template = template
        self._own: dict[Any, Any] = {}
        self._deleted: set[Any] = set()

    def __getitem__(self, key: Any) -> Any:
        if key not in self._own:
            if key in self._deleted:
                raise KeyError(key)
            self._own[key] = copy.deepcopy(self._template[key])
        return self._own[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._own[key] = value
        self._deleted.discard(key)

    def __delitem__(self, key: Any) -> None:
        if key not in self:
            raise KeyError(key)
        self._own.pop(key, None)
        self._deleted.add(key)

    def __contains__(self, key: object) -> bool:
        return key in self._own or (key in self._template and key not in self._deleted)

    def __iter__(self) -> Iterator[Any]:
        yield from self._own
        yield from (key for key in self._template if key not in self._own and key not in self._deleted)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@cache
def _template() -> dict[Any, Any]:
    server = InternalServer()
    standard_address_space.fill_address_space(server.node_mgt_service)  # type: ignore[no-untyped-call]  # asyncua has no type there
    nodes: dict[Any, Any] = server.aspace._nodes
    return nodes


def use_template(server: Server) -> None:
    """Let a server that is not initialised yet take its standard nodes from the template."""

    async def load(shelf_file: object = None) -> None:
        server.iserver.aspace._nodes = _Copied(_template())  # type: ignore[assignment]  # put in the place of its own

    server.iserver.load_standard_address_space = load  # type: ignore[method-assign]  # put in the place of its own
