"""The shipped plain Debian way, set up once for the tests that use it."""

from collections.abc import Iterator

import pytest

from tests.servers import debian
from tests.services import Servers, or_skip


@pytest.fixture(scope="session")
def host(servers: Servers) -> Iterator[debian.Host]:
    """A host on which the units run behind nginx."""
    with or_skip():
        made = debian.host(
            servers.new_folder("host"), postgres=servers.postgres, s3=servers.gateway_or_moto()
        )
        running = made.__enter__()
    try:
        yield running
    finally:
        made.__exit__(None, None, None)
