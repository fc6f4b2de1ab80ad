/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/fragment.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "net/recent.h"

#define DATAGRAM_MAX 65535 /* of payload: no length field says more */

/* A part of a datagram that is here. */
struct piece {
	struct piece *next; /* in order */
	uint32_t offset, len;
	uint8_t bytes[];
};

struct datagram {
	struct recent_entry entry;
	struct piece *pieces;
	int64_t first;	 /* time of its first fragment */
	uint32_t length; /* as its last fragment says; 0: that isn't here */
	uint32_t have;	 /* bytes of it */
	uint8_t proto;	 /* as its first fragment says */
	bool dead;	 /* to be ignored, with all fragments to come */
};

struct fragments {
	struct recent table;
	uint32_t max;
	size_t bytes, bytes_max;
	uint64_t age;
	struct fragment_drops drops;
	uint8_t whole[DATAGRAM_MAX];
};

_Static_assert(sizeof(struct flow) + sizeof(uint32_t) <= RECENT_KEY, "a key holds flow and id");

struct fragments *fragments_new(uint32_t datagrams, size_t bytes, int64_t age)
{
	struct fragments *f = malloc(sizeof(*f));

	if (!f)
		return NULL;
	memset(f, 0, offsetof(struct fragments, whole));
	f->max = datagrams ? datagrams : 1024;
	f->bytes_max = bytes ? bytes : 4 << 20;
	f->age = age ? age : 30 * SECOND; /* Linux's ipfrag_time */
	if (!recent_init(&f->table, f->max)) {
		fragments_free(f);
		return NULL;
	}
	return f;
}

static void free_pieces(struct fragments *f, struct datagram *d)
{
	for (struct piece *next, *p = d->pieces; p; p = next) {
		next = p->next;
		f->bytes -= sizeof(*p) + p->len;
		free(p);
	}
	d->pieces = NULL;
}

static void forget(struct fragments *f, struct datagram *d)
{
	free_pieces(f, d);
	recent_remove(&f->table, &d->entry);
	free(d);
}

void fragments_free(struct fragments *f)
{
	if (!f)
		return;
	while (f->table.oldest)
		forget(f, (struct datagram *)f->table.oldest);
	recent_free(&f->table);
	free(f);
}

/* It stays, without its bytes, so that what comes later is ignored too. */
static bool drop(struct fragments *f, struct datagram *d, uint64_t *counter)
{
	free_pieces(f, d);
	d->dead = true;
	++*counter;
	return false;
}

/* The oldest makes way, for a reason that is counted. */
static void evict(struct fragments *f, uint64_t *counter)
{
	struct datagram *d = (struct datagram *)f->table.oldest;

	if (!d->dead)
		++*counter;
	forget(f, d);
}

/* A key: of IPv6 the protocol is no part of it, as only the first fragment's counts (RFC 8200). */
static void set_key(uint8_t key[RECENT_KEY], const struct packet *p)
{
	struct flow flow = p->flow;

	flow.sport = flow.dport = 0;
	if (flow.family == AF_INET6)
		flow.proto = 0;
	memset(key, 0, RECENT_KEY);
	memcpy(key, &flow, sizeof(flow));
	memcpy(key + sizeof(flow), &p->frag_id, sizeof(p->frag_id));
}

static struct datagram *find(struct fragments *f, const struct packet *p, int64_t ts)
{
	uint8_t key[RECENT_KEY];
	struct datagram *d;

	while (f->table.oldest &&
	       far_apart(ts, ((struct datagram *)f->table.oldest)->first, f->age))
		evict(f, &f->drops.age);
	set_key(key, p);
	d = (struct datagram *)recent_find(&f->table, key);
	if (d)
		return d;
	if (f->table.n >= f->max)
		evict(f, &f->drops.room);
	d = calloc(1, sizeof(*d));
	if (!d) {
		f->drops.room++;
		return NULL;
	}
	memcpy(d->entry.key, key, sizeof(key));
	d->first = ts;
	d->proto = p->flow.proto;
	recent_add(&f->table, &d->entry, ts);
	return d;
}

