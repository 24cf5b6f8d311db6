"""images of figures are objects of the bucket; `FigureObjects.move_rows` moves those that are in rows

Revision: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chapter_pipeline.errors import DatabaseRefused


revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('figures', sa.Column('size_bytes', sa.Integer(), nullable=True))
    op.add_column('figures', sa.Column('thumbnail_sha256', sa.String(length=64), nullable=True))
    op.add_column('figures', sa.Column('thumbnail_size_bytes', sa.Integer(), server_default='0', nullable=False))
    op.alter_column('figures', 'content', existing_type=sa.LargeBinary(), nullable=True)
    op.alter_column('figures', 'thumbnail', existing_type=sa.LargeBinary(), nullable=True, server_default=None)
    op.add_column('figure_images', sa.Column('size_bytes', sa.Integer(), nullable=True))
    op.alter_column('figure_images', 'content', existing_type=sa.LargeBinary(), nullable=True)
    # The images stay where they are: a migration has no bucket.
    op.execute("""
        UPDATE figures SET size_bytes = octet_length(content), thumbnail_size_bytes = octet_length(thumbnail),
            thumbnail = nullif(thumbnail, ''),
            thumbnail_sha256 = CASE WHEN octet_length(thumbnail) > 0 THEN encode(sha256(thumbnail), 'hex') END
    """)
    op.execute("UPDATE figure_images SET size_bytes = octet_length(content)")
    op.alter_column('figures', 'size_bytes', existing_type=sa.Integer(), nullable=False)
    op.alter_column('figure_images', 'size_bytes', existing_type=sa.Integer(), nullable=False)
    op.create_index('ix_figures_in_rows', 'figures', ['id'], unique=False, postgresql_where=sa.text('content IS NOT NULL OR thumbnail IS NOT NULL'))
    op.create_index('ix_figure_images_in_rows', 'figure_images', ['sha256'], unique=False, postgresql_where=sa.text('content IS NOT NULL'))
    op.create_index(op.f('ix_figures_sha256'), 'figures', ['sha256'], unique=False)
    op.create_index(op.f('ix_figures_thumbnail_sha256'), 'figures', ['thumbnail_sha256'], unique=False)


def downgrade() -> None:
    moved = op.get_bind().scalar(sa.text("""
        SELECT (SELECT count(*) FROM figures WHERE content IS NULL)
             + (SELECT count(*) FROM figure_images WHERE content IS NULL)
    """))
    if moved:
        raise DatabaseRefused(
            f"{moved} images of figures are in the bucket, where an earlier release does not look for them",
            "restore the backup that was made before the upgrade",
        )
    op.execute("UPDATE figures SET thumbnail = '' WHERE thumbnail IS NULL")
    op.drop_index(op.f('ix_figures_thumbnail_sha256'), table_name='figures')
    op.drop_index(op.f('ix_figures_sha256'), table_name='figures')
    op.drop_index('ix_figure_images_in_rows', table_name='figure_images')
    op.drop_index('ix_figures_in_rows', table_name='figures')
    op.alter_column('figure_images', 'content', existing_type=sa.LargeBinary(), nullable=False)
    op.drop_column('figure_images', 'size_bytes')
    op.alter_column('figures', 'thumbnail', existing_type=sa.LargeBinary(), nullable=False, server_default=sa.text("''"))
    op.alter_column('figures', 'content', existing_type=sa.LargeBinary(), nullable=False)
    op.drop_column('figures', 'thumbnail_size_bytes')
    op.drop_column('figures', 'thumbnail_sha256')
    op.drop_column('figures', 'size_bytes')
