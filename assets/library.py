"""Owns the assets of the library: six stages, run over a range of documents.

Each stage of each document is materialized as soon as it is stored. A document that fails stops at its stage; the
other documents continue. The run then fails and names the documents that failed.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import dagster as dg

from assets.failures import failed, failure
from assets.library_audit import TEXT_AUDIT, text_audit
from assets.library_checks import CHECKS, check_tables
from assets.library_inventory import INVENTORY, document_inventory
from assets.library_metadata import about_stage
from assets.metadata import bullets, md
from assets.partitions import DOCUMENTS, bucket_key
from assets.run_tags import RECORDS_TAG
from assets.study_records import FINDINGS, study_records_check
from chapter_pipeline.domain.document import IngestStatus
from chapter_pipeline.errors import (
    BucketUnavailable,
    ChapterPipelineError,
    DatabaseUnavailable,
    DocumentRejected,
    ModelUnavailable,
    PermanentError,
    TransientError,
)
from chapter_pipeline.services.citing_chapters import Departures, cited_in
from chapter_pipeline.services.ingest import Ingest, SourceDocument, StoredStage
from chapter_pipeline.writing.rendering import escaped
from chapter_pipeline.writing.stage_table import STAGES as TABLE
from resources.library import LibraryResource

LIBRARY = "0_library"
STAGES = {
    "source_document": "The file as it lies in the bucket; its content hash is the data version.",
    "document_text": "The pages as canonical text, read in an isolated process, with the work's own metadata.",
    "document_figures": "The figures and tables with their captions.",
    "passages": "Runs of whole sentences of one paragraph: what is searched, embedded and cited.",
    "study_records": "What the study of the document was, and its findings with the sentences that state them.",
    "passage_embeddings": "One unit vector for each passage; with them the document becomes searchable.",
}
"""In the order in which a document passes them: it becomes searchable with the last, when all that it needs is stored."""
NOTHING: Mapping[str, str] = {}
RECORDS, LAST_STAGE = "study_records", "passage_embeddings"
QUARANTINED, FAILED = "quarantined", "failed"
"""Metadata of the failure at the end of a run: how many documents were refused, and how many met an error."""
# Errors that are not about one document: every other document would fail in the same way.
STOPS_ALL = (DatabaseUnavailable, BucketUnavailable, ModelUnavailable, PermanentError)


@dataclass
class Batch:
    """The documents of one run that were quarantined or failed."""

    quarantined: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    transient: bool = False

    def failure(self, documents: int, selected: Collection[str]) -> dg.Failure:
        bad = {**self.quarantined, **self.failed}
        lines = [f"{name}: {reason}" for name, reason in bad.items()]
        state = "are not in the library" if LAST_STAGE in selected else f"did not pass {' and '.join(selected)}"
        return failed(
            f"{len(bad)} of {documents} documents {state}, the others "
            + ("are: " if LAST_STAGE in selected else "did: ")
            + "; ".join(lines[:5])
            + (f" and {len(lines) - 5} more" if len(lines) > 5 else ""),
            transient=self.transient,
            metadata={
                QUARANTINED: len(self.quarantined),
                FAILED: len(self.failed),
                "documents": md(bullets([escaped(line) for line in lines], limit=100)),
            },
        )


@dg.multi_asset(
    name="library_documents",
    can_subset=True,
    partitions_def=DOCUMENTS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    specs=[
        dg.AssetSpec(
            stage,
            deps=list(TABLE[stage].inputs),
            group_name=LIBRARY,
            kinds={"pdf"} if place < 2 else {"postgres"},
            owners=["team:operators"],
            description=description,
        )
        for place, (stage, description) in enumerate(STAGES.items())
    ],
    # Checks run in this step: a step of their own would wait for outputs, and a range run has none.
    check_specs=[*(check.spec for check in CHECKS), TEXT_AUDIT, FINDINGS, INVENTORY],
)
def library_documents(
    context: dg.AssetExecutionContext, library: LibraryResource
) -> Iterator[dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckResult]:
    """The selected stages of every document of the range, document by document; then the checks of all their tables."""
    specs = context.assets_def.specs_by_key
    selected = {
        stage: specs[key].code_version for stage in STAGES if (key := dg.AssetKey(stage)) in context.selected_asset_keys
    }
    again = RECORDS_TAG in context.run.tags
    batch = Batch()
    keys = list(context.partition_keys)
    store, chapters = library.store(), library.chapters()
    departures = Departures(map(bucket_key, keys), library=store, chapters=chapters)
    with library.ingest() as ingest:
        ingest.expect(map(bucket_key, keys))
        for place, partition in enumerate(keys, start=1):
            name = bucket_key(partition)
            try:
                yield from _document(ingest, library, partition, selected, departures, context.instance, again=again)
            except DocumentRejected as rejected:
                batch.quarantined[name] = str(rejected)
                yield _rejection(partition, rejected, departures)
            except STOPS_ALL as error:
                raise failure(error) from error
            except Exception as error:  # an error of one document: the other documents continue
                batch.failed[name] = str(error) if isinstance(error, ChapterPipelineError) else repr(error)
                batch.transient |= isinstance(error, TransientError)
                context.log.error(f"{name!r} failed: {batch.failed[name]}", exc_info=True)
            context.log.debug(f"{place} of {len(keys)} documents done")
    names = [bucket_key(partition) for partition in keys]
    yield from check_tables(library.database(), context.selected_asset_check_keys, names)
    if TEXT_AUDIT.key in context.selected_asset_check_keys:
        yield text_audit(library.audited(names))
    if FINDINGS.key in context.selected_asset_check_keys:
        yield study_records_check(library.recorded(names))
    if INVENTORY.key in context.selected_asset_check_keys:
        yield document_inventory(library.inventory())
    if batch.quarantined or batch.failed:
        raise batch.failure(len(keys), selected)


def _document(
    ingest: Ingest,
    library: LibraryResource,
    partition: str,
    selected: Mapping[str, str | None],
    departures: Departures,
    instance: dg.DagsterInstance,
    *,
    again: bool,
) -> Iterator[dg.AssetMaterialization]:
    """The stages of `selected`, each with its code version; `again`: a study record also when it is current."""
    source = ingest.source(bucket_key(partition))
    if "source_document" in selected:
        yield dg.AssetMaterialization(
            "source_document",
            partition=partition,
            tags=_tags(selected["source_document"], source.sha256),
            metadata={
                "bucket key": source.name,
                "size (bytes)": source.size_bytes,
                "sha256": source.sha256,
                "found": source.status.value,
            },
        )
    calls: dict[str, Callable[[SourceDocument], StoredStage]] = {
        "document_text": ingest.text,
        "document_figures": ingest.figures,
        "passages": ingest.passages,
        "study_records": partial(ingest.study_record, again=again),
        "passage_embeddings": ingest.embeddings,
    }
    for stage, call in calls.items():
        if stage not in selected:
            continue
        stored = call(source)
        # The data version includes the settings: the same file under other settings gives another text. Other rules may
        # make the same study record again, and what follows from it stays fresh.
        code = selected[stage] if stored.whole else TABLE[stage].version  # of rules alone: shown as stale
        version = stored.content or f"{source.sha256[:32]}-{ingest.settings_hash[:16]}"
        yield dg.AssetMaterialization(
            stage,
            partition=partition,
            tags=_tags(code, version, _input_tags(instance, stage, partition)),
            metadata={
                **about_stage(stage, stored, source, ingest, library),
                **_replaced(stage, source.name, departures),
            },
        )


def _tags(code_version: str | None, data_version: str, inputs: Mapping[str, str] = NOTHING) -> dict[str, str]:
    return {
        "dagster/data_version": data_version,
        **inputs,
        **({"dagster/code_version": code_version} if code_version else {}),
    }


def _input_tags(instance: dg.DagsterInstance, stage: str, partition: str) -> dict[str, str]:
    """Tags that name the input materialization of a stage; without them Dagster shows the stage as stale."""
    (before,) = TABLE[stage].inputs
    record = instance.get_latest_data_version_record(dg.AssetKey(before), partition_key=partition)
    made = record.asset_materialization if record is not None else None
    version = (made.tags or {}).get("dagster/data_version") if made is not None else None
    if record is None or version is None:
        return {}
    return {
        f"dagster/input_data_version/{before}": version,
        f"dagster/input_event_pointer/{before}": str(record.storage_id),
    }


def _replaced(stage: str, name: str, departures: Departures) -> dict[str, Any]:
    """Metadata about the document that the new one replaced."""
    gone = departures.of(name) if stage == LAST_STAGE else None
    if gone is None:
        return {}
    return {"replaced document": gone.document, "cited by": cited_in(gone.citing) or "no chapter"}


def _rejection(partition: str, rejected: DocumentRejected, departures: Departures) -> dg.AssetObservation:
    return dg.AssetObservation(
        "source_document",
        partition=partition,
        description=str(rejected),
        metadata={
            "status": IngestStatus.QUARANTINED.value,
            "reason": rejected.reason,
            "detail": rejected.detail,
            **_replaced(LAST_STAGE, bucket_key(partition), departures),
        },
    )
