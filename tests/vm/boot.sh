#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Boots a kernel under software emulation and runs tests in it: TAP on standard output, figures on
# standard error.
#
#   boot.sh DIRECTORY/VERSION-ARCH.t
#
# The file has a line for each program: seconds that it may take, and its path in this tree, with
# arguments if need be. It runs there as in a checkout.
set -euo pipefail
cell=$(basename "$1" .t)
list=$(realpath "$1")
cd "$(dirname "$0")/../.."

version=${cell%-*} arch=${cell##*-}
limit=${VM_LIMIT:-1800} # seconds after which the machine hangs
kernel=$(tests/vm/kernel.sh "$version" "$arch")
root=$(tests/vm/root.sh "$arch")
work=${list%.t}

rm -rf "$work"
tree=$work/root/graintools
mkdir -p "$tree"
cp tests/vm/init.sh "$work/root/init"
cp -r "$kernel/modules" "$work/root"
cp "$list" "$tree/list"
floor=$(printf '%s\n' "$version" 6.1 | sort -V | head -n 1)
# From 7.0 on programs at tracepoints may be preempted; what happens on that processor meanwhile is
# lost, and counted. Emulated they take long enough for it to be seen: a test that met it is run again,
# and once where what can be too slow is the emulator.
preempted='export BATS_TEST_RETRIES=1'
[ "$(printf '%s\n' "$version" 7.0 | sort -V | head -n 1)" != 7.0 ] ||
	preempted='export VM_PREEMPTED=yes BATS_TEST_RETRIES=4'
cat >"$tree/environment" <<-END
	export BUILD=/graintools/build E2E_PATIENCE=120 E2E_BURST=500 VM_KERNEL=$version
	$([ "$floor" = 6.1 ] || echo export VM_BELOW_FLOOR=yes)
	$preempted
END

# The tests as they are, and of what was built the programs.
cp -r tests bpf common man tools "$tree"
(cd "build/$arch" && find bin tests -type f \( -perm /100 -o -name '*.bpf.o' \)) | while read -r file; do
	mkdir -p "$tree/build/${file%/*}"
	cp "build/$arch/$file" "$tree/build/$file"
done
(cd "$work/root" && find . | cpio --quiet -o -H newc -R 0:0) | cat "$root" - >"$work/initramfs"
rm -rf "$work/root"

# Without AVX, which is slow. And without cmpxchg16b, after whose emulation qemu 7.2 garbles the flags
# now and then: in 7 of 40 boots Linux 6.12's allocator died of that, in none of 50 without it. From
# 6.18 on the kernel hardly uses it, but refuses memory to BPF programs where it isn't there.
case $arch in
amd64)
	cpu=Nehalem
	[ "$(printf '%s\n' "$version" 6.18 | sort -V | head -n 1)" = 6.18 ] || cpu+=,-cx16
	qemu=(qemu-system-x86_64 -M q35 -cpu "$cpu") console=ttyS0
	;;
arm64)
	qemu=(qemu-system-aarch64 -M virt -cpu cortex-a57) console=ttyAMA0
	;;
esac
# Programs at the same addresses each time need not be translated again: executing one is five times
# faster. One processor: multi-threaded emulation of two panicked now and then.
timeout -k 5 "$limit" "${qemu[@]}" -accel tcg -smp 1 -m 512 -nodefaults -no-user-config -display none \
	-monitor none -serial stdio -no-reboot -kernel "$kernel/vmlinuz" -initrd "$work/initramfs" \
	-append "console=$console panic=-1 quiet norandmaps mitigations=off init_on_alloc=0" </dev/null 2>&1 |
	tee "$work/console" | awk -v cell="$cell" -v summary="$work/summary" -f tests/vm/judge.awk || true
rm "$work/initramfs"
cat "$work/summary" >&2
