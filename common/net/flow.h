/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who talks to whom: one direction of a conversation, and the name that tools agree on for it. */
#ifndef GRAIN_FLOW_H
#define GRAIN_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No padding, and unused bytes are zero: flows are equal when their bytes are. */
struct flow {
	uint8_t saddr[16], daddr[16]; /* network byte order; of IPv4 the first 4 bytes */
	uint16_t sport, dport;	      /* host byte order; of ICMP, type and code */
	uint8_t family;		      /* AF_INET, AF_INET6 */
	uint8_t proto;		      /* IPPROTO_… */
};

_Static_assert(sizeof(struct flow) == 38, "no padding in struct flow");

/* Bytes of an address of that family. */
static inline uint32_t addr_size(uint8_t family)
{
	return family == 2 /* AF_INET */ ? 4 : 16;
}

/* The other direction. Not for ICMP. */
struct flow flow_reverse(const struct flow *f);

#define FLOW_ID_SIZE 31 /* with NUL */

/*
 * The Community ID, version 1, of a flow (github.com/corelight/community-id-spec): the same for
 * both directions, and in every program that knows it when the seed is the same (mostly 0).
 */
void flow_id(char to[FLOW_ID_SIZE], const struct flow *f, uint16_t seed);

#endif
