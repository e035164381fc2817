"""From a job to the worker's task, and from its outcome to files and the job's result."""

from __future__ import annotations

from typing import Any

import numpy as np

from pixelguide.labels import LabelMap
from pixelguide.studio.jobs import Job
from pixelguide.studio.messages import EditOutcome, EditTask, Outcome, SegmentTask, Task
from pixelguide.studio.provenance import Change, Dyed, Lightness
from pixelguide.studio.stored_files import FileStore, picture_png, png


def task_of(job: Job, files: FileStore) -> Task:
    """The job with its pixels. Raises HttpError if a file of it is gone."""
    wanted = job.request
    pixels = files.picture(wanted["picture"])
    if job.kind == "segment":
        return SegmentTask(job.number, wanted["picture"], pixels)
    settings = wanted["settings"]
    if settings.get("roi", "auto") == "auto" and files.provenance.of(wanted["picture"]):
        settings = {**settings, "roi": "parts"}  # as `edit` does with a part of a photograph
    return EditTask(
        job.number,
        wanted["picture"],
        pixels,
        files.label_map(wanted["source"]).ids,
        files.label_map(wanted["target"]).ids,
        tuple(wanted["classes"]) if wanted["classes"] else None,
        settings,
        files.roi(wanted["region"]) if wanted.get("region") else None,
    )


def keep_outcome(job: Job, outcome: Outcome, files: FileStore) -> dict[str, Any]:
    """Write the outcome's files; the job's result. Raises ResourceError when the disk is full."""
    if isinstance(outcome, EditOutcome):
        return _keep_edit(job, outcome, files)
    (label_map,) = files.add(("map", png(LabelMap(outcome.ids, files.labels).to_image())))
    return {
        "map": label_map,
        "uncertainty": round(outcome.uncertainty, 6),
        "seconds": round(outcome.seconds, 3),
        "familiarity": outcome.familiarity,
    }


def _keep_edit(job: Job, outcome: EditOutcome, files: FileStore) -> dict[str, Any]:
    roi = picture_png(outcome.roi.astype(np.uint8) * 255)
    pictures = [("picture", picture_png(image)) for image in outcome.images]
    roi_id, *ids = files.add(("roi", roi), *pictures)  # type: ignore[arg-type]
    parent = job.request["picture"]
    if files.provenance.of(parent):
        files.provenance.remember(dict.fromkeys(ids, _change(job, outcome, roi_id, files)))
    return edit_result(job.id, ids, outcome.scores, outcome.best, roi_id, outcome.report)


def _change(job: Job, outcome: EditOutcome, roi: str, files: FileStore) -> Change:
    """How it goes back into the photograph."""
    finish, settings = files.finish, outcome.report.get("settings", {})
    maps = {"source": job.request["source"], "target": job.request["target"]}
    return Change(
        parent=job.request["picture"],
        roi=roi,
        feather=outcome.feather,
        dyed=_dyed(job, outcome),
        detail=True if finish.detail and settings.get("detail", True) else None,
        lightness=Lightness(**maps) if finish.lightness else None,
    )


def _dyed(job: Job, outcome: EditOutcome) -> Dyed | None:
    """What it recoloured, so that the photograph is recoloured too."""
    settings = outcome.report.get("settings", {})
    if not settings.get("colours"):
        return None
    return Dyed(
        source=job.request["source"],
        target=job.request["target"],
        colours=settings["colours"],
        strength=settings.get("strength", 1.0),
    )


def edit_result(
    job: str,
    pictures: list[str],
    scores: list[dict[str, Any]],
    best: int,
    roi: str,
    report: dict[str, Any],
) -> dict[str, Any]:
    """The result of an edit as the page sees it."""
    return {
        "candidates": [
            {"picture": picture, "url": f"/api/results/{job}/{k}.png", **score}
            for k, (picture, score) in enumerate(zip(pictures, scores, strict=True))
        ],
        "best": best,
        "roi": f"/api/results/{job}/roi.png",
        "roi_id": roi,
        "report": report,
    }
