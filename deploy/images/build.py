"""Build the images with buildah or docker, print how large they are, write archives to load where nothing is pulled.

`make images` calls it; docs/images.md says what its arguments are for.
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
BUILD: Final = ROOT / "build/images"
PAGE: Final = ROOT / "docs/images.md"
DOCKERFILE: Final = "deploy/images/Dockerfile"
BACKING: Final = "deploy/images/backing/Dockerfile"
GOALS: Final[dict[str, int | None]] = {
    "gateway": 250,
    "ingest": 600,
    "signal-analysis": 600,
    "inference": 600,
    "exchange": 300,
    "nats": None,
    "postgres": None,
    "trainer": None,
}
"""MB that an image may have, where a goal is set; in the order in which they are built, the largest last."""
SERVERS: Final = ("nats", "postgres")
LIST: Final = "/usr/share/sbom/einthoven-{}.cdx.json"
TRY: Final = """
import importlib, importlib.metadata
importlib.import_module("{room}.bootstrap")
importlib.metadata.version("einthoven")
print(open("{parts}").read(), end="")
"""
"""Runs in every new image, as its user."""
MB: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Built:
    """One image."""

    name: str
    reference: str
    size: int
    seconds: float
    packages: int


def main(arguments: argparse.Namespace) -> int:
    """Build what is asked for and return the exit status: 1 where an image is larger than its goal."""
    names = arguments.only.split() or list(GOALS)
    if unknown := set(names) - set(GOALS):
        sys.exit(f"There is no image {', '.join(sorted(unknown))}; there are {', '.join(GOALS)}.")
    BUILD.mkdir(parents=True, exist_ok=True)
    engine = arguments.engine or next((each for each in ("buildah", "docker") if shutil.which(each)), None)
    if engine is None:
        sys.exit("Neither buildah nor docker is installed; one of them builds the images.")
    images = []
    for name in (name for name in GOALS if name in names):
        images.append(build(engine, name, arguments))
        print(_line(images[-1]), flush=True)
    if arguments.record:
        PAGE.write_text(recorded(PAGE.read_text(encoding="utf-8"), images), encoding="utf-8")
    return 1 if any(too_large(image) for image in images) else 0


def build(engine: str, name: str, arguments: argparse.Namespace) -> Built:
    """Build one image, keep the list of its parts, and write its archive where one is asked for."""
    started = time.monotonic()
    reference = f"{arguments.registry}/einthoven-{name}:{arguments.tag}"
    log = BUILD / f"{name}.log"
    with log.open("wb") as output:
        command = [*_engine(engine), *options(name, reference, arguments), "."]
        built = subprocess.run(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, check=False)
    if built.returncode:
        sys.exit(f"{log.read_text(errors='replace')[-3000:]}\n{name} was not built; all of it is in {log}.")
    packages = _list_parts(engine, name, reference)
    if arguments.push:
        _run([engine, "push", reference])
    if arguments.archives:
        _archive(engine, reference, Path(arguments.archives, f"{name}.tar"))
    return Built(name, reference, _size(engine, reference), time.monotonic() - started, packages)


def options(name: str, reference: str, arguments: argparse.Namespace) -> Iterator[str]:
    """Yield the options of one build, which both engines understand."""
    yield from ("--file", BACKING if name in SERVERS else DOCKERFILE, "--target", name, "--tag", reference)
    if arguments.ca:
        yield from ("--secret", f"id=ca,src={arguments.ca}")
    given = {"VERSION": arguments.version or arguments.tag, "REVISION": _revision(), "STEPS": _steps()}
    if arguments.base:
        given["BASE"] = arguments.base
    for key, value in given.items():
        yield from ("--build-arg", f"{key}={value}")
    for pair in arguments.args.split():
        yield from ("--build-arg", pair)


def too_large(image: Built) -> bool:
    """Say whether an image misses its goal."""
    goal = GOALS[image.name]
    return goal is not None and image.size > goal * MB


def recorded(page: str, images: list[Built]) -> str:
    """Return the page with the rows of these images renewed."""
    for image in images:
        goal = GOALS[image.name]
        row = f"| `{image.name}` | {image.size / MB:.0f} | {goal or '–'} | {image.packages or '–'} |"
        page = re.sub(rf"^\| `{image.name}` \| \d+ \|.*\|$", row, page, flags=re.MULTILINE)
    return page


def _engine(engine: str) -> list[str]:
    if engine == "docker":
        return ["docker", "build", "--progress", "plain"]
    # In a chroot a build needs no right to make namespaces, which a machine of a CI rarely has.
    ignored = ["--ignorefile", f"{DOCKERFILE}.dockerignore"]
    return ["buildah", "build", "--layers", "--isolation", "chroot", "--network", "host", *ignored]


def _revision() -> str:
    found = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def _steps() -> str:
    """Return a digest of what installs packages, for buildah does not look into what a step mounts."""
    files = [*sorted((ROOT / "deploy/images/steps").glob("*.py")), ROOT / "locks/images.txt"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


def _list_parts(engine: str, name: str, reference: str) -> int:
    """See that an image imports what it starts, copy the list of its parts, and return how many; servers have none."""
    if name in SERVERS:
        return 0
    show = ["python3", "-c", TRY.format(room=_room(name), parts=LIST.format(name))]
    if engine == "docker":
        text = _run(["docker", "run", "--rm", "--entrypoint", show[0], reference, *show[1:]])
    else:
        container = _run(["buildah", "from", "--pull-never", reference]).strip()
        text = _run(["buildah", "run", "--isolation", "chroot", container, "--", *show])
        _run(["buildah", "rm", container])
    Path(BUILD, f"{name}.cdx.json").write_text(text, encoding="utf-8")
    return len(json.loads(text)["components"])


def _room(name: str) -> str:
    return name if name == "gateway" else f"services.{name.replace('-', '_')}"


def _archive(engine: str, reference: str, archive: Path) -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    archive.unlink(missing_ok=True)
    if engine == "docker":
        _run(["docker", "save", "--output", str(archive), reference])
    else:
        _run(["buildah", "push", "--quiet", reference, f"docker-archive:{archive}:{reference}"])


def _size(engine: str, reference: str) -> int:
    """Return the bytes of all layers, not compressed."""
    if engine == "docker":
        return int(_run(["docker", "image", "inspect", "--format", "{{.Size}}", reference]))
    manifest = json.loads(_run(["buildah", "inspect", "--type", "image", "--format", "{{.Manifest}}", reference]))
    return sum(int(layer["size"]) for layer in manifest["layers"])


def _run(command: list[str]) -> str:
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


def _line(image: Built) -> str:
    goal = f" of {GOALS[image.name]} MB" if GOALS[image.name] else " MB"
    verdict = ": TOO LARGE" if too_large(image) else ""
    return f"{image.reference:48} {image.size / MB:6.0f}{goal}, {image.seconds:.0f} s{verdict}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registry", default="localhost", help="what the names begin with")
    parser.add_argument("--tag", default="dev")
    parser.add_argument("--only", default="", help="names of images; all where there are none")
    parser.add_argument("--base", default="", help="the base image; the Dockerfile's where there is none")
    parser.add_argument("--archives", default="", help="a folder for archives to load elsewhere")
    parser.add_argument("--ca", default="", help="certificate authorities to trust while building")
    parser.add_argument("--args", default="", help="further build arguments, KEY=VALUE")
    parser.add_argument("--version", default="", help="the version in the labels; the tag where there is none")
    parser.add_argument("--engine", default="", choices=["", "buildah", "docker"])
    parser.add_argument("--push", action="store_true", help="push each to its registry")
    parser.add_argument("--record", action="store_true", help="write the sizes to docs/images.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main(_arguments()))
