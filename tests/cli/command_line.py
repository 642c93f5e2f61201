"""What tests of commands share: how to run one, and what it printed."""

from __future__ import annotations

import re

import pytest

from advnets import cli

TINY = ("--generator.hidden", "16", "--discriminator.units", "8", "--batch", "10", "--sample-every", "0")


def quiet(*args: object) -> None:
    """A command that succeeds."""
    assert cli.main([str(arg) for arg in args]) == 0


class Terminal:
    """Runs commands and looks at what they printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def out(self, *args: object) -> str:
        """What a command that succeeds prints."""
        self._capsys.readouterr()
        status = cli.main([str(arg) for arg in args])
        out, err = self._capsys.readouterr()
        assert status == 0, err
        return out

    def mistake(self, *args: object) -> str:
        """The one line that a command prints when the user is wrong."""
        self._capsys.readouterr()
        status = cli.main([str(arg) for arg in args])
        out, err = self._capsys.readouterr()
        assert status == 2, out + err
        assert err.startswith("advnets: ")
        assert err.count("\n") == 1, err
        assert "Traceback" not in err
        assert not re.search("[│╭╰─]", err)
        assert out == ""
        return err.strip()
