"""What the tests of the ledger's servers share: a ledger of three of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.cluster import Cluster, running_cluster


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three servers with TLS and an encrypted store, for the tests of one module."""
    with running_cluster(tmp_path_factory.mktemp("cluster"), "--encrypt", "aes") as running:
        yield running
