"""Where several processes share the tests, those that share what is trained stay in one of them."""

from __future__ import annotations

import os

import pytest


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="one process has all the tests")
def test_the_group_is_known_to_whoever_shares_out_tests(request: pytest.FixtureRequest) -> None:
    """pytest-xdist 3.8 tells groups by their node ids, which pytest 9.2 no longer lets it change."""
    assert request.node.nodeid.endswith(f"@{request.path}")
