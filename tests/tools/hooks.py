"""What a schema cannot say of a valid request.

A cursor, and the name of a part, is opaque and comes from the server; an invented one is refused by design (tests/errors.rs holds that), so valid
requests carry none.
An academic year names two years of which the second follows the first: no regular expression that every generator reads can say so.
"""

import re

import schemathesis
from schemathesis.generation import GenerationMode

YEAR = re.compile(r"20\d\d/20\d\d")


def consecutive(value):
    if isinstance(value, str) and YEAR.fullmatch(value):
        start = min(int(value[:4]), 2098)
        return f"{start}/{start + 1}"
    if isinstance(value, dict):
        return {key: consecutive(item) for key, item in value.items()}
    if isinstance(value, list):
        return [consecutive(item) for item in value]
    return value


@schemathesis.hook
def before_call(context, case, kwargs):
    if not case.meta or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    if case.query:
        case.query.pop("cursor", None)
        case.query.pop("partition", None)
        for name in list(case.query):
            case.query[name] = consecutive(case.query[name])
    if isinstance(case.body, (dict, list)):
        case.body = consecutive(case.body)
