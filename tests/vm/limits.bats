#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What producers say where they can't do all, or anything. Runs in a virtual machine only, as it
# locks the kernel down for good.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	producers=()
	for source in "$BATS_TEST_DIRNAME"/../../bpf/*.bpf.c; do
		producers+=("$(basename "$source" .bpf.c)")
	done
	PATH=$BUILD/bin:$PATH
}

# refuses STATUS PATTERN COMMAND...: each producer does, in one sentence on stderr, and without having
# executed its command.
refuses() {
	local expected=$1 pattern=$2 tool
	shift 2
	for tool in "${producers[@]}"; do
		for arguments in --check '-- touch executed' '-e all -d 1'; do
			status=0
			# shellcheck disable=SC2086 # a list
			"$@" "$tool" $arguments >out 2>err || status=$?
			echo "$tool $arguments: status $status, $(cat out err)"
			[ "$status" -eq "$expected" ]
			[ "$(wc -l <err)" -eq 1 ]
			# shellcheck disable=SC2053 # a pattern
			[[ $(<err) == $pattern ]]
			[ ! -s out ]
			[ ! -e executed ]
		done
	done
}

# works COMMAND...: each producer runs a command and has seen something of it.
works() {
	for tool in "${producers[@]}"; do
		"$@" "$tool" --check >out 2>err
		status=0
		"$@" "$tool" -q -w events -- bash -c 'cat /etc/passwd; echo >/dev/udp/127.0.0.1/53; exit 5' \
			>said 2>err || status=$?
		cat out err
		[ "$status" -eq 5 ]
		cmp said /etc/passwd
		jq -e .event events
	done
}


# without MOUNT-POINT COMMAND...: with nothing there.
# shellcheck disable=SC2317
without() {
	# shellcheck disable=SC2016 # for the other shell
	unshare --mount sh -c 'mount -t tmpfs none "$1" && shift && exec "$@"' sh "$@"
}

needs_floor() { [ -z "${VM_BELOW_FLOOR:-}" ] || skip "Linux $VM_KERNEL is below the floor"; }

@test "below the floor: what the kernel lacks" {
	[ -n "${VM_BELOW_FLOOR:-}" ] || skip "Linux $VM_KERNEL has all that is needed"
	refuses 69 '*: this kernel (*) lacks *; Linux 6.1 has all that is needed' env
}

@test "without BTF: that it is missing" {
	refuses 69 '*: this kernel (*) has no BTF in /sys/kernel/btf/vmlinux, which CONFIG_DEBUG_INFO_BTF gives' \
		without /sys/kernel/btf
}

@test "without capabilities: that they are needed" {
	refuses 77 '*: not permitted: root, or the capabilities CAP_BPF*CAP_PERFMON*are needed' \
		capsh --drop=cap_sys_admin,cap_bpf,cap_perfmon -- -c 'exec "$@"' sh
}

@test "in a PID namespace: works, and says what degrades" {
	needs_floor
	works unshare --pid --fork --mount-proc
	grep 'degraded: in a PID namespace' out
}

@test "without a mount of cgroups: works" {
	needs_floor
	works without /sys/fs/cgroup
}

@test "lockdown=integrity: works" {
	needs_floor
	echo integrity >/sys/kernel/security/lockdown
	works env
}

@test "lockdown=confidentiality: what needs to read kernel memory may not, what sees packets works" {
	needs_floor
	echo confidentiality >/sys/kernel/security/lockdown
	producers=(execwatch)
	refuses 77 '*: this kernel (*) is locked down to confidentiality, *' env
	dnssnoop --check >out
	grep 'degraded: locked down to confidentiality' out
	# A command, and what else has to do with processes, would need more.
	dnssnoop -q -n 1 -w events &
	while kill -0 $! 2>err; do echo >/dev/udp/127.0.0.1/53; done
	jq -e '.event == "dns.malformed" and .comm == "bash"' events
}
