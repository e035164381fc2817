"""Annotated pictures in the formats that tools and data sets of this field use."""

from pixelguide.annotations.authors import EditJob, read_edit_jobs
from pixelguide.annotations.check import Report, check_annotations
from pixelguide.annotations.interpretation import Interpretation
from pixelguide.annotations.label_sets import built_in_label_sets
from pixelguide.annotations.registry import (
    FORMATS,
    detect_format,
    read_annotations,
    write_annotations,
)
from pixelguide.annotations.types import AnnotatedPicture, Annotations, LoadedPicture

__all__ = [
    "FORMATS",
    "AnnotatedPicture",
    "Annotations",
    "EditJob",
    "Interpretation",
    "LoadedPicture",
    "Report",
    "built_in_label_sets",
    "check_annotations",
    "detect_format",
    "read_annotations",
    "read_edit_jobs",
    "write_annotations",
]
