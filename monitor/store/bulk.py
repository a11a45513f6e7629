"""Many rows in one statement: SQLAlchemy writes the SQL once, and its work for each row is left out."""

from collections.abc import Sequence
from typing import Final, Self

from sqlalchemy import Connection, Table
from sqlalchemy.dialects.sqlite import dialect, insert
from sqlalchemy.sql.dml import Insert

_DIALECT: Final = dialect()


class Bulk:
    """An insert whose rows are tuples in the order of `columns`."""

    def __init__(self, statement: Insert, columns: Sequence[str]) -> None:
        """:raises ValueError: the columns are not in the order of the table."""
        compiled = statement.compile(dialect=_DIALECT, column_keys=list(columns))
        if list(compiled.positiontup or ()) != list(columns):
            raise ValueError(f"columns in another order than the table's: {compiled.positiontup}")
        self._sql = str(compiled)

    @classmethod
    def replacing(cls, table: Table, key: str) -> Self:
        """Insert rows of a table, each in the place of the one that has its key; columns in the order of the table."""
        columns = tuple(column.name for column in table.c)
        statement = insert(table)
        others = {name: statement.excluded[name] for name in columns if name != key}
        return cls(statement.on_conflict_do_update(index_elements=[key], set_=others), columns)

    def insert(self, connection: Connection, rows: list[tuple[object, ...]]) -> None:
        """Insert the rows inside the connection's transaction; nothing to do without any."""
        if rows:
            connection.exec_driver_sql(self._sql, rows)
