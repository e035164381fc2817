"""schemathesis on the app's own schema: whatever it sends, no answer is an error of the server."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from faults.battery import SHARES
from studio.conftest import Start

Record = Callable[[str, object], None]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("share", SHARES)
def test_no_request_of_the_schema_is_an_error(share: int, start: Start, record: Record) -> None:
    """5 minutes, each operation in turn; bodies that the schema does not know are raw bytes."""
    pytest.importorskip("schemathesis")
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings

    with start() as studio:
        app: Any = studio.client.app
        schema = schemathesis.openapi.from_dict(app.openapi())
        operations = [found.ok() for found in schema.get_all_operations()]
        assert len(operations) > 15
        statuses: Counter[int] = Counter()
        errors: list[str] = []
        until = time.monotonic() + 300 / share

        def send(case: Any) -> None:
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
            if case.path.endswith("/events"):  # a stream has no end
                return
            answer = studio.client.request(**options)
            statuses[answer.status_code] += 1
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
            @given(case=operation.as_strategy())
            def examples(case: Any) -> None:
                if time.monotonic() < until + 30:
                    send(case)

            examples()
    record("schemathesis", f"{sum(statuses.values())} requests, {dict(sorted(statuses.items()))}")
    assert sum(statuses.values()) > 50
    assert errors == []
