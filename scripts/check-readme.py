#!/usr/bin/env python3
"""Compares the answers that the tour of README.md shows with a server's (scripts/with-server.sh): run by `make test-readme`.

The tour's ```sh blocks run in their order, in one bash, in a scratch directory, against the server at OPORA_TEST_URL. A block of answers
(```json, or plain text) is compared with what the commands between it and the block of answers before it printed:

- What is shown must be there with that value. `…` at the end of an object, an array or a string means that there is more; without it
  there is no more. The values of CHANGING may differ, their types may not.
- Of several answers in JSON a block may leave some out. Plain text is the same, line by line.

A difference is told with the line of the answer in README.md and the path in it. A block that cannot be compared is a fault too.
"""

import itertools
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

README = pathlib.Path(__file__).parent.parent / "README.md"
ADDRESS = "B=http://127.0.0.1:8080\n"
CHANGING = {
    "/on",  # the day of a request that names none
    "/sha256",  # of a report, which tells when it was submitted and accepted
}
MORE = "…"
MARKS = {"}": f'"{MORE}":null', "]": f'"{MORE}"'}
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STRING_OR_MORE = re.compile(rf'"(?:[^"\\]|\\.)*"|{MORE}(?=([}}\]]))')

# Whoever types the next request lets the job of the last one end.
PRELUDE = r"""
set -euo pipefail
curl() {
    local answer job begun=$SECONDS
    answer=$(command curl --max-time 300 "$@")
    printf '%s\n' "$answer"
    job=$(sed -n 's/.*"job_id":\([0-9]\+\).*/\1/p' <<<"$answer")
    until [ -z "$job" ] || [[ $(command curl -s -H "Authorization: Bearer $T" "$B/api/v1/jobs/$job") == *'"finished_at":"'* ]]; do
        [ $((SECONDS - begun)) -lt 900 ] || { echo "job $job does not end" >&2; exit 1; }
        sleep 0.1
    done
}
"""
BLOCK_END = "\x1e"


def blocks_of_the_tour():
    """Each fenced block: the number of its first line, its language, its text."""
    readme = README.read_text(encoding="utf-8")
    begin = readme.index("\n## The tour")
    for found in FENCED.finditer(readme, begin, readme.index("\n## ", begin + 1)):
        yield readme.count("\n", 0, found.start(2)) + 1, *found.groups()


def run(blocks):
    """What the commands of each block printed."""
    script = PRELUDE + "".join(f"{commands}printf '{BLOCK_END}'\n" for _, commands in blocks)
    if script.count(ADDRESS) != 1:
        sys.exit(f"README.md: the tour has no line {ADDRESS}")
    script = script.replace(ADDRESS, f"B={os.environ['OPORA_TEST_URL']}\n")
    with tempfile.TemporaryDirectory() as scratch:
        bash = subprocess.run(["bash", "-c", script], cwd=scratch, stdout=subprocess.PIPE, encoding="utf-8")
    *printed, rest = bash.stdout.split(BLOCK_END)
    if len(printed) < len(blocks):
        sys.exit(f"README.md:{blocks[len(printed)][0]}: these commands ended with {bash.returncode}; they printed:\n{rest}")
    return printed


def values(text):
    """The JSON values that follow one another in a text, each with the number of lines before it."""
    end = 0
    while rest := text[end:].lstrip():
        begin = len(text) - len(rest)
        value, end = json.JSONDecoder().raw_decode(text, begin)
        yield text.count("\n", 0, begin), value


def with_marks(text):
    """The text as JSON: `…` becomes the last member of its object or array."""
    return STRING_OR_MORE.sub(lambda found: MARKS.get(found[1], found[0]), text)


def differences(shown, found, path=""):
    """Where an answer is not what is shown of it."""
    if isinstance(shown, dict) and isinstance(found, dict):
        for name in sorted(shown.keys() - {MORE}):
            if name in found:
                yield from differences(shown[name], found[name], f"{path}/{name}")
            else:
                yield f"{path}/{name}: the server does not answer it"
        if MORE not in shown and (others := sorted(found.keys() - shown.keys())):
            yield f"{path or '/'}: the server answers more: {', '.join(others)}"
    elif isinstance(shown, list) and isinstance(found, list):
        items = [item for item in shown if item != MORE]
        if len(items) > len(found) or (items == shown and len(items) < len(found)):
            yield f"{path or '/'}: {len(items)} items are shown, the server answers {len(found)}"
        for index, pair in enumerate(zip(items, found)):
            yield from differences(*pair, f"{path}/{index}")
    elif type(shown) is not type(found) or not (path in CHANGING or same(shown, found)):
        yield f"{path}: {brief(shown)} is shown, the server answers {brief(found)}"


def same(shown, found):
    return shown == found or str(shown).endswith(MORE) and found.startswith(shown.removesuffix(MORE))


def brief(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:200] + MORE


def json_faults(line, text, printed):
    """What is wrong with a block of answers, compared in order with those of the printed ones that they fit best."""
    try:
        shown, found = list(values(with_marks(text))), [value for _, value in values(printed)]
    except json.JSONDecodeError as error:
        return [f"{line}: the block or what was printed is not JSON: {error.msg}: {brief(error.doc[error.pos :])}"]
    if not 0 < len(shown) <= len(found):
        return [f"{line}: {len(shown)} answers are shown, {len(found)} were printed"]
    choices = (zip(shown, some) for some in itertools.combinations(found, len(shown)))
    told = ([f"{line + below}: {fault}" for (below, one), other in pairs for fault in differences(one, other)] for pairs in choices)
    return min(told, key=len)


def text_faults(line, text, printed):
    pairs = itertools.zip_longest(text.splitlines(), printed.splitlines())
    return [f"{at}: {brief(one)} is shown, {brief(other)} was printed" for at, (one, other) in enumerate(pairs, line) if one != other]


def main():
    blocks = list(blocks_of_the_tour())
    outputs = iter(run([(line, text) for line, language, text in blocks if language == "sh"]))
    faults, printed = [], ""
    for line, language, text in blocks:
        if language == "sh":
            printed += next(outputs)
        else:
            faults += (json_faults if language == "json" else text_faults)(line, text, printed)
            printed = ""
    print("\n".join(f"README.md:{fault}" for fault in faults) or f"README.md: the {len(blocks)} blocks of the tour are right")
    return 1 if faults or not blocks else 0


if __name__ == "__main__":
    sys.exit(main())
