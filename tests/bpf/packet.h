/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What packet.c and packet.bpf.c have in common. */
#ifndef TEST_PACKET_H
#define TEST_PACKET_H

#include "bpf/lib/packet.h"

#define PACKET EVENT_TOOL
#define MARK   0x6e7a3c01 /* of the sockets that are looked at */

#endif
