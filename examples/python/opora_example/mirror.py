"""Keeping a copy of a register: harvested once, then followed by the change feed."""

from collections.abc import Iterator

from attrs import define

from opora_client import AuthenticatedClient
from opora_client.api.changes import get_change_position, list_changes
from opora_client.api.registry import get_school, list_schools
from opora_client.models import ChangeEntry, School

from .answers import Refused, granted, pages


@define
class Copy:
    """The schools by id, as of a place in the feed. Both are to be stored together."""

    schools: dict[str, School]
    position: str


def harvest(client: AuthenticatedClient) -> Copy:
    """A first copy. The place is asked for before the first page: what changes while the pages are read is told again."""
    position = granted(get_change_position.sync(client=client)).position
    found = pages(lambda cursor: list_schools.sync_detailed(client=client, limit=1000, cursor=cursor))
    return Copy({str(school.id): school for page in found for school in page.items}, position)


def follow(client: AuthenticatedClient, copy: Copy, wait: int) -> list[ChangeEntry]:
    """Takes in what has changed, or waits up to `wait` seconds for a change. What it returns has been taken in."""
    part = granted(list_changes.sync(client=client, after=copy.position, resource="schools", wait=wait, limit=1000))
    for key in {change.key for change in part.items if change.key is not None}:
        _refresh(client, copy, key)
    copy.position = part.next_
    return part.items


def _refresh(client: AuthenticatedClient, copy: Copy, key: str) -> None:
    """A change says that a school is another now, not how. One that is gone, or out of the client's area, is not found."""
    answer = get_school.sync_detailed(key, client=client)
    if answer.status_code == 404:
        copy.schools.pop(key, None)
    else:
        copy.schools[key] = granted(answer.parsed)


def keep(client: AuthenticatedClient, copy: Copy) -> Iterator[ChangeEntry]:
    """Follows for good: yields each change once it is in `copy`. A place that the feed has lost (a restored backup) is begun anew."""
    while True:
        try:
            yield from follow(client, copy, wait=30)
        except Refused as refused:
            if refused.problem.code != "position_lost":
                raise
            anew = harvest(client)
            copy.schools, copy.position = anew.schools, anew.position
