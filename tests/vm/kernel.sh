#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel of the distribution, of whichever suite has that version, and the modules that tests need.
#
#   kernel.sh VERSION ARCH    prints the directory with vmlinuz, release and modules/
set -euo pipefail
cd "$(dirname "$0")/../.."

version=$1 arch=$2
dir=.cache/kernel/$version-$arch
suites='bullseye bookworm trixie forky sid'
# In the order in which they must be loaded; a kernel that has one built in has no file for it.
modules='veth dummy sch_ingress cls_bpf overlay tls inet_diag tcp_diag udp_diag unix_diag'

if [ -e "$dir/release" ]; then
	echo "$dir"
	exit
fi

# The files are in linux-image-*, from 7.1 or so on in linux-binary-* and linux-modules-*.
regex="^linux-(image|binary)-${version//./\\.}[.+-].*cloud-$arch$"
for suite in $suites; do
	# A mirror need not have all suites.
	all=$(tests/vm/packages.sh "$suite" "$arch" list "$regex" | sort -V) || all=
	found=$(echo "$all" | grep binary || echo "$all")
	[ -z "$found" ] || break
done
if [ -z "$found" ]; then
	echo "kernel.sh: none of the suites $suites has a cloud kernel $version for $arch" >&2
	exit 1
fi
found=${found##*$'\n'} # the newest

rm -rf "$dir.tmp"
mkdir -p "$dir.tmp/modules"
case $found in
*-binary-*) modules_in=${found/binary/modules} ;;
*) modules_in= ;;
esac
tests/vm/packages.sh "$suite" "$arch" unpack "$dir.tmp/unpacked" "$found" ${modules_in:+"$modules_in"}
cp "$(find "$dir.tmp/unpacked" -name 'vmlinuz*' -type f | head -n 1)" "$dir.tmp/vmlinuz"
n=0
for module in $modules; do
	file=$(find "$dir.tmp/unpacked" -name "$module.ko*" | head -n 1)
	n=$((n + 1))
	case $file in
	'') ;;
	*.xz) xz -dc "$file" >"$dir.tmp/modules/$(printf %02d $n)-$module.ko" ;;
	*) cp "$file" "$dir.tmp/modules/$(printf %02d $n)-$module.ko" ;;
	esac
done
basename "$(find "$dir.tmp/unpacked" -path '*/modules/*' -name kernel | head -n 1 | xargs dirname)" >"$dir.tmp/release"
rm -rf "$dir.tmp/unpacked" "$dir"
mv "$dir.tmp" "$dir"
echo "$dir"
