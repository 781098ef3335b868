"""Pushing a register: a file is sent, a job loads it, and the report says what was done."""

import hashlib
import time
from io import BytesIO

from attrs import frozen

from opora_client import AuthenticatedClient
from opora_client.api.imports import create_import, get_import, get_job, list_import_rejects
from opora_client.models import ImportForm, ImportKind, ImportMode, ImportReject, ImportReport, JobState
from opora_client.types import File

from .answers import granted, pages


@frozen
class Pushed:
    """What was found and done, and the cells that were refused."""

    report: ImportReport
    rejects: list[ImportReject]


def push(client: AuthenticatedClient, kind: ImportKind, content: bytes, name: str) -> Pushed:
    """Sends a file and waits until it is loaded. The key makes a repetition harmless: the same file is the same import."""
    key = hashlib.sha256(kind.encode() + content).hexdigest()
    form = ImportForm(file=File(payload=BytesIO(content), file_name=name, mime_type="text/csv"))
    queued = granted(create_import.sync(client=client, kind=kind, mode=ImportMode.BEST_EFFORT, body=form, idempotency_key=key))
    if queued.job_id is not None:
        _finish(client, queued.job_id)
    report = granted(get_import.sync(queued.id, client=client)).report
    if report is None:
        raise RuntimeError(f"import {queued.id} ended without a report")
    found = pages(lambda cursor: list_import_rejects.sync_detailed(queued.id, client=client, cursor=cursor))
    return Pushed(report, [reject for page in found for reject in page.items])


def _finish(client: AuthenticatedClient, job_id: int) -> None:
    while (job := granted(get_job.sync(job_id, client=client))).finished_at is None:
        time.sleep(0.5)
    if job.state is not JobState.SUCCEEDED:
        raise RuntimeError(f"job {job_id}: {job.state}, {job.problem}")
