"""What every operation has in common: its refusals are problem documents, its lists come in pages."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

import httpx

from opora_client.models import ProblemDocument
from opora_client.types import UNSET, Response, Unset

T = TypeVar("T")


class Refused(Exception):
    """A refusal: `problem.code` says which, `problem.errors` which fields."""

    def __init__(self, problem: ProblemDocument) -> None:
        super().__init__(f"{problem.code}: {problem.detail or problem.title} (request {problem.request_id})")
        self.problem = problem


def granted(answer: T | ProblemDocument | None) -> T:
    """What was asked for, or the refusal as an exception."""
    if isinstance(answer, ProblemDocument):
        raise Refused(answer)
    if answer is None:
        raise ValueError("an answer that the contract does not know")
    return answer


def pages(read: Callable[[str | Unset], Response[T | ProblemDocument]]) -> Iterator[T]:
    """Every page of a list: `read` gets the one at a cursor, and `Link: rel="next"` says where the next one begins."""
    cursor: str | Unset | None = UNSET
    while cursor is not None:
        answer = read(cursor)
        yield granted(answer.parsed)
        cursor = _next(answer.headers)


def _next(headers: Mapping[str, str]) -> str | None:
    link = httpx.Response(200, headers=headers).links.get("next")
    return httpx.URL(link["url"]).params.get("cursor") if link else None
