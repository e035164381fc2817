"""The page without a server: what it would say is answered here, so that the category can have any
size."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pixelguide.labels import LabelMap
from pixelguide.portraits import LABELS, portrait_at, render
from pixelguide.studio.app import WEB
from pixelguide.studio.stored_files import picture_png, png

ADDRESS = "http://localhost/"
"""Browsers trust it as they trust the server's own address: there are locks and a clipboard."""
TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}
JOB = "1" * 32


def answers(size: int) -> dict[str, tuple[str, bytes]]:
    """What the server would say: type and body by path."""
    portrait = render(portrait_at(7, 0), 64)
    repeat = size // 64
    ids = np.kron(portrait.label_ids, np.ones((repeat, repeat), np.uint8))
    image = np.asarray(Image.fromarray(portrait.image).resize((size, size)))
    category = {
        "model": {"name": "stub", "hash": "0"},
        "size": size,
        "labels": [
            {"id": k, "name": name, "color": "#" + bytes(LABELS.palette[k]).hex()}
            for k, name in enumerate(LABELS.names)
        ],
        "palette": ["#" + bytes(colour).hex() for colour in LABELS.colours().tolist()],
        "groups": {group: list(LABELS.ids(names)) for group, names in LABELS.groups.items()},
        "defaults": {"dilation": 3, "roi": "classes"},
        "starters": [],
    }
    job = {"job": JOB, "kind": "segment", "state": "done", "result": {"map": "m"}, "error": None}
    face = {"index": 0, "url": "/api/portraits/0.png"}
    plain = {
        "/api/category": category,
        "/api/portraits": {"portraits": [face]},
        "/api/pictures": {"picture": "p"},
        "/api/jobs": {"job": JOB},
        "/api/models": {"models": [{"name": "stub", "current": True, "opening": None}]},
    }
    picture = picture_png(image)
    return {
        **{path: ("application/json", json.dumps(body).encode()) for path, body in plain.items()},
        "/api/portraits/0.png": ("image/png", picture),
        "/api/pictures/p.png": ("image/png", picture),
        "/api/maps/m.png": ("image/png", png(LabelMap(ids, LABELS).to_image())),
        f"/api/jobs/{JOB}/events": (
            "text/event-stream",
            f"event: done\ndata: {json.dumps(job)}\n\n".encode(),
        ),
    }


def serve(context: Any, size: int) -> None:
    """Answer all that pages of a context ask for, with a map of size²."""
    known = answers(size)

    def answer(route: Any) -> None:
        path = "/" + route.request.url.split("/", 3)[3]
        if path in known:
            kind, body = known[path]
            route.fulfill(status=200, content_type=kind, body=body)
            return
        file = WEB / (path.removeprefix("/web/") if path != "/" else "index.html")
        if not file.is_file():
            route.fulfill(status=404, content_type="application/json", body="{}")
            return
        route.fulfill(status=200, content_type=TYPES[Path(file).suffix], body=file.read_bytes())

    context.route("**/*", answer)
