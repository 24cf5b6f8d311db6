"""The bucket as a Dagster resource."""

import dagster as dg

from chapter_pipeline.container import Container
from chapter_pipeline.storage.bucket import ObjectBucket


class BucketResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The files: a local folder, or the S3 bucket of CHAPTER_BUCKET_URL."""

    container: dg.ResourceDependency[Container]

    def open(self) -> ObjectBucket:
        """The bucket."""
        return self.container.bucket
