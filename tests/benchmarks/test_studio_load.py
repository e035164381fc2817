"""The Studio under many clients, for a short while."""

from __future__ import annotations

import json

import pytest

from benchmarks.studio_load import main


@pytest.mark.slow
def test_clients_get_what_was_promised(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--clients", "40", "--seconds", "6"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["answers"]["submit 202"] == found["answers"]["stream 200"]
    assert found["events"]["done"] > 0
