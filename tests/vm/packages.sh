#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Packages of any suite and architecture of the distribution, beside those of this machine: apt with
# sources, lists and cache of its own. The sources are the configured ones with the suite's name
# replaced, so mirror and keyring are the same, and signatures are verified as ever.
#
#   (an empty SUITE is this machine's)
#   packages.sh SUITE ARCH list REGEX            names of packages that match
#   packages.sh SUITE ARCH unpack DIR PACKAGE…   these packages alone, unpacked into DIR
#   packages.sh SUITE ARCH closure DIR PACKAGE…  these packages and all that they depend on
set -euo pipefail
cd "$(dirname "$0")/../.."

# shellcheck source=/dev/null
configured=$(. /etc/os-release && echo "$VERSION_CODENAME")
suite=${1:-$configured} arch=$2 command=$3
shift 3
home=$PWD/.cache/apt/$suite-$arch

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# Stanzas (.sources) or lines (.list) that name this machine's suite, naming the other one instead.
write_sources() {
	awk -v from="$configured" -v to="$suite" 'BEGIN { RS = "" }
		{
			n = split($0, line, "\n"); text = ""; hit = 0
			for (i = 1; i <= n; i++) {
				if (line[i] ~ /^(#|Architectures:|Enabled: *yes)/)
					continue
				if (line[i] ~ /^Suites:/) {
					if ((" " substr(line[i], 8) " ") ~ (" " from " "))
						hit = 1
					line[i] = "Suites: " to
				}
				text = text line[i] "\n"
			}
			if (hit)
				print text
		}' /dev/null /etc/apt/sources.list.d/*.sources >"$home/main.sources" 2>/dev/null || true
	[ -s "$home/main.sources" ] && return
	rm "$home/main.sources"
	sed -n "s/^deb \(\[.*\] \)\?\([^ ]*\) $configured /deb \1\2 $suite /p" \
		/dev/null /etc/apt/sources.list /etc/apt/sources.list.d/*.list >"$home/main.list" 2>/dev/null || true
	[ -s "$home/main.list" ] || die "no source of $configured is configured that $suite could be derived from"
}

apt() {
	local tool=$1
	shift
	"apt-$tool" -o Dir::Etc::SourceList="$(echo "$home"/main.*)" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State="$home" -o Dir::State::Lists="$home/lists" -o Dir::State::status="$home/status" \
		-o Dir::Cache="$home/cache" -o Dir::Cache::Archives="$home/cache/archives" \
		-o APT::Architecture="$arch" -o APT::Architectures="$arch" -o APT::Sandbox::User=root \
		-o APT::Install-Recommends=false -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
		-o DPkg::Post-Invoke::= -o APT::Update::Post-Invoke-Success::= "$@"
}

# Where /lib is a link to /usr/lib it stays one, which dpkg-deb -x would replace.
extract() {
	dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --keep-directory-symlink
}

update() {
	apt get update -qq --error-on=any >&2 || die "the configured mirror has no $suite for $arch, or not one signed by a known key"
}

# Once: what was fetched stays the same, and nothing is asked of the network.
if [ ! -e "$home/ready" ]; then
	mkdir -p "$home/lists/partial" "$home/cache/archives/partial"
	: >"$home/status"
	write_sources
	update
	: >"$home/ready"
fi

# apt_get ARGUMENT...: once more with new lists, if what the old ones name is no longer there.
apt_get() {
	apt get "$@" >&2 || { update && apt get "$@" >&2; }
}

case $command in
list)
	apt cache search --names-only "$1" | cut -d' ' -f1
	;;
unpack)
	dir=$(realpath -m "$1")
	shift
	rm -rf "$home/deb"
	mkdir -p "$dir" "$home/deb"
	(cd "$home/deb" && apt_get download -qq "$@")
	for deb in "$home"/deb/*.deb; do
		extract "$deb" "$dir"
	done
	rm -rf "$home/deb"
	;;
closure)
	dir=$1
	shift
	apt_get install -qq -y --download-only "$@"
	mkdir -p "$dir"
	for deb in "$home"/cache/archives/*.deb; do
		extract "$deb" "$dir"
		rm "$deb"
	done
	;;
*)
	die "what is '$command'?"
	;;
esac
