#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# radosgw.sh DIRECTORY PORT: Ceph's S3 server, its objects in memory, with one monitor and one OSD, for the
# keys TESTKEY and TEST/SECRET+=. Ready once it answers; in DIRECTORY, gateway says how to start radosgw again
# and *.pid who runs.
set -eu
cd "$1"
export CEPH_CONF=$PWD/ceph.conf

cat >ceph.conf <<CONF
[global]
fsid = $(</proc/sys/kernel/random/uuid)
mon host = [v2:127.0.0.1:13300/0]
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
keyring = $PWD/keyring
run dir = $PWD
admin socket = $PWD/\$cluster-\$name.asok
log file = $PWD/\$name.log
mon data = $PWD/mon
osd data = $PWD/osd
osd objectstore = memstore
memstore device bytes = 2147483648
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
mon allow pool size one = true
rgw crypt require ssl = false
rgw crypt s3 kms backend = testing
rgw crypt s3 kms encryption keys = testkey-1=YmluCmJvb3N0CmJvb3N0LWJ1aWxkCmNlcGguY29uZgo=
rgw thread pool size = 32
rgw run sync thread = false
CONF

mkdir mon osd
monmaptool --create --addv a '[v2:127.0.0.1:13300/0]' --fsid "$(sed -n 's/^fsid = //p' ceph.conf)" monmap
for who in mon. client.admin client.rgw osd.0; do
	ceph-authtool one -C --gen-key -n $who --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *'
	cat one >>keyring
	rm one
done
ceph-mon --mkfs -i a --monmap monmap --keyring keyring
ceph-mon -f -i a &
echo $! >mon.pid
uuid=$(</proc/sys/kernel/random/uuid)
ceph --connect-timeout 20 osd new "$uuid" 0
ceph-osd --mkfs -i 0 --osd-uuid "$uuid"
ceph-osd -f -i 0 &
echo $! >osd.pid
radosgw-admin user create --uid test --display-name test --access-key TESTKEY --secret TEST/SECRET+=
radosgw-admin zonegroup placement add --rgw-zonegroup default --placement-id default-placement --storage-class COLD
radosgw-admin zone placement add --rgw-zone default --placement-id default-placement --storage-class COLD --data-pool default.rgw.cold
cat >gateway <<GATEWAY
radosgw -c $PWD/ceph.conf -f -n client.rgw --rgw-frontends 'beast endpoint=127.0.0.1:$2' >>$PWD/gateway.log 2>&1 3>&- &
echo \$! >$PWD/gateway.pid
GATEWAY
# shellcheck source=/dev/null
. ./gateway
