"""The examples against a running installation with the demonstration region: `make test-clients` starts one."""

import datetime
import os
import pathlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from opora_client import AuthenticatedClient
from opora_client.api.oauth import get_token_info
from opora_client.api.registry import create_school, delete_school, get_school, list_schools, update_school
from opora_client.api.users import list_users
from opora_client.models import (
    Finding,
    Founder,
    Happened,
    ImportKind,
    IndicatorCode,
    Locality,
    Outcome,
    Permission,
    SchoolCreate,
    SchoolKind,
    SchoolUpdate,
    TargetVerdict,
)
from opora_example.answers import Refused, granted, pages
from opora_example.mirror import follow, harvest, keep
from opora_example.outcome import indicators, verdicts
from opora_example.push import push
from opora_example.report import fetch_report
from opora_example.session import connect

RESULTS = pathlib.Path(__file__).parents[2] / "results.csv"


@pytest.fixture(scope="module")
def client() -> Iterator[AuthenticatedClient]:
    with connect(os.environ["OPORA"], os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]) as client:
        yield client


def test_the_token_is_for_what_was_asked(client: AuthenticatedClient) -> None:
    info = granted(get_token_info.sync(client=client))
    assert info.name == os.environ["CLIENT_ID"]
    assert Permission.IMPORTSWRITE in info.permissions


def test_a_pushed_file_is_loaded_and_its_bad_row_told(client: AuthenticatedClient) -> None:
    pushed = push(client, ImportKind.RESULTS, RESULTS.read_bytes(), RESULTS.name)
    assert (pushed.report.applied, pushed.report.rows, pushed.report.rejected) == (True, 2, 1)
    assert {(reject.row, reject.column, reject.code) for reject in pushed.rejects} == {
        (3, "school_code", "unknown_reference"),
        (3, "below_minimum", "more_than_whole"),
    }
    assert push(client, ImportKind.RESULTS, RESULTS.read_bytes(), RESULTS.name) == pushed, "the same file is the same import"


def test_verdicts_are_read_through_all_pages(client: AuthenticatedClient) -> None:
    low = list(verdicts(client, Outcome.LOW))
    codes = [verdict.school_code for verdict in low]
    assert len(codes) == len(set(codes)) > 100, "more than two pages, each school once"
    assert any(Finding.LISTED in verdict.findings for verdict in low)


def test_indicators_of_a_day(client: AuthenticatedClient) -> None:
    found = {indicator.code: indicator for indicator in indicators(client, datetime.date(2020, 12, 31))}
    assert found.keys() == set(IndicatorCode)
    assert found[IndicatorCode.I1].denominator == 115
    assert found[IndicatorCode.I4].verdict is TargetVerdict.NOT_MEASURABLE


def test_a_report_is_fetched_once(client: AuthenticatedClient) -> None:
    fetched = fetch_report(client)
    assert fetched is not None and fetched.pdf.startswith(b"%PDF-")
    assert fetch_report(client, fetched.etag) is None


def write_about(client: AuthenticatedClient, n: int) -> None:
    """Makes a school, gives it another name and another code, and removes every other one again."""
    draft = SchoolCreate(f"58{1000 + n}", f"Школа {n}", SchoolKind.SECONDARY, Locality.RURAL, Founder.STATE)
    answer = create_school.sync_detailed(client=client, body=draft)
    school = str(granted(answer.parsed).id)
    for patch in (SchoolUpdate(name=f"Лицей {n}"), SchoolUpdate(code=f"58{5000 + n}")):
        answer = update_school.sync_detailed(school, client=client, body=patch, if_match=answer.headers["ETag"])
        granted(answer.parsed)
    if n % 2 == 0:
        removed = delete_school.sync_detailed(school, client=client, if_match=answer.headers["ETag"])
        assert removed.status_code == 204


def test_a_copy_ends_equal_to_its_source_after_a_storm_of_writes(client: AuthenticatedClient) -> None:
    copy = harvest(client)
    before = len(copy.schools)
    told = []
    with ThreadPoolExecutor(4) as pool:
        storm = [pool.submit(write_about, client, n) for n in range(20)]
        while not all(write.done() for write in storm):
            told += follow(client, copy, wait=1)
        for write in storm:
            write.result()
    while changes := follow(client, copy, wait=0):
        told += changes
    assert len(copy.schools) == before + 10
    assert copy.schools == harvest(client).schools
    renamed = [change.previous_key for change in told if change.previous_key is not None]
    assert len(renamed) == 20, "each change of a code is told with the code before"
    assert {str(key["code"])[:3] for key in renamed} == {"581"}


def test_a_follower_is_told_of_a_change_while_it_waits(client: AuthenticatedClient) -> None:
    copy = harvest(client)
    with ThreadPoolExecutor(1) as pool:
        change = pool.submit(lambda: next(keep(client, copy)))
        write_about(client, 21)
        told = change.result(timeout=60)
    assert (told.operation, told.natural_key.to_dict()) == (Happened.CREATE, {"code": "581021"})


def test_refusals_are_typed(client: AuthenticatedClient) -> None:
    with pytest.raises(Refused) as nothing:
        granted(get_school.sync("code:999999", client=client))
    assert (nothing.value.problem.status, nothing.value.problem.code) == (404, "not_found")
    with pytest.raises(Refused) as reserved:
        list(pages(lambda cursor: list_users.sync_detailed(client=client, cursor=cursor)))
    assert reserved.value.problem.code == "forbidden"
    with pytest.raises(Refused) as wrong:
        granted(list_schools.sync(client=client, limit=5000))
    assert isinstance(wrong.value.problem.errors, list)
    assert [error.pointer for error in wrong.value.problem.errors] == ["limit"]
