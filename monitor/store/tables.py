"""The tables of the journal's database as SQLAlchemy Core sees them; revisions under `migrations/` make them."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

METADATA: Final = MetaData()
_SEQ: Final = BigInteger().with_variant(Integer, "sqlite")

JOURNAL: Final = Table(
    "journal",
    METADATA,
    Column("seq", _SEQ, primary_key=True, autoincrement=False),
    Column("wall_ns", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("plant", Text, nullable=False),
    Column("id", Text),
    Column("occurrence", Integer),
    Column("transition", Integer),
    Column("person", Text),
    Column("body", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("tag", Text),
    Column("hazard_source", Text),
    Column("trigger", Text),
    Column("after", Text),
    Index("ix_journal_id_seq", "id", "seq"),
    Index("ix_journal_wall_ns", "wall_ns"),
)
for _column, _condition in (
    ("tag", "tag IS NOT NULL"),
    ("hazard_source", "hazard_source IS NOT NULL"),
    ("person", "person IS NOT NULL"),
    ("kind", "kind <> 'transition'"),
):
    Index(
        f"ix_journal_{_column}_seq",
        JOURNAL.c[_column],
        JOURNAL.c.seq,
        sqlite_where=text(_condition),
        postgresql_where=text(_condition),
    )
Index(
    "ux_journal_transition",
    JOURNAL.c.plant,
    JOURNAL.c.id,
    JOURNAL.c.occurrence,
    JOURNAL.c.transition,
    unique=True,
    sqlite_where=text("kind = 'transition'"),
    postgresql_where=text("kind = 'transition'"),
)

ALARM: Final = Table(
    "alarm",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("occurrence", Integer, nullable=False),
    Column("transition", Integer, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

OUTBOX: Final = Table(
    "outbox",
    METADATA,
    Column("seq", _SEQ, primary_key=True, autoincrement=True),
    Column("plant", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("occurrence", Integer, nullable=False),
    Column("transition", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("repeat", Integer, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("queued_wall_ns", BigInteger, nullable=False),
    Column("due_wall_ns", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text, nullable=False),
    Column("sent_wall_ns", BigInteger),
    Column("accepted_wall_ns", BigInteger),
    UniqueConstraint("plant", "id", "occurrence", "transition", "channel", "purpose", "repeat", name="ux_outbox_key"),
    Index("ix_outbox_due", "channel", "status", "priority", "queued_wall_ns", "seq"),
    Index("ix_outbox_id", "id", "occurrence", "status"),
    sqlite_autoincrement=True,
)

ANCHOR: Final = Table(
    "anchor",
    METADATA,
    Column("number", _SEQ, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("plant", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("wall_ns", BigInteger, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Index("ix_anchor_kind_seq", "kind", "seq"),
    sqlite_autoincrement=True,
)
"""Signed rows of the journal, see `monitor.store.anchor`; kind is `head` or `pruned`."""

ACCOUNT: Final = Table(
    "account",
    METADATA,
    Column("username", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("person", Text),
    Column("password_hash", Text, nullable=False),
    Column("disabled", Boolean, nullable=False),
)

SESSION: Final = Table(
    "session",
    METADATA,
    Column("token_sha256", LargeBinary, primary_key=True),
    Column("username", Text, ForeignKey("account.username"), nullable=False),
    Column("expires_wall_ns", BigInteger, nullable=False),
    Index("ix_session_expires", "expires_wall_ns"),
)

RULE_MEMORY: Final = Table(
    "rule_memory",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("wall_ns", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""What the rules remember, in parts (see `rules.stored`); `wall_ns`: of the evaluation that left the part."""

PERMIT: Final = Table(
    "permit",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("interlock", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("requested_wall_ns", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("ix_permit_state", "state"),
    Index("ix_permit_interlock", "interlock", "requested_wall_ns"),
)
"""Bypass permits of interlocks as they stand; their steps are journal entries."""

INTERLOCK_MEMORY: Final = Table(
    "interlock_memory",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("wall_ns", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""Open demands and standing trips (see `monitor.interlocks.stored`); an interlock of which nothing is open has no row."""

META: Final = Table(
    "meta",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""plant (its id), schema (of the journal bodies), boot_epoch (number of starts on this database)."""
