#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests need of a system, as an initramfs: the distribution's packages, without what is only
# for people to read.
#
#   root.sh ARCH    prints the archive's name
set -euo pipefail
cd "$(dirname "$0")/../.."

arch=$1
packages='busybox-static bash bats coreutils dash diffutils findutils gawk grep iproute2 jq libcap2-bin mount procps sed strace util-linux'
archive=.cache/root/$arch.cpio

if [ ! -e "$archive" ] || [ "$0" -nt "$archive" ]; then
	dir=.cache/root/$arch.tmp all=.cache/root/$arch.all
	rm -rf "$dir" "$all"
	for tree in "$dir" "$all"; do
		mkdir -p "$tree"/usr/{bin,sbin,lib,lib64}
		ln -s usr/{bin,sbin,lib,lib64} "$tree"
	done
	# shellcheck disable=SC2086 # a list
	tests/vm/packages.sh trixie "$arch" closure "$all" $packages
	# shellcheck disable=SC2086 # a list
	tests/vm/packages.sh trixie "$arch" unpack "$dir" $packages
	(cd "$dir" && rm -rf etc var usr/share usr/lib/{systemd,udev,mime,sysctl.d,tmpfiles.d})

	# Of the packages that those depend on only the libraries, and only those that are linked.
	known=
	while needed=$(find "$dir" -type f \( -perm /100 -o -name '*.so*' \) -print0 | { xargs -0 readelf -d 2>/dev/null || true; } |
		sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u) && [ "$needed" != "$known" ]; do
		for name in $needed; do
			find "$all" -name "$name" -exec cp -L {} "$dir/usr/lib" \;
		done
		known=$needed
	done
	(cd "$all" && find usr/lib* -name 'ld-linux*') | while read -r loader; do
		cp -L "$all/$loader" "$dir/$loader"
	done

	mkdir -p "$dir"/{proc,sys,dev,run,tmp,root,etc,modules}
	printf '%s\n' root:x:0:0:root:/root:/bin/bash nobody:x:65534:65534:nobody:/:/bin/false >"$dir/etc/passwd"
	printf '%s\n' root:x:0: nogroup:x:65534: >"$dir/etc/group"
	ln -sf dash "$dir/usr/bin/sh"
	ln -sf gawk "$dir/usr/bin/awk"
	(cd "$dir" && find . | cpio --quiet -o -H newc -R 0:0) >"$archive.tmp"
	rm -rf "$dir" "$all"
	mv "$archive.tmp" "$archive"
fi
echo "$archive"
