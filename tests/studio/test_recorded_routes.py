"""What pages and scripts rely on: paths, methods, parameters and status codes of the HTTP routes.

`recorded_routes.json` is FastAPI's schema of the application as of commit fe9d2b5, without names
and texts of functions. When a route changes on purpose, change the record with it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pixelguide.studio.access import AccessPolicy
from pixelguide.studio.app import create_app
from studio.conftest import Studio

RECORD = Path(__file__).parent / "recorded_routes.json"
_TEXTS = {"summary", "description", "operationId", "title", "info"}


def without_texts(schema: Any) -> Any:
    """The schema without what only names or describes."""
    if isinstance(schema, dict):
        return {key: without_texts(part) for key, part in schema.items() if key not in _TEXTS}
    return [without_texts(part) for part in schema] if isinstance(schema, list) else schema


def test_routes_are_those_recorded(studio: Studio) -> None:
    app = create_app(studio.services, AccessPolicy.of(["127.0.0.1"], 8000))
    found = {
        f"{method.upper()} {path}": without_texts(operation)
        for path, operations in app.openapi()["paths"].items()
        for method, operation in operations.items()
    }
    assert found == json.loads(RECORD.read_text())
