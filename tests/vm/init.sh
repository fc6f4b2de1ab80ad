#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
# The first process of the virtual machine: runs what /list names, one after the other, and says on
# the console where each begins and ends. Judging is the host's (judge.awk).
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LC_ALL=C
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
ln -s /proc/self/fd /dev/fd
ln -s /proc/self/fd/0 /dev/stdin
ln -s /proc/self/fd/1 /dev/stdout
ln -s /proc/self/fd/2 /dev/stderr
mount -t devpts devpts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
mount -t securityfs security /sys/kernel/security
mount -t tracefs tracing /sys/kernel/tracing
mount -t bpf bpf /sys/fs/bpf
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up
for module in /modules/*; do
	[ ! -e "$module" ] || busybox insmod "$module"
done
# What a login would have brought: children may be many, and nothing leaves the machine's console.
cd /graintools || exit
# shellcheck disable=SC1091 # made by root.sh, in the machine only
. ./environment
echo "@@ up $(uname -r) $(cut -d' ' -f1 /proc/uptime)"
while read -r seconds test; do
	echo "@@ begin $test"
	# A shell of its own each, so that what one leaves behind is not the next one's child.
	# shellcheck disable=SC2086 # may have arguments
	timeout -k 5 "$seconds" setsid $test </dev/null 2>&1
	echo "@@ end $? $(cut -d' ' -f1 /proc/uptime)"
done <list
echo "@@ done"
busybox poweroff -f