/* Lengths that can't be true. */
static bool is_malformed(const struct datagram *d, const struct packet *p)
{
	uint32_t end = p->frag_offset + p->len;

	if (!p->len || end > DATAGRAM_MAX || (p->frag_more && p->len % 8))
		return true;
	if (d->length)
		return end > d->length || (!p->frag_more && end != d->length);
	/* The last one, and something behind it was here before. */
	if (!p->frag_more)
		for (const struct piece *i = d->pieces; i; i = i->next)
			if (i->offset + i->len > end)
				return true;
	return false;
}

/* Where a fragment belongs. NULL: it overlaps, or is there (*same). */
static struct piece **place(struct datagram *d, const struct packet *p, bool *same)
{
	struct piece **at = &d->pieces;
	uint32_t end = p->frag_offset + p->len;

	*same = false;
	while (*at && (*at)->offset + (*at)->len <= p->frag_offset)
		at = &(*at)->next;
	if (!*at || (*at)->offset >= end)
		return at;
	*same = (*at)->offset == p->frag_offset && (*at)->len == p->len &&
		!memcmp((*at)->bytes, p->payload, p->len);
	return NULL;
}

static bool insert(struct fragments *f, struct piece **at, const struct packet *p)
{
	size_t size = sizeof(struct piece) + p->len;
	struct piece *piece = f->bytes + size > f->bytes_max ? NULL : malloc(size);

	if (!piece)
		return false;
	piece->next = *at;
	piece->offset = p->frag_offset;
	piece->len = p->len;
	memcpy(piece->bytes, p->payload, p->len);
	*at = piece;
	f->bytes += size;
	return true;
}

/* Makes room by forgetting the oldest ones, but not this one. */
static void make_room(struct fragments *f, const struct datagram *d, uint32_t len)
{
	while (f->bytes + sizeof(struct piece) + len > f->bytes_max && f->table.oldest != &d->entry)
		evict(f, &f->drops.room);
}

/* Takes the fragment into its datagram. Whether that is whole. */
static bool take(struct fragments *f, struct datagram *d, const struct packet *p)
{
	struct piece **at;
	bool same;

	if (d->dead)
		return false;
	if (p->cut)
		return drop(f, d, &f->drops.cut);
	if (is_malformed(d, p))
		return drop(f, d, &f->drops.malformed);
	at = place(d, p, &same);
	if (!at)
		return same ? false : drop(f, d, &f->drops.overlap);
	make_room(f, d, p->len);
	if (!insert(f, at, p))
		return drop(f, d, &f->drops.room);
	d->have += p->len;
	if (!p->frag_more)
		d->length = p->frag_offset + p->len;
	if (!p->frag_offset)
		d->proto = p->flow.proto;
	return d->length && d->have == d->length;
}

bool fragments_add(struct fragments *f, struct packet *p, int64_t ts, enum packet_kind *kind)
{
	struct datagram *d = find(f, p, ts);

	if (!d || !take(f, d, p))
		return false;
	for (const struct piece *i = d->pieces; i; i = i->next)
		memcpy(f->whole + i->offset, i->bytes, i->len);
	p->payload = f->whole;
	p->len = p->wire_len = d->length;
	p->flow.proto = d->proto;
	p->fragment = p->frag_more = false;
	p->frag_offset = 0;
	forget(f, d);
	*kind = packet_parse_upper(p);
	/* A fragment of nothing but another one: nobody sends that. */
	if (p->fragment)
		*kind = PACKET_BAD;
	p->fragment = false;
	return true;
}

const struct fragment_drops *fragments_drops(const struct fragments *f)
{
	return &f->drops;
}

uint32_t fragments_waiting(const struct fragments *f)
{
	uint32_t n = 0;

	for (const struct recent_entry *e = f->table.oldest; e; e = e->newer)
		n += !((const struct datagram *)e)->dead;
	return n;
}
