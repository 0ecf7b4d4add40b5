"""`einthoven models`: list, show, import, publish and fetch models of the store."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.client import Json, Platform
from cli.errors import CommandFailed, ExitCode
from cli.output import print_json, print_table, say
from cli.settings import DEFAULT_URL, ApiKey, AsJson, Connection, Url

PATH_OF: Final = {"model.onnx": "onnx", "manifest.json": "manifest", "report.json": "report"}
"""Where the store serves each file of a version."""

app = typer.Typer(no_args_is_help=True, help="List, show, import, publish and fetch models of the store.")

Name = Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help="A model; without a version the newest.")]
MinQuality = Annotated[
    str | None, typer.Option(help="The least quality of an ECG: 'poor' (default), 'usable', 'good', or 'any'.")
]


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model as named on the command line."""

    name: str
    version: str

    @classmethod
    def parse(cls, text: str) -> "ModelName":
        """Read NAME or NAME@VERSION."""
        name, _, version = text.partition("@")
        return cls(name, version)

    def reference(self) -> Json:
        """Return it as requests carry it; without a version the newest is meant."""
        return {"name": self.name} | ({"version": self.version} if self.version else {})


@app.command("list")
def list_models(*, url: Url = DEFAULT_URL, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """List every version that your department can see."""
    with Platform(Connection(url, api_key)) as platform:
        models = list(platform.items("/models"))
    if as_json:
        print_json(models)
        return
    rows = [
        (model["name"], model["version"], model["visibility"], model["origin"], model["created_at"]) for model in models
    ]
    print_table(("Model", "Version", "Seen by", "Origin", "Made"), rows)


@app.command("show")
def show_model(
    model: Name,
    *,
    url: Url = DEFAULT_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Show one version: what it takes and gives, where it came from, and the digest of every file."""
    with Platform(Connection(url, api_key)) as platform:
        found = _find(platform, ModelName.parse(model))
    if as_json:
        print_json(found)
        return
    manifest = found["manifest"]
    takes, gives = manifest["input"], manifest["output"]
    rows = [
        ("Model", f"{found['name']}@{found['version']}"),
        ("Seen by", found["visibility"]),
        ("Origin", found["origin"]),
        (
            "Takes",
            f"{len(takes['leads'])} leads × {takes['samples']} samples at {takes['rate_hz']} Hz, {takes['unit']}",
        ),
        ("Gives", f"{gives['task']}: {', '.join(entry['name'] for entry in gives['classes'])}"),
        *((entry["file_name"], f"sha256 {entry['sha256']}") for entry in found["files"]),
        *(("Remark", text) for text in manifest.get("remarks", ())),
    ]
    print_table(("", ""), rows)


@app.command("import")
def import_model(  # noqa: PLR0913 every parameter is an option of the command
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An ONNX file.")],
    *,
    name: Annotated[str, typer.Option(help="Its name in the store.")],
    version: Annotated[str | None, typer.Option(help="Its version; the next number where not given.")] = None,
    manifest: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A manifest.json that overrules the file.")
    ] = None,
    url: Url = DEFAULT_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Take an ONNX file into the store of your department."""
    fields = {"name": name} | ({"version": version} if version else {})
    if manifest is not None:
        fields["manifest"] = manifest.read_text(encoding="utf-8")
    with Platform(Connection(url, api_key)) as platform, file.open("rb") as source:
        made = platform.post_files("/models", fields, [("file", (file.name, source, "application/octet-stream"))])
    _tell(made, f"Imported as {made['name']}@{made['version']}.", as_json=as_json)
    if not as_json:
        for remark in made["remarks"]:
            say(remark["text"])


@app.command("publish")
def publish_model(
    model: Name,
    *,
    url: Url = DEFAULT_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Let every department of the site see a version."""
    with Platform(Connection(url, api_key)) as platform:
        found = _find(platform, ModelName.parse(model))
        published = platform.post(f"/models/{found['name']}/{found['version']}/publish")
    _tell(published, f"Every department sees {published['name']}@{published['version']} now.", as_json=as_json)


@app.command("fetch")
def fetch_model(
    model: Name,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", file_okay=False, help="The folder to write to.")] = Path(),
    url: Url = DEFAULT_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Fetch the files of a version, each checked against its sha256."""
    with Platform(Connection(url, api_key)) as platform:
        found = _find(platform, ModelName.parse(model))
        folder = output / Path(f"{found['name']}-{found['version']}").name
        folder.mkdir(parents=True, exist_ok=True)
        written = [_fetch(platform, found, entry, folder) for entry in found["files"] if entry["file_name"] in PATH_OF]
    files = [str(path) for path in written]
    _tell({"model": found["name"], "version": found["version"], "files": files}, "\n".join(files), as_json=as_json)


def _find(platform: Platform, wanted: ModelName) -> Json:
    """Return the version, or the newest one where none is named."""
    if wanted.version:
        return platform.get(f"/models/{wanted.name}/{wanted.version}")
    return next(platform.items(f"/models/{wanted.name}"))


def _fetch(platform: Platform, model: Json, entry: Json, folder: Path) -> Path:
    """Write one file; it gets its name only once its digest is right."""
    target = folder / str(entry["file_name"])
    partial = target.with_suffix(target.suffix + ".part")
    with partial.open("w+b") as sink:
        platform.download(f"/models/{model['name']}/{model['version']}/{PATH_OF[entry['file_name']]}", sink)
        sink.seek(0)
        digest = hashlib.file_digest(sink, "sha256").hexdigest()
    if digest != entry["sha256"]:
        partial.unlink()
        raise CommandFailed(
            f"{entry['file_name']} came with sha256 {digest}, but the store says {entry['sha256']}. Fetch it again.",
            ExitCode.FAULT,
        )
    partial.rename(target)
    return target


def _tell(document: Json, sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json(document)
    else:
        typer.echo(sentence)
