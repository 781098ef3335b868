"""Fetching a report, and asking again for nothing while it is the same."""

from attrs import frozen

from opora_client import AuthenticatedClient
from opora_client.api.reports import get_report_file
from opora_client.models import GetReportFileFormat, ReportKind
from opora_client.types import UNSET

from .answers import granted


@frozen
class Fetched:
    """A report and its version."""

    pdf: bytes
    etag: str


def fetch_report(client: AuthenticatedClient, etag: str | None = None) -> Fetched | None:
    """The newest accepted half-yearly report as a PDF; nothing if it is still the one with `etag`."""
    answer = get_report_file.sync_detailed(
        ReportKind.HALF_YEAR, "latest", client=client, format_=GetReportFileFormat.PDF, if_none_match=etag or UNSET
    )
    if answer.status_code == 304:
        return None
    return Fetched(granted(answer.parsed).payload.read(), answer.headers["ETag"])
