"""The command line: `python -m opora_example push results FILE`, `verdicts low`, `indicators 2020-12-31`, `report FILE`, `follow`."""

import argparse
import datetime
import os
import pathlib

from opora_client import AuthenticatedClient
from opora_client.models import ImportKind, Outcome

from .mirror import harvest, keep
from .outcome import indicators, verdicts
from .push import push
from .report import fetch_report
from .session import connect


def main() -> None:
    arguments = _arguments()
    with connect(os.environ["OPORA"], os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]) as client:
        _run(client, arguments)


def _run(client: AuthenticatedClient, arguments: argparse.Namespace) -> None:
    match arguments.command:
        case "push":
            pushed = push(client, arguments.kind, arguments.file.read_bytes(), arguments.file.name)
            print(f"{pushed.report.created} created, {pushed.report.updated} updated, {pushed.report.rejected} rejected")
            for reject in pushed.rejects:
                print(f"row {reject.row}, {reject.column}: {reject.message}")
        case "verdicts":
            for verdict in verdicts(client, arguments.outcome):
                print(verdict.school_code, *verdict.findings)
        case "indicators":
            for indicator in indicators(client, arguments.day):
                print(indicator.code, indicator.numerator, indicator.denominator, indicator.verdict)
        case "report":
            if fetched := fetch_report(client):
                arguments.file.write_bytes(fetched.pdf)
                print(f"{fetched.etag} in {arguments.file}")
        case "follow":
            copy = harvest(client)
            print(f"{len(copy.schools)} schools at {copy.position}")
            for change in keep(client, copy):
                print(change.at, change.operation, change.natural_key.to_dict(), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="opora_example", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("push", help="send a file and wait until it is loaded")
    command.add_argument("kind", type=ImportKind)
    command.add_argument("file", type=pathlib.Path)
    command = commands.add_parser("verdicts", help="verdicts of the newest run")
    command.add_argument("outcome", type=Outcome)
    command = commands.add_parser("indicators", help="the target indicators as of a day")
    command.add_argument("day", type=datetime.date.fromisoformat)
    command = commands.add_parser("report", help="the newest accepted report as a PDF")
    command.add_argument("file", type=pathlib.Path)
    commands.add_parser("follow", help="keep a copy of the schools and print what changes")
    return parser.parse_args()


if __name__ == "__main__":
    main()
