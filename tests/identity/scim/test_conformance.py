"""scim2-tester, the checker of others, finds nothing to say of a hub that serves."""

from collections.abc import Callable, Iterable
from pathlib import Path

import httpx
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server

from tests.identity.scim.conftest import TOKEN
from tests.live.conftest import process_environment, started_site

#: As many checks as there were when this was written: fewer would be no success.
CHECKS = 91
#: The first request of a process loads the models, on a machine that does other things too.
PATIENCE = 60


def forwarding(client: httpx.Client) -> Callable[..., Iterable[bytes]]:
    """A WSGI application that asks a server: the checker's client for real connections wants a library of its own."""

    def forward(environ, start_response) -> Iterable[bytes]:
        headers = {name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
        headers |= {"Content-Type": environ["CONTENT_TYPE"]} if environ.get("CONTENT_TYPE") else {}
        address = f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}".rstrip("?")
        answer = client.request(
            environ["REQUEST_METHOD"], address, content=environ["wsgi.input"].read(), headers=headers
        )
        kept = [(name, value) for name, value in answer.headers.items() if name != "transfer-encoding"]
        start_response(f"{answer.status_code} {answer.reason_phrase}", kept)
        return [answer.content]

    return forward


def test_the_checker_of_others_is_content(database_url: str, tmp_path: Path) -> None:
    environment = process_environment(database_url, tmp_path, HUB_SCIM_TOKEN=TOKEN)
    with started_site(environment) as site, httpx.Client(base_url=site.url, timeout=PATIENCE) as server:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        # The addresses in the answers are those of HUB_URL.
        client = WSGISCIMClient(forwarding(server), base_url="http://127.0.0.1:8000/scim/v2", headers=headers)
        results = check_server(client)
    found = [(one.status, one.title, one.reason) for one in results if one.status != Status.SUCCESS]
    assert found == []
    assert len(results) >= CHECKS
