#!/usr/bin/env bash
# Make a base for the images from Debian's packages, where none can be pulled. Needs root and mmdebstrap.
#
#   deploy/images/base.sh NAME [ARCHIVE]      # the archive is kept to load elsewhere; MIRROR=… names another mirror
set -euo pipefail

name=${1:?name of the base, such as localhost/einthoven-base:bookworm}
archive=${2:-build/images/base.tar}
mkdir -p "$(dirname "$archive")"

# What a Python of Debian's needs, and the libraries that wheels expect of every Linux.
mmdebstrap --quiet --variant=essential --include=python3.11-venv,ca-certificates,libstdc++6 \
	--dpkgopt='path-exclude=/usr/share/man/*' \
	--dpkgopt='path-exclude=/usr/share/locale/*' \
	--dpkgopt='path-exclude=/usr/share/doc/*' \
	--dpkgopt='path-include=/usr/share/doc/*/copyright' \
	bookworm "$archive" ${MIRROR:+"$MIRROR"}

if command -v buildah >/dev/null; then
	container=$(buildah from scratch)
	trap 'buildah rm "$container" >/dev/null' EXIT
	buildah add --quiet "$container" "$archive" / >/dev/null
	buildah config --env PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin "$container"
	buildah commit --quiet "$container" "$name"
else
	docker import --change 'ENV PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin' "$archive" "$name"
fi
