"""Columns and indexes to search the journal by, and the table of signed anchors."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SEQ = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_SEARCHED = ("tag", "hazard_source", "trigger", "after")


def upgrade() -> None:
    for name in _SEARCHED:
        op.add_column("journal", sa.Column(name, sa.Text))
    # a body that was altered may be no JSON: its columns stay empty, verify names the row
    texts = "CAST(body AS TEXT)"
    filled = ", ".join(f"\"{name}\" = json_extract({texts}, '$.{name}')" for name in _SEARCHED)
    op.execute(f"UPDATE journal SET {filled} WHERE kind = 'transition' AND json_valid({texts})")
    for column, condition in (
        ("tag", "tag IS NOT NULL"),
        ("hazard_source", "hazard_source IS NOT NULL"),
        ("person", "person IS NOT NULL"),
        ("kind", "kind <> 'transition'"),
    ):
        op.create_index(
            f"ix_journal_{column}_seq",
            "journal",
            [column, "seq"],
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )
    op.create_table(
        "anchor",
        sa.Column("number", _SEQ, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("plant", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("wall_ns", sa.BigInteger, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_anchor_kind_seq", "anchor", ["kind", "seq"])


def downgrade() -> None:
    raise NotImplementedError("journals are never taken back; restore the copy made before the upgrade")
