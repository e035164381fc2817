"""The dependency container: the services of a running Studio, which routes depend on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from filelock import FileLock, Timeout

from pixelguide.errors import InputError
from pixelguide.files import check_writable, from_os_error
from pixelguide.studio.category import Category
from pixelguide.studio.database import Database
from pixelguide.studio.http_errors import not_found
from pixelguide.studio.job_events import JobEvents
from pixelguide.studio.jobs import Job, JobStore
from pixelguide.studio.limits import Limits
from pixelguide.studio.messages import OpenRunner
from pixelguide.studio.stored_files import FileStore, is_id
from pixelguide.studio.supervisor import DIED, Supervisor
from pixelguide.studio.thread_pool import ThreadPool
from pixelguide.studio.worker_process import StartMethod, WorkerProcess


@dataclass(frozen=True)
class Services:
    """The services of a running Studio."""

    category: Category
    files: FileStore
    jobs: JobStore
    supervisor: Supervisor
    events: JobEvents
    threads: ThreadPool
    limits: Limits

    def job(self, identity: str) -> Job:
        """The job of that id. Raises HttpError (404)."""
        job = self.jobs.get(identity) if is_id(identity) else None
        if job is None:
            raise not_found("job")
        return job


@contextmanager
def open_services(
    category: Category,
    open_runner: OpenRunner,
    data: Path,
    limits: Limits | None = None,
    start_method: StartMethod = "spawn",
    worker: WorkerProcess | None = None,
) -> Iterator[Services]:
    """Start a Studio over a data folder, and stop it at the end.

    open_runner: opens the model in the worker process. data: folder for the database and pictures;
    models with other labels or another size keep apart in it. worker: the first one, if it was
    started before, for a model takes seconds to open. Jobs that an earlier Studio accepted
    there are done. Raises InputError when the folder cannot be used, also because another Studio
    uses it.
    """
    limits = limits or Limits()
    folder = data / category.fingerprint
    check_writable(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise from_os_error(error, folder) from None
    try:
        lock = FileLock(folder / "lock", thread_local=False).acquire(timeout=0)
    except Timeout:
        raise InputError(
            "another Studio uses this folder", str(data), "Stop it, or choose another with --data."
        ) from None
    except OSError as error:
        raise from_os_error(error, folder) from None
    with lock, closing(Database(folder / "studio.sqlite")) as database:
        jobs, files = (
            JobStore(database, limits),
            FileStore(database, folder / "items", category.labels, category.finish),
        )
        before = time.time() - limits.keep_days * 86_400
        jobs.recover(DIED)
        jobs.forget(before)
        files.forget(before)
        events = JobEvents()
        supervisor = Supervisor(
            jobs, files, open_runner, events.publish, limits, start_method, worker
        )
        supervisor.start()
        try:
            yield Services(category, files, jobs, supervisor, events, ThreadPool(), limits)
        finally:
            supervisor.stop()


async def services_of(request: Request) -> Services:
    """The Studio that a request came to. (FastAPI runs what is not async in threads.)"""
    services: Services = request.app.state.services
    return services


CurrentServices = Annotated[Services, Depends(services_of)]
"""A route's parameter that is the Studio."""
