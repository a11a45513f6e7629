"""First tables: journal, alarm, outbox, account, session, meta."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SEQ = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_TRANSITION = sa.text("kind = 'transition'")


def upgrade() -> None:
    op.create_table(
        "journal",
        sa.Column("seq", _SEQ, primary_key=True, autoincrement=False),
        sa.Column("wall_ns", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("plant", sa.Text, nullable=False),
        sa.Column("id", sa.Text),
        sa.Column("occurrence", sa.Integer),
        sa.Column("transition", sa.Integer),
        sa.Column("person", sa.Text),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_journal_id_seq", "journal", ["id", "seq"])
    op.create_index("ix_journal_wall_ns", "journal", ["wall_ns"])
    op.create_index(
        "ux_journal_transition",
        "journal",
        ["plant", "id", "occurrence", "transition"],
        unique=True,
        sqlite_where=_TRANSITION,
        postgresql_where=_TRANSITION,
    )
    op.create_table(
        "alarm",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("occurrence", sa.Integer, nullable=False),
        sa.Column("transition", sa.Integer, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    _create_outbox()
    op.create_table(
        "account",
        sa.Column("username", sa.Text, primary_key=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("person", sa.Text),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
    )
    op.create_table(
        "session",
        sa.Column("token_sha256", sa.LargeBinary, primary_key=True),
        sa.Column("username", sa.Text, sa.ForeignKey("account.username"), nullable=False),
        sa.Column("expires_wall_ns", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_session_expires", "session", ["expires_wall_ns"])
    op.create_table(
        "meta",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("seq", _SEQ, primary_key=True, autoincrement=True),
        sa.Column("plant", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("occurrence", sa.Integer, nullable=False),
        sa.Column("transition", sa.Integer, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("repeat", sa.Integer, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("queued_wall_ns", sa.BigInteger, nullable=False),
        sa.Column("due_wall_ns", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_error", sa.Text, nullable=False),
        sa.Column("sent_wall_ns", sa.BigInteger),
        sa.Column("accepted_wall_ns", sa.BigInteger),
        sa.UniqueConstraint(
            "plant", "id", "occurrence", "transition", "channel", "purpose", "repeat", name="ux_outbox_key"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_due", "outbox", ["channel", "status", "priority", "queued_wall_ns", "seq"])
    op.create_index("ix_outbox_id", "outbox", ["id", "occurrence", "status"])


def downgrade() -> None:
    raise NotImplementedError("journals are never taken back; restore the copy made before the upgrade")
