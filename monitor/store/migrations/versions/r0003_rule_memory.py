"""What the rules remember, so that a restart goes on with it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_memory",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("wall_ns", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("journals are never taken back; restore the copy made before the upgrade")
