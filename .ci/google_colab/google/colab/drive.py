"""A Drive that needs no sign-in."""

from pathlib import Path


def mount(mountpoint: str) -> None:
    """Make the folder that a mounted Drive has."""
    (Path(mountpoint) / "MyDrive").mkdir(parents=True, exist_ok=True)
    print(f"Mounted at {mountpoint}")
