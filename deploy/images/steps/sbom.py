"""Write what an image is made of as CycloneDX: the packages of Python and of Debian, as they lie in it."""

import sys
import uuid
from collections.abc import Iterator
from email.parser import HeaderParser
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path
from typing import Final

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License, LicenseAcknowledgement
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

FOLDER: Final = Path("/usr/share/sbom")
STATUS: Final = Path("/var/lib/dpkg/status")
DISTRIBUTION: Final = "debian-12"
LONGEST_LICENCE: Final = 100
"""Characters; some packages put the whole text where its name belongs."""


def main(name: str, site: str) -> None:
    """Write the list of the image of a name."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = document(name, [*python_packages(Path(site)), *debian_packages(STATUS)])
    Path(FOLDER, f"einthoven-{name}.cdx.json").write_text(text, encoding="utf-8")


def document(name: str, components: list[Component]) -> str:
    """Return the list as JSON, the same for the same packages: neither a time nor a random number is in it."""
    bom = Bom(components=components)
    image = Component(name=f"einthoven-{name}", type=ComponentType.CONTAINER, bom_ref=name)
    bom.metadata.component = image
    bom.register_dependency(image, components)
    identity = ",".join(sorted(str(component.purl) for component in components))
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, f"{name}:{identity}")
    bom.metadata.timestamp = None  # type: ignore[assignment] # the field may be left out; the library's type says no
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1) + "\n"


def python_packages(site: Path) -> Iterator[Component]:
    """Yield every installed distribution with its licence."""
    for folder in sorted(site.glob("*.dist-info")):
        distribution = PathDistribution(folder)
        name, version = distribution.metadata["Name"], distribution.version
        yield Component(
            name=name,
            version=version,
            type=ComponentType.LIBRARY,
            purl=PackageURL("pypi", name=name.lower().replace("_", "-"), version=version),
            licenses=[licence] if (licence := _licence(distribution)) else [],
            bom_ref=f"pypi:{name}",
        )


def debian_packages(status: Path) -> Iterator[Component]:
    """Yield every package that dpkg's list still names."""
    for entry in status.read_text(encoding="utf-8").split("\n\n"):
        fields = HeaderParser().parsestr(entry)
        if fields["Package"]:
            named = {"arch": fields["Architecture"], "distro": DISTRIBUTION}
            yield Component(
                name=fields["Package"],
                version=fields["Version"],
                type=ComponentType.LIBRARY,
                purl=PackageURL("deb", "debian", fields["Package"], fields["Version"], named),
                bom_ref=f"deb:{fields['Package']}",
            )


def _licence(distribution: Distribution) -> License | None:
    declared = LicenseAcknowledgement.DECLARED
    if expression := _field(distribution, "License-Expression"):
        return LicenseFactory().make_from_string(expression[0], license_acknowledgement=declared)
    classified = [
        each.rpartition(":: ")[2] for each in _field(distribution, "Classifier") if each.startswith("License")
    ]
    stated = [each for each in _field(distribution, "License") if "\n" not in each and len(each) < LONGEST_LICENCE]
    named = next(iter(stated or classified), None)
    return LicenseFactory().make_with_name(named, acknowledgement=declared) if named else None


def _field(distribution: Distribution, name: str) -> list[str]:
    return [str(value).strip() for value in distribution.metadata.get_all(name) or []]


if __name__ == "__main__":
    main(*sys.argv[1:])
