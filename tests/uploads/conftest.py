"""Both places for objects: a folder, and a real S3."""

from contextlib import contextmanager

import pytest

from tests.uploads.pictures import encoded
from uploads import intake


def s3_storages(s3, **options) -> dict:
    return {
        name: {
            "BACKEND": "uploads.s3.S3Storage",
            "OPTIONS": {
                "endpoint_url": s3.endpoint,
                "access_key": s3.access_key,
                "secret_key": s3.secret_key,
                "region_name": "us-east-1",
                "bucket_name": f"pemantau-{name}",
            }
            | options,
        }
        for name in ("sealed", "public")
    }


def folder_storages(folder, backend: str = "uploads.storage.FolderStorage") -> dict:
    return {name: {"BACKEND": backend, "OPTIONS": {"location": str(folder / name)}} for name in ("sealed", "public")}


@pytest.fixture(params=["folder", "s3"])
def objects(request, settings, tmp_path):
    """Every test that asks for it runs against both."""
    if request.param == "folder":
        settings.STORAGES = settings.STORAGES | folder_storages(tmp_path)
    else:
        settings.STORAGES = settings.STORAGES | s3_storages(request.getfixturevalue("s3"))
    return request.param


@pytest.fixture
def folder(settings, tmp_path):
    """Objects in an empty folder; returns the folder of the sealed ones."""
    settings.STORAGES = settings.STORAGES | folder_storages(tmp_path)
    return tmp_path / "sealed"


@pytest.fixture
def sending(tmp_path):
    """Makes what a citizen sends; without `content` a fresh picture for each `seed`."""

    def make(world, content: bytes | None = None, seed: int = 1, **said) -> intake.Sending:
        path = tmp_path / f"received-{len(list(tmp_path.iterdir()))}"
        path.write_bytes(encoded(seed=seed, width=300, height=400) if content is None else content)
        given = {"station": world.station, "contest": world.contest, "page": 2, "uploader": None, "key": None} | said
        if "device" not in given:
            given["device"] = world.device()
        return intake.Sending(path=path, **given)

    return make


class Crash(BaseException):
    """The process is gone; nothing of ours catches it."""


@pytest.fixture
def crash_after(monkeypatch):
    """`with crash_after("original sealed"): …` stops the way in at that point."""

    @contextmanager
    def crashing(point: str):
        seen = []

        def reached(name: str) -> None:
            seen.append(name)
            if name == point:
                raise Crash

        with monkeypatch.context() as patch:
            patch.setattr(intake, "reached", reached)
            with pytest.raises(Crash):
                yield
        assert seen[-1] == point

    return crashing
