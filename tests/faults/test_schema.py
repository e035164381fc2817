"""schemathesis on the app's own schema, every other request for what is really there: whatever is
sent, no answer is an error of the server."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from faults.battery import SHARES
from pixelguide.studio import models
from pixelguide.studio.app import create_app
from pixelguide.studio.services import open_services
from stub_runner import stub
from studio.conftest import CATEGORY, POLICY, Studio

Record = Callable[[str, object], None]


@contextmanager
def model_studio(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    """A Studio that can be asked for its model by name."""
    (folder / "index.html").write_text("<!doctype html>")
    monkeypatch.setattr(models, "available_models", lambda: {"stub": "stub"})
    monkeypatch.setattr(models.Category, "open", staticmethod(lambda model: CATEGORY))
    with models.Models(
        "stub",
        CATEGORY,
        lambda *_: open_services(CATEGORY, stub(folder), folder, None, "forkserver"),
    ) as known:
        app = create_app(known.services, POLICY, folder, known)
        with TestClient(app, base_url="http://127.0.0.1:8000") as client:
            yield Studio(known.services, client)


def as_drawn(case: Any) -> dict[str, Any]:
    """What schemathesis would send, as `client.request` takes it."""
    options = case.as_transport_kwargs(base_url="http://127.0.0.1:8000")
    options = {
        name: options[name]
        for name in ("method", "url", "params", "json", "headers", "data")
        if options.get(name) is not None
    }
    if "data" in options:
        options["content"] = options.pop("data")
    headers = {
        str(k): str(v).encode("ascii", "replace").decode()
        for k, v in dict(options.get("headers") or {}).items()
    }
    options["headers"] = {"Idempotency-Key": "schema-0001", **headers}
    return options


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("share", SHARES)
def test_no_request_of_the_schema_is_an_error(
    share: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record: Record
) -> None:
    """5 minutes, each operation in turn. The schema knows no ids and no bodies, so that what it
    leads to is mostly refused: every other request is right but for a value or some bytes."""
    pytest.importorskip("schemathesis")
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st

    from faults.real_requests import Real

    with model_studio(tmp_path, monkeypatch) as studio:
        app: Any = studio.client.app
        schema = schemathesis.openapi.from_dict(app.openapi())
        operations = [found.ok() for found in schema.get_all_operations()]
        assert len(operations) > 15
        statuses: Counter[int] = Counter()
        errors: list[str] = []
        reached: set[tuple[str, str]] = set()
        until = time.monotonic() + 300 / share

        real = Real.of(studio)
        real_ones: Counter[int] = Counter()

        def send(case: Any, data: Any, guessed: bool) -> None:
            if case.path.endswith("/events"):  # a stream has no end
                return
            made = as_drawn(case) if guessed else real.request(case.method, case.path, data.draw)
            answer = studio.client.request(**made)
            statuses[answer.status_code] += 1
            if not guessed:
                real_ones[answer.status_code] += 1
                if answer.status_code < 300:
                    reached.add((case.method, case.path))
            if answer.status_code >= 500 and answer.status_code not in (503, 507):
                errors.append(f"{case.method} {case.path}: {answer.status_code}")

        number = 0
        while time.monotonic() < until or number < len(operations):
            operation = operations[number % len(operations)]
            number += 1

            @settings(
                max_examples=20, deadline=None, database=None, derandomize=False,
                phases=[Phase.generate], suppress_health_check=[*HealthCheck],
            )  # fmt: skip
            @given(case=operation.as_strategy(), data=st.data(), guessed=st.booleans())
            def examples(case: Any, data: Any, guessed: bool) -> None:
                if time.monotonic() < until + 30:
                    send(case, data, guessed)

            examples()
    taken = sum(count for code, count in real_ones.items() if code < 300)
    silent = {(o.method.upper(), o.path) for o in operations} - reached
    record(
        "schemathesis",
        f"{sum(statuses.values())} requests, {dict(sorted(statuses.items()))}; "
        f"{sum(real_ones.values())} for what is there, {taken} of them done, "
        f"operations never done {len(silent)}",
    )
    assert errors == []
    assert taken > sum(real_ones.values()) // 4
    if share == 1:
        assert silent == {("GET", "/api/jobs/{identity}/events")}
