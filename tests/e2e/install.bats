#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=any-kernel
# What `make install` puts where, and that `make uninstall` takes all of it away.
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

top=$BATS_TEST_DIRNAME/../..

# What the make that runs the tests has been told is not for this one.
make_here() { env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$top" "$@" "DESTDIR=$PWD/root" PREFIX=/usr; }

@test "tools, manuals and completions are installed, and removed again" {
	local name

	[[ -e $top/Makefile ]] || skip 'the Makefile is not here'
	make_here install
	for name in $(basename -a "$top"/tools/*.c | sed 's/\.c$//'); do
		echo "usr/bin/$name 755"
		echo "usr/share/bash-completion/completions/$name 644"
		echo "usr/share/man/man8/$name.8 644"
		echo "usr/share/zsh/site-functions/_$name 644"
	done >expected
	echo usr/share/man/man5/graintools-events.5 644 >>expected
	echo usr/share/man/man7/graintools.7 644 >>expected
	find root -type f -printf '%P %m\n' | sort >found
	is "$(<found)" "$(sort expected)"

	make_here uninstall
	is "$(find root -type f)" ''
}
