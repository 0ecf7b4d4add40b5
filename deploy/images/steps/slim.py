"""Take out of a Debian base what no deployable runs: package managers, Perl, shells' tools, Python's own installer.

Runs once, as root, inside the build. What stays is named in dpkg's list, so that scanners find it.
"""

import shutil
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Final

INFO: Final = Path("/var/lib/dpkg/info")
STATUS: Final = Path("/var/lib/dpkg/status")
PACKAGES: Final = frozenset(
    # package managers and what configures packages
    "apt dpkg debconf debian-archive-keyring gpgv adduser init-system-helpers libapt-pkg6.0 libdebconfclient0 ucf"
    # Perl
    " perl perl-base perl-modules-5.36 libperl5.36 libfile-find-rule-perl libnumber-compare-perl libtext-glob-perl"
    " libdb5.3 libgdbm6 libgdbm-compat4"
    # users, disks, terminals, and the tools of shells; dash stays for the build itself
    " bash bsdutils coreutils debianutils diffutils e2fsprogs findutils grep gzip hostname login logsave mawk mount"
    " ncurses-bin passwd sed sysvinit-utils tar util-linux util-linux-extra usr-is-merged"
    " libpam0g libpam-modules libpam-modules-bin libpam-runtime libaudit1 libaudit-common libcap-ng0 libsemanage2"
    " libsemanage-common libsepol2 libext2fs2 libss2 libblkid1 libmount1 libsmartcols1 libudev1 libsystemd0"
    # only needed by those
    " libgcrypt20 libgpg-error0 libgnutls30 libhogweed6 libnettle8 libp11-kit0 libtasn1-6 libidn2-0 libunistring2"
    " libxxhash0 libpcre2-8-0 libselinux1 libacl1 libattr1 libgmp10 libseccomp2 openssl"
    # Python's installer, its compiler's leftovers and its windows
    " python3-pip-whl python3-setuptools-whl python3-distutils python3-lib2to3 python3.11-venv python3-venv python3-pip"
    .split()
)
FOLDERS: Final = (
    "/var/lib/apt", "/var/cache", "/var/log", "/var/lib/dpkg/alternatives", "/var/lib/pam", "/etc/apt", "/etc/perl",
    "/usr/lib/apt", "/usr/share/perl", "/usr/share/perl5", "/usr/share/man", "/usr/share/info", "/usr/share/locale",
    "/usr/share/doc-base", "/usr/share/python-wheels", "/usr/include", "/root",
)  # fmt: skip
STDLIB: Final = ("ensurepip", "idlelib", "lib2to3", "test", "tkinter", "turtledemo")


def main() -> None:
    """Remove, and say what is left."""
    gone = {package for package in PACKAGES if _listing(package) is not None}
    keep = {path for listing in INFO.glob("*.list") if _name(listing) not in gone for path in _paths(listing)}
    for package in sorted(gone):
        _remove(package, keep)
    _rewrite_status(gone)
    for folder in FOLDERS:
        shutil.rmtree(folder, ignore_errors=True)
    _slim_python()
    print(f"{len(gone)} Debian packages taken out, {len({_name(each) for each in INFO.glob('*.list')})} are left.")


def _listing(package: str) -> Path | None:
    return next((path for path in INFO.glob(f"{package}*.list") if _name(path) == package), None)


def _name(listing: Path) -> str:
    return listing.name.removesuffix(".list").partition(":")[0]


def _paths(listing: Path) -> list[str]:
    return listing.read_text(encoding="utf-8").splitlines()


def _remove(package: str, keep: set[str]) -> None:
    listing = _listing(package)
    if listing is None:
        return
    # The deepest first, so that folders are empty when their turn comes.
    for path in sorted(map(Path, _paths(listing)), reverse=True):
        if path.is_symlink() or path.is_file():
            if str(path) not in keep:
                path.unlink()
        elif path.is_dir() and not any(path.iterdir()) and str(path) not in keep:
            path.rmdir()
    for path in INFO.glob(f"{listing.name.removesuffix('.list')}.*"):
        path.unlink()


def _rewrite_status(gone: set[str]) -> None:
    entries = STATUS.read_text(encoding="utf-8").split("\n\n")
    left = [entry for entry in entries if entry.strip() and entry.splitlines()[0].removeprefix("Package: ") not in gone]
    STATUS.write_text("\n\n".join(left) + "\n\n", encoding="utf-8")


def _slim_python() -> None:
    library = Path(sysconfig.get_path("stdlib"))
    for name in STDLIB:
        shutil.rmtree(library / name, ignore_errors=True)
    for path in _leftovers(library):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _leftovers(library: Path) -> Iterator[Path]:
    if sys.base_prefix == "/usr/local":
        yield from Path("/usr/local/bin").glob("pip*")
        yield from (library / "site-packages").glob("*")
    yield from library.glob("config-3*")
    yield from Path(sys.base_prefix, "lib").glob("libpython3*.a")


if __name__ == "__main__":
    main()
