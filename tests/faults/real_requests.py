"""Requests for what a Studio really has: those of a schema guess ids, and reach nothing."""

from __future__ import annotations

import copy
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

from photographs import random_pixels
from pixelguide.studio.stored_files import picture_png
from studio.conftest import SIZE, Studio

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
"""A value of JSON, and of what Python takes for it."""
STRENGTHS = ("0", "0.5", "1", "1.5", "nan", "")


@dataclass
class Real:
    """What there is. ids: of each kind, a photograph's, pictures', maps', a region's and jobs';
    files: what can be sent as a body, by the path it belongs to; bodies: the same of JSON."""

    ids: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, list[bytes]] = field(default_factory=dict)
    bodies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def of(cls, studio: Studio) -> Real:
        """Make a picture, a photograph and a part of it, edits of both, maps, layers, a project."""
        client = studio.client
        photo, mask = picture_png(random_pixels(1, 150, 100)), np.zeros((SIZE, SIZE), np.uint8)
        mask[10:14, 8:20] = 255
        taken = client.post("/api/pictures", content=photo).json()
        requests = [studio.edit_request(seed=1, num_images=2) for _ in range(2)]
        requests[1]["picture"] = taken["picture"]
        jobs = [studio.submit(request) for request in requests]
        jobs.append(studio.submit({"kind": "segment", "picture": taken["picture"]}))
        ended = [studio.wait(job) for job in jobs]
        assert {job["state"] for job in ended} == {"done"}
        changed = [job["result"]["candidates"][1]["picture"] for job in ended[:2]]
        versions: list[dict[str, Any]] = [
            {
                "picture": picture, "source": each["source"], "target": each["target"], "job": job,
            }
            for picture, each, job in zip(changed, requests, jobs[:2], strict=True)
        ]  # fmt: skip
        project = {"name": "x", "versions": versions, "state": {"zoom": 1}}
        region = client.post("/api/regions", content=picture_png(mask)).json()["region"]
        map_file = client.get(f"/api/maps/{requests[0]['target']}.png").content
        return cls(
            {
                "photographs": [taken["photograph"]],
                "pictures": [*changed, *(each["picture"] for each in requests)],
                "maps": [requests[0]["source"], requests[0]["target"]],
                "jobs": jobs, "results": jobs[:2], "portraits": ["0", "1"],
            },
            {
                "/api/pictures": [photo], "/api/maps": [map_file],
                "/api/regions": [picture_png(mask)],
                "/api/layers": [client.get(f"/api/results/{job}.ora").content for job in jobs[:2]],
                "/api/projects/unpack": [client.post("/api/projects/pack", json=project).content],
            },
            {
                "/api/jobs": [
                    *requests, {**requests[0], "region": region},
                    {"kind": "segment", "picture": taken["picture"]},
                ],
                "/api/models": [{"name": "stub"}], "/api/pictures": [{"portrait": 1}],
                "/api/photographs/{identity}/parts": [
                    {"x": 40, "y": 20, "size": 64},
                    {"x": 40, "y": 20, "size": 64, "base": changed[1]},
                ],
                "/api/results/{identity}/{name}/pictures": [{"strength": 0.5}],
                "/api/projects/pack": [project],
            },
        )  # fmt: skip

    def request(self, method: str, template: str, draw: Any) -> dict[str, Any]:
        """One for a path of the schema, as `client.request` takes it: right but for at most one
        thing. draw: hypothesis's, of a strategy a value."""
        pick = st.sampled_from
        kind = next((part for part in template.split("/") if part in self.ids), "")
        values = {"identity": self.ids.get(kind, [])}
        values |= {"index": self.ids["portraits"], "name": ["0", "1", "roi"]}
        path = template
        for name, known in values.items():
            if "{" + name + "}" in path:
                path = path.replace("{" + name + "}", draw(pick(known)))
        found: dict[str, Any] = {"method": method, "url": path, "headers": {}}
        if path.startswith(("/api/results", "/api/pictures")) and method == "GET":
            found["params"] = {"strength": draw(pick(STRENGTHS))}
        if method in ("GET", "DELETE"):
            return found
        kinds = [*self.files.get(template, []), *self.bodies.get(template, [])]
        body = draw(pick(kinds)) if kinds else {}
        if isinstance(body, bytes):
            found["content"] = _damaged(body, draw)
            found["headers"]["Content-Type"] = draw(pick(["image/png", "application/zip"]))
        else:
            found["content"] = json.dumps(_changed(body, draw)).encode("utf-8", "surrogatepass")
            found["headers"]["Content-Type"] = "application/json"
            found["headers"]["Idempotency-Key"] = str(uuid.uuid4())
        return found


def _damaged(body: bytes, draw: Any) -> bytes:
    if draw(st.booleans()):
        return body
    at = draw(st.integers(0, len(body) - 1))
    return body[:at] + draw(st.binary(max_size=4)) + body[at + draw(st.integers(0, 4)) :]


def _changed(body: dict[str, Any], draw: Any) -> dict[str, Any]:
    """A copy; every other one with one entry, at any depth, replaced by anything."""
    changed = copy.deepcopy(body)
    if draw(st.booleans()):
        return changed
    inside: Any = changed
    while True:
        key = draw(st.sampled_from([*inside] if isinstance(inside, dict) else range(len(inside))))
        deeper = inside[key]
        if not isinstance(deeper, (dict, list)) or not deeper or draw(st.booleans()):
            inside[key] = draw(ANYTHING)
            return changed
        inside = deeper
