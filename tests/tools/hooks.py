"""A cursor is opaque and comes from the server; an invented one is refused by design (tests/errors.rs holds that). So valid requests carry none."""

import schemathesis
from schemathesis.generation import GenerationMode


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.query and case.meta and case.meta.generation.mode == GenerationMode.POSITIVE:
        case.query.pop("cursor", None)
