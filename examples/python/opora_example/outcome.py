"""Reading what came of it: the verdicts of the newest run and the indicators of a day."""

import datetime
from collections.abc import Iterator

from opora_client import AuthenticatedClient
from opora_client.api.identification import list_identification_runs, list_verdicts
from opora_client.api.indicators import list_indicators
from opora_client.models import Indicator, JobState, Outcome, Verdict

from .answers import granted, pages


def verdicts(client: AuthenticatedClient, outcome: Outcome) -> Iterator[Verdict]:
    """The verdicts of the newest finished run with this outcome."""
    runs = pages(lambda cursor: list_identification_runs.sync_detailed(client=client, cursor=cursor))
    newest = next(run.id for page in runs for run in page.items if run.state is JobState.SUCCEEDED)
    for page in pages(lambda cursor: list_verdicts.sync_detailed(newest, client=client, outcome=outcome, limit=50, cursor=cursor)):
        yield from page.items


def indicators(client: AuthenticatedClient, day: datetime.date) -> list[Indicator]:
    """The target indicators as of a day."""
    return granted(list_indicators.sync(client=client, on=day)).items
