"""Owns the way back for tests: a database whose images are in its rows, as a release before revision 0013 stored them."""

from __future__ import annotations

from sqlalchemy import select

from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.figure_objects import FOLDER, THUMBNAIL, FigureObjects, Image
from chapter_pipeline.storage.schema import FigureImage, FigureRow


def put_into_rows(database: Database) -> None:
    """Move every image of a figure from the bucket of `database` into its rows."""
    objects, bucket = FigureObjects(database), ObjectBucket.open(database.settings)
    with database.session() as session:
        for figure in session.scalars(select(FigureRow)):
            figure.content = objects.content(Image(figure.sha256, figure.media_type))
            if figure.thumbnail_sha256 is not None:
                figure.thumbnail = objects.content(Image(figure.thumbnail_sha256, THUMBNAIL))
        for kept in session.scalars(select(FigureImage)):
            kept.content = objects.content(Image(kept.sha256, kept.media_type))
    for key in bucket.keys(FOLDER):
        bucket.delete(key)
