"""What people of the demonstration region do before a program comes: they identify schools, and write and accept the first report."""

import os
import time

from opora_client import AuthenticatedClient, Client
from opora_client.api.identification import create_identification_run, get_identification_run
from opora_client.api.reports import accept_report, create_report, get_report, submit_report
from opora_client.api.session import log_in
from opora_client.models import Credentials, IdentificationRunCreate, JobState, ReportCreate, ReportKind
from opora_example.answers import granted

URL = os.environ["OPORA"]
KIND, PERIOD = ReportKind.HALF_YEAR, "2020-H2"


def person(login: str) -> AuthenticatedClient:
    credentials = Credentials(login=login, password="opora-demonstration")
    token = granted(log_in.sync(client=Client(base_url=URL), body=credentials)).access_token
    return AuthenticatedClient(base_url=URL, token=token, raise_on_unexpected_status=True)


def etag(client: AuthenticatedClient) -> str:
    return get_report.sync_detailed(KIND, PERIOD, client=client).headers["ETag"]


def main() -> None:
    institute, ministry = person("institute"), person("ministry")
    run = granted(create_identification_run.sync(client=institute, body=IdentificationRunCreate())).id
    while (found := granted(get_identification_run.sync(run, client=institute))).state in (JobState.QUEUED, JobState.RUNNING):
        time.sleep(0.2)
    assert found.state is JobState.SUCCEEDED, found
    granted(create_report.sync(client=institute, body=ReportCreate(kind=KIND, period=PERIOD)))
    granted(submit_report.sync(KIND, PERIOD, client=institute, if_match=etag(institute)))
    granted(accept_report.sync(KIND, PERIOD, client=ministry, if_match=etag(ministry)))


if __name__ == "__main__":
    main()
