"""Owns the assets after `final_chapter`: its blocking checks, the published version, and the exports."""

from pathlib import Path

import dagster as dg

from assets.failures import reported
from assets.metadata import md, or_none
from assets.partitions import CHAPTERS
from assets.run_tags import ORIGIN_TAG
from assets.stage_assets import stage_asset, stage_result
from assets.writing import PUBLICATION
from chapter_pipeline.domain import FinalChapter, GapReport, PublishedVersion, Severity
from chapter_pipeline.services import exports, publication
from chapter_pipeline.services.publication import GATES, PublicationGates
from chapter_pipeline.storage.artifacts import content_hash
from chapter_pipeline.writing.rendering import escaped
from resources.bucket import BucketResource
from resources.chapters import ChaptersResource
from resources.library import LibraryResource

SHOWN = 20


@stage_asset(number=14, group=PUBLICATION, kinds={"python"})
def published_version(
    context: dg.AssetExecutionContext,
    final_chapter: FinalChapter,
    library: LibraryResource,
    chapters: ChaptersResource,
) -> dg.MaterializeResult[PublishedVersion]:
    """The final chapter as a version: published, or held for a person when the gap report asks for a revision."""
    slug = context.partition_key
    with reported():
        made = publication.add_version(
            slug,
            final_chapter,
            gates=_gates(library, chapters),
            artifacts=chapters.artifacts(),
            chapters=chapters.requests(),
            origin=context.run.tags.get(ORIGIN_TAG, "written"),
        )
    report = final_chapter.gap_report
    return stage_result(
        made,
        {
            "chapter version": made.number,
            "state": made.state,
            "origin": made.origin,
            "to decide": md("nothing" if made.state == "published" else to_decide(slug, made.number, report)),
            "stored value": made.artifact_id,
            "sha256 of the text": made.sha256,
        },
    )


def to_decide(slug: str, number: int, report: GapReport) -> str:
    """The choices for a version whose gates failed: correct it, or publish it as it is."""
    grave = [gap for gap in report.gaps if gap.severity in (Severity.CRITICAL, Severity.HIGH)]
    lines = [f"- {escaped(gap.description)} {escaped(gap.recommendation)}" for gap in grave]
    if not grave:
        lines = [f"- The chapter is {report.completeness_score:.0%} complete; see its gaps."]
    approve = f"chapter-pipeline chapters approve {slug} --version {number} --by NAME --reason TEXT"
    return "\n".join([*lines, "", f"Mend these, or publish it as it is: `{approve}`"])


@stage_asset(number=14, group=PUBLICATION, kinds={"python"})
def chapter_exports(
    context: dg.AssetExecutionContext,
    published_version: PublishedVersion,
    chapters: ChaptersResource,
    bucket: BucketResource,
) -> dg.MaterializeResult[None]:
    """The files of the version in the bucket, in every format; none for a held one."""
    slug, number = context.partition_key, published_version.number
    with reported():
        version = chapters.requests().version(slug, number)  # a person may have approved it since
        final = chapters.artifacts().by_id(version.artifact_id, FinalChapter)
        keys = (
            exports.put_exports(final, number, bucket=bucket.open(), images=chapters.images())
            if version.state == "published"
            else []
        )
    rows = [[Path(key).suffix.removeprefix("."), key] for key in keys]
    folder = f"{bucket.open().place}/{exports.version_folder(slug, number)}"
    return dg.MaterializeResult(
        data_version=dg.DataVersion(content_hash([number, version.sha256, version.state])),
        metadata={
            "chapter version": number,
            "state": version.state,
            "exports": or_none(["Format", "Key in the bucket"], rows),
            "exports lie in": dg.MetadataValue.path(folder)
            if version.state == "published"
            else dg.MetadataValue.text("nowhere: the version is held, a person has to approve it"),
        },
    )


def _gates(library: LibraryResource, chapters: ChaptersResource) -> PublicationGates:
    return PublicationGates(library=library.store(), images=chapters.images())


def _check(gate: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset="final_chapter", name=gate, blocking=True, partitions_def=CHAPTERS, description=GATES[gate])
    def check(final_chapter: FinalChapter, library: LibraryResource, chapters: ChaptersResource) -> dg.AssetCheckResult:
        with reported():
            found = _gates(library, chapters).finding(gate, final_chapter)
        slug = final_chapter.chapter.slug
        more = f" (and {len(found.problems) - 1} more)" if len(found.problems) > 1 else ""
        return dg.AssetCheckResult(
            passed=not found.problems and not found.remarks,
            # Only what has to stop the publication is an error.
            severity=dg.AssetCheckSeverity.ERROR if found.problems else dg.AssetCheckSeverity.WARN,
            description=f"{found.problems[0]}{more}: {publication.remedy(slug, gate)}" if found.problems else None,
            metadata={
                **found.counts,
                "problems": md("\n".join(f"- {escaped(one)}" for one in found.problems[:SHOWN]) or "none"),
                "remarks": md("\n".join(f"- {escaped(one)}" for one in found.remarks[:SHOWN]) or "none"),
            },
        )

    return check


CHECKS = [_check(gate) for gate in GATES]
