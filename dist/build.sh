#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A tarball of what `make install` installs, with a Makefile that installs it elsewhere.
#
#   build.sh VERSION ARCH    prints its name
set -eu
cd "$(dirname "$0")/.."
version=$1 arch=$2
name=graintools-$version-linux-$arch
stage=build/dist/$name

rm -rf "$stage"
make -s --no-print-directory STATIC=1 ARCH="$arch" DESTDIR="$PWD/$stage" PREFIX= install
"$(echo "$arch" | sed 's/arm64/aarch64/; s/amd64/x86_64/')-linux-gnu-strip" "$stage"/bin/*
cp LICENSE README.md dist/Makefile "$stage"
for tool in "$stage"/bin/*; do
	libraries=$(readelf -d "$tool" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/ \1/p' | tr -d '\n')
	echo "$(basename "$tool"):${libraries:- none}"
done >"$stage/LIBRARIES"
# The same bytes from the same commit.
tar -C build/dist --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
	--mtime="@$(git log -1 --format=%ct 2>/dev/null || echo 0)" -cf - "$name" | gzip -9n >"$stage.tar.gz"
rm -rf "$stage"
echo "$stage.tar.gz"
