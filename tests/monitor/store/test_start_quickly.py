"""A restart of a database that is up to date does not load the migration library."""

import subprocess
import sys
from importlib.resources import as_file, files
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from monitor.store.database import REVISION, NewerSchemaError, migrate, open_engine

OPEN = """
import sys
from pathlib import Path
from monitor.store.database import migrate, open_engine
engine = open_engine(Path(sys.argv[1]), read_only=False)
with engine.connect() as connection, connection.begin():
    migrate(connection)
    names = {name for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")}
engine.dispose()
assert {"journal", "alarm", "outbox", "alembic_version"} <= names, names
print("alembic" in sys.modules)
"""


def test_the_known_revision_is_the_newest_script() -> None:
    with as_file(files("monitor.store") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        assert ScriptDirectory.from_config(config).get_heads() == [REVISION]


def test_only_the_first_start_loads_the_migrations(tmp_path: Path) -> None:
    said = []
    for _ in range(3):
        command = [sys.executable, "-c", OPEN, str(tmp_path / "journal.sqlite")]
        said.append(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip())
    assert said == ["True", "False", "False"]


def test_an_unknown_revision_is_not_taken_for_ours(tmp_path: Path) -> None:
    engine = open_engine(tmp_path / "journal.sqlite", read_only=False)
    with engine.connect() as connection:
        with connection.begin():
            migrate(connection)
        with connection.begin():
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(NewerSchemaError, match="9999"), connection.begin():
            migrate(connection)
    engine.dispose()
