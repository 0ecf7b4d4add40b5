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
PACKAGES: Final = """
    adduser apt debconf debian-archive-keyring dpkg gpgv init-system-helpers libapt-pkg6.0 libdebconfclient0 ucf

    libdb5.3 libfile-find-rule-perl libgdbm-compat4 libgdbm6 libnumber-compare-perl libperl5.36 libtext-glob-perl perl
    perl-base perl-modules-5.36

    bash bsdutils coreutils debianutils diffutils e2fsprogs findutils grep gzip hostname login logsave mawk mount
    ncurses-bin passwd sed sysvinit-utils tar usr-is-merged usrmerge util-linux util-linux-extra

    libacl1 libattr1 libaudit-common libaudit1 libblkid1 libcap-ng0 libext2fs2 libgcrypt20 libgmp10 libgnutls30
    libgpg-error0 libhogweed6 libidn2-0 libmount1 libnettle8 libp11-kit0 libpam-modules libpam-modules-bin
    libpam-runtime libpam0g libpcre2-8-0 libseccomp2 libselinux1 libsemanage-common libsemanage2 libsepol2 libsmartcols1
    libss2 libsystemd0 libtasn1-6 libudev1 libunistring2 libxxhash0 openssl

    python3-distutils python3-lib2to3 python3-pip python3-pip-whl python3-setuptools-whl python3-venv python3.11-venv
"""
"""What manages packages; Perl; the tools of shells, of users and of disks (dash stays for the build); libraries that
only those need; what installs Python packages."""
FOLDERS: Final = (
    "/var/lib/apt", "/var/cache", "/var/log", "/var/lib/dpkg/alternatives", "/var/lib/pam", "/etc/apt", "/etc/perl",
    "/usr/lib/apt", "/usr/share/perl", "/usr/share/perl5", "/usr/share/man", "/usr/share/info", "/usr/share/locale",
    "/usr/share/doc-base", "/usr/share/python-wheels", "/usr/include",
)  # fmt: skip
USER: Final = "einthoven:x:10001:10001::/tmp:/usr/sbin/nologin\n"
CHARACTER_SETS: Final = "x86_64-linux-gnu/gconv", "aarch64-linux-gnu/gconv"
"""Tables of the C library; Python has its own."""
STDLIB: Final = ("ensurepip", "idlelib", "lib2to3", "test", "tkinter", "turtledemo")


def main() -> None:
    """Remove, and say what is left."""
    gone = {package for package in PACKAGES.split() if _listing(package) is not None}
    keep = {path for listing in INFO.glob("*.list") if _name(listing) not in gone for path in _paths(listing)}
    for package in sorted(gone):
        _remove(package, keep)
    _rewrite_status(gone)
    for folder in FOLDERS:
        shutil.rmtree(folder, ignore_errors=True)
    for folder in CHARACTER_SETS:
        shutil.rmtree(Path("/usr/lib", folder), ignore_errors=True)
    _slim_python()
    Path(__file__).unlink()
    with Path("/etc/passwd").open("a", encoding="utf-8") as users:
        users.write(USER)
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
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _leftovers(library: Path) -> Iterator[Path]:
    if sys.base_prefix == "/usr/local":
        yield from Path("/usr/local/bin").glob("pip*")
        yield from (library / "site-packages").glob("*")
    yield from library.glob("config-3*")
    yield from Path(sys.base_prefix, "lib").glob("libpython3*.a")


if __name__ == "__main__":
    main()
