#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=any-kernel
# That a tarball installs what `make install` does, and what is in it runs with what it says it needs.
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

top=$BATS_TEST_DIRNAME/../..

make_in() { env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$@"; }

@test "a tarball installs by itself, and is the same when made again" {
	local arch tarball first

	arch=$(dpkg --print-architecture)
	make_in "$top" dist ARCHES="$arch"
	tarball=$(echo "$top"/build/dist/*-"$arch".tar.gz)
	first=$(sha256sum <"$tarball")
	make_in "$top" dist ARCHES="$arch"
	is "$(sha256sum <"$tarball")" "$first"

	tar -xf "$tarball"
	make_in graintools-* install DESTDIR="$PWD/there" PREFIX=/usr
	make_in "$top" install DESTDIR="$PWD/here" PREFIX=/usr
	is "$(cd there && find . -type f -printf '%P %m\n' | sort)" "$(cd here && find . -type f -printf '%P %m\n' | sort)"
	is "$(grep ': none$' graintools-*/LIBRARIES)" "$(basename -a "$top"/bpf/*.bpf.c | sed 's/\.bpf\.c$/: none/')"
	is "$(sed 's/:.*//' graintools-*/LIBRARIES)" "$(ls there/usr/bin)"

	for name in there/usr/bin/*; do
		[[ $("$name" --version) == "${name##*/} (graintools) "* ]]
	done
	# In a root that has nothing else.
	is "$(chroot there /usr/bin/execwatch --version)" "$(execwatch --version)"

	make_in graintools-* uninstall DESTDIR="$PWD/there" PREFIX=/usr
	is "$(find there -type f)" ''
}
