"""A client of Opora that is always let in: it gets its tokens by OAuth 2 client credentials."""

import base64
import time
from collections.abc import Generator

import httpx

from opora_client import AuthenticatedClient
from opora_client.api.oauth import issue_token
from opora_client.models import ClientToken, TokenRequest


class ClientCredentials(httpx.Auth):
    """Puts a token on every request, and gets a new one half a minute before the old one expires."""

    def __init__(self, url: str, client_id: str, client_secret: str) -> None:
        self._url = url
        self._basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._token = ""
        self._renew_at = 0.0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if time.monotonic() >= self._renew_at:
            self._renew()
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request

    def _renew(self) -> None:
        with AuthenticatedClient(base_url=self._url, prefix="Basic", token=self._basic, raise_on_unexpected_status=True) as client:
            given = issue_token.sync(client=client, body=TokenRequest(grant_type="client_credentials"))
        if not isinstance(given, ClientToken):
            raise PermissionError(f"no token: {given}")
        self._token = given.access_token
        self._renew_at = time.monotonic() + given.expires_in - 30


def connect(url: str, client_id: str, client_secret: str) -> AuthenticatedClient:
    """A client for the installation at `url`; the credentials are what `opora client create` printed. To be closed: `with`."""
    auth = ClientCredentials(url, client_id, client_secret)
    return AuthenticatedClient(base_url=url, token="", raise_on_unexpected_status=True, httpx_args={"auth": auth})
