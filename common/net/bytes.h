/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers at any address, in network byte order, or in the other one. */
#ifndef GRAIN_BYTES_H
#define GRAIN_BYTES_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t get_be16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return be16toh(v);
}

static inline uint32_t get_be32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

#endif
