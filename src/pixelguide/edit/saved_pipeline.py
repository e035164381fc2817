"""Loading and saving a pipeline: as diffusers does it, over folders that are an `Editor`'s too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

from diffusers import DiffusionPipeline
from diffusers.utils import logging

from pixelguide.edit.pipeline_folder import FILES, open_folder, save_folder, upload_folder
from pixelguide.errors import InputError
from pixelguide.prior.kinds import OWN_PIPELINE
from pixelguide.prior.manifest import read_json
from pixelguide.prior.model_parts import PIPELINE_INDEX

logger = logging.get_logger(__name__)


class SavedPipeline(DiffusionPipeline):  # type: ignore[misc]
    """A pipeline of unet, scheduler, segmenter and guide whose configuration holds a category's
    labels, defaults and domain."""

    @property
    def components(self) -> dict[str, Any]:
        """The modules; `PixelGuidedPipeline(**components)` is of the same category."""
        parts: dict[str, Any] = super().components
        # the classes belong to who reads them: by the segmenter they come along
        parts["segmenter"].category = {name: self.config[name] for name in FILES}
        return parts

    @classmethod
    def load_config(cls, *arguments: Any, **options: Any) -> Any:
        """Read an index, without the name of a file of code in it: none is run.

        Parameters
        ----------
        *arguments, **options : Any
            As of `diffusers.ConfigMixin.load_config`.

        Returns
        -------
        Any
            What that returns.
        """
        found = super().load_config(*arguments, **options)
        config = found[0] if isinstance(found, tuple) else found
        config["_class_name"] = OWN_PIPELINE
        return found

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **options: Any) -> Self:
        """Open a model as every pipeline does, of those that `Editor.from_pretrained` finds.

        What is given counts (`labels`, `defaults`, `domain`, modules), then the folder's own files,
        and not the copies in its index. Only safetensors are read, and no code of it runs.

        Parameters
        ----------
        pretrained_model_name_or_path : str or Path
            Name of a built-in or pulled model, OWNER/NAME of one of the hub, or a model folder.
        **options : Any
            As of `diffusers.DiffusionPipeline.from_pretrained`; of the hub's, `revision` and
            `local_files_only`.

        Returns
        -------
        Self
            The pipeline.

        Raises
        ------
        InputError
            If the model is missing, incomplete or damaged, or an option would change nothing.
        SafetyError
            If reading the model could do harm.
        ValueError
            From diffusers, if there is no such `variant`.
        """
        folder = open_folder(pretrained_model_name_or_path, options)
        for name, file in FILES.items():
            if options.get(name) is None and (folder / file).is_file():
                options[name] = read_json(folder, file)
        pipeline: Self = super().from_pretrained(folder, **{**options, "use_safetensors": True})
        return pipeline

    def save_pretrained(
        self,
        save_directory: str | Path,
        safe_serialization: bool = True,
        variant: str | None = None,
        max_shard_size: int | str | None = None,
        push_to_hub: bool = False,
        **options: Any,
    ) -> None:
        """Save as every pipeline does, with the files that make the folder an `Editor`'s model.

        Parameters
        ----------
        save_directory : str or Path
            The model folder; its manifest is written last. Weights that were there go.
        safe_serialization : bool
            Pickles are not written: False is warned of, and safetensors come nevertheless.
        variant : str, optional
            Part of the weights' names, such as "fp16"; others are kept beside them.
        max_shard_size : int or str, optional
            Bytes, or "2GB", of a file of weights at most.
        push_to_hub : bool
            Whether to upload the folder as it is then.
        **options : Any
            Of the upload: `repo_id`, `private`, `token`, `commit_message`, `create_pr`.

        Raises
        ------
        InputError
            For other options, and for a folder that cannot be written.
        """
        unknown = options.keys() - {"repo_id", "private", "token", "commit_message", "create_pr"}
        if unknown or (options and not push_to_hub):
            name = min(unknown or options)
            raise InputError(f"option '{name}'", "save_pretrained", "It would change nothing.")
        if not safe_serialization:
            logger.warning(
                "safe_serialization=False: weights are written as safetensors all the same"
            )
        folder = Path(save_directory)
        card: Any = None
        if push_to_hub:
            repository, card = _repository(folder, options)

        def save(new: Path) -> None:
            super(SavedPipeline, self).save_pretrained(
                new, variant=variant, max_shard_size=max_shard_size
            )
            _name_class(new / self.config_name)
            if card is not None:
                card.save(new / "README.md")

        save_folder(folder, save, self.config, variant)
        if push_to_hub:
            upload_folder(folder, repository, options)


def _name_class(index: Path) -> None:
    """Say in an index where others find the class: in the line of code beside it."""
    content = json.loads(index.read_text("utf-8"))
    content["_class_name"] = PIPELINE_INDEX["_class_name"]
    index.write_text(json.dumps(content, indent=2) + "\n", "utf-8")


def _repository(folder: Path, options: dict[str, Any]) -> tuple[str, Any]:
    """The repository on the hub to push to, made if it is not there, and its model card."""
    from diffusers.utils.hub_utils import load_or_create_model_card, populate_model_card
    from huggingface_hub import create_repo

    token = options.get("token")
    name = options.get("repo_id") or folder.absolute().name
    made = create_repo(name, exist_ok=True, private=options.get("private"), token=token)
    card = load_or_create_model_card(made.repo_id, token=token, is_pipeline=True)
    return made.repo_id, populate_model_card(card)
