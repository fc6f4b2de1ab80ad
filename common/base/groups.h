/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bounded set of keys, hostile ones too, with a record for each: what is summed up by key. */
#ifndef GRAIN_GROUPS_H
#define GRAIN_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that the keys and records of one set may take, unless groups_limit() says otherwise: who
 * chooses the keys can make them long. */
#define GROUPS_BYTES_MAX (256ul << 20)

struct groups;

/* Records have `size` bytes (0: only the keys count) and there are `max` at most. NULL: out of
 * memory. */
struct groups *groups_new(size_t size, uint32_t max);
void groups_free(struct groups *g);
void groups_limit(struct groups *g, size_t bytes);

/*
 * The record of a key, whose bytes are copied; a new one is all zeros. It stays where it is until
 * groups_clear(). NULL: the key is new, and there is room for no other one.
 */
void *groups_get(struct groups *g, const void *key, size_t len);

uint32_t groups_count(const struct groups *g);

/* The record and the key that came as number `i`, from 0. */
void *groups_at(const struct groups *g, uint32_t i, const void **key, size_t *len);

/* Forgets all keys. Memory is kept for those to come. */
void groups_clear(struct groups *g);

#endif
