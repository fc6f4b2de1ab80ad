/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sequence numbers are those of RFC 9293 section 3.4: compared by their distance, modulo 2^32. */
#include "net/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/recent.h"

#define RESET_WINDOW (1u << 20) /* a reset is believed when it is no farther ahead than this */

/* In a ring with a head of its own. */
struct link {
	struct link *prev, *next;
};

/* Bytes that came before their time. */
struct held {
	struct held *next; /* in order, without overlaps */
	int64_t ts;
	uint32_t seq, len;
	uint32_t missing; /* bytes behind it that were not captured */
	uint8_t bytes[];
};

/* A direction of a connection. Once it has ended it stays for a while, so that segments which are
 * repeated don't make another stream. */
struct direction {
	struct recent_entry entry;
	struct link keeping; /* in streams.keeping while it keeps bytes */
	struct link waiting; /* in streams.waiting while bytes are missing before others, or FIN */
	struct stream s;
	uint64_t end;	 /* offset of `next` */
	uint32_t next;	 /* sequence number of the byte to be given next */
	uint32_t start;	 /* that of byte 0 */
	uint32_t fin_at; /* that behind the last byte */
	bool fin, ignored, ended;
	int64_t since; /* it waits */
	int64_t now;   /* time of its last segment, when s.ts is of one before */

	struct held *held, *last;
	size_t held_bytes;
	uint8_t *pending; /* given and not taken */
	size_t pending_len, pending_room;
	_Alignas(max_align_t) uint8_t state[];
};

struct streams {
	struct streams_user user;
	struct recent table;
	struct link keeping, waiting; /* the one that does so for longest comes first */
	size_t bytes;		      /* held and pending */
	struct streams_counts counts;
};

#define OF_LINK(link, member)                                                                      \
	((struct direction *)((char *)(link)-offsetof(struct direction, member)))

_Static_assert(sizeof(struct flow) + sizeof(uint64_t) <= RECENT_KEY, "a key holds flow and scope");

static void link_append(struct link *list, struct link *l)
{
	l->prev = list->prev;
	l->next = list;
	list->prev = l->prev->next = l;
}

static void link_remove(struct link *l)
{
	if (!l->next)
		return;
	l->prev->next = l->next;
	l->next->prev = l->prev;
	*l = (struct link){};
}

/* How far a is ahead of b. */
static inline int32_t ahead_of(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

struct streams *streams_new(const struct streams_user *user)
{
	struct streams *all = calloc(1, sizeof(*all));
	struct streams_user *u;

	if (!all)
		return NULL;
	u = &all->user;
	*u = *user;
	u->streams_max = u->streams_max ? u->streams_max : 16384;
	u->pending_max = u->pending_max ? u->pending_max : 65537;
	u->held_max = u->held_max ? u->held_max : 256 << 10;
	u->total_max = u->total_max ? u->total_max : 32 << 20;
	u->gap_time = u->gap_time ? u->gap_time : 3 * SECOND;
	u->idle_time = u->idle_time ? u->idle_time : 300 * SECOND;
	all->keeping = (struct link){ &all->keeping, &all->keeping };
	all->waiting = (struct link){ &all->waiting, &all->waiting };
	if (!recent_init(&all->table, u->streams_max)) {
		streams_free(all);
		return NULL;
	}
	return all;
}

/* What a stream keeps has grown or shrunk. */
static void keep(struct streams *all, struct direction *d, size_t more, size_t less)
{
	all->bytes += more - less;
	if (!d->held && !d->pending)
		link_remove(&d->keeping);
	else if (!d->keeping.next)
		link_append(&all->keeping, &d->keeping);
}

static void free_pending(struct streams *all, struct direction *d)
{
	size_t room = d->pending_room;

	free(d->pending);
	d->pending = NULL;
	d->pending_len = d->pending_room = 0;
	keep(all, d, 0, room);
}

static void pop_held(struct streams *all, struct direction *d)
{
	struct held *h = d->held;
	size_t size = sizeof(*h) + h->len;

	d->held = h->next;
	if (!d->held)
		d->last = NULL;
	d->held_bytes -= size;
	free(h);
	keep(all, d, 0, size);
}

static void free_bytes(struct streams *all, struct direction *d)
{
	while (d->held)
		pop_held(all, d);
	free_pending(all, d);
	link_remove(&d->waiting);
}

/* No more is wanted of it. */
static void ignore(struct streams *all, struct direction *d)
{
	d->ignored = true;
	free_bytes(all, d);
}

static bool is_open(const struct direction *d)
{
	return !d->ended && !d->ignored;
}

/* What is waited for won't come. */
static void stop_waiting(struct streams *all, struct direction *d);

static void finish(struct streams *all, struct direction *d, enum stream_end why)
{
	bool complete = why == STREAM_FIN, no_room = why == STREAM_EVICTED || why == STREAM_REFUSED;
	size_t pending;

	while (!complete && !no_room && is_open(d) && d->waiting.next)
		stop_waiting(all, d);
	if (d->ended)
		return;
	d->ended = true;
	pending = d->pending_len;
	free_bytes(all, d);
	all->counts.evicted += why == STREAM_EVICTED;
	all->counts.refused += why == STREAM_REFUSED;
	if (all->user.end)
		all->user.end(all->user.ctx, &d->s, why, pending);
}

static void discard(struct streams *all, struct direction *d, enum stream_end why)
{
	finish(all, d, why);
	recent_remove(&all->table, &d->entry);
	free(d);
}

void streams_free(struct streams *all)
{
	if (!all)
		return;
	while (all->table.oldest)
		discard(all, (struct direction *)all->table.oldest, STREAM_CLOSED);
	recent_free(&all->table);
	free(all);
}

/* Others make way, first those that keep bytes for longest. */
static void make_room(struct streams *all, const struct direction *d, size_t size)
{
	struct link *l = all->keeping.next;

	while (all->bytes + size > all->user.total_max && l != &all->keeping) {
		struct direction *other = OF_LINK(l, keeping);

		l = l->next;
		if (other != d)
			discard(all, other, STREAM_EVICTED);
	}
}

/* Bytes that nobody will get, from `next` on. */
static void miss(struct streams *all, struct direction *d, uint32_t lost)
{
	if (!lost)
		return;
	all->counts.gaps++;
	all->counts.lost += lost;
	d->s.lost += lost;
	d->s.offset = d->end;
	if (!all->user.gap || !all->user.gap(all->user.ctx, &d->s, lost))
		ignore(all, d);
	else
		free_pending(all, d);
	d->next += lost;
	d->end += lost;
}

static bool append_pending(struct streams *all, struct direction *d, const uint8_t *bytes, size_t n)
{
	size_t size = d->pending_len + n, old = d->pending_room;
	uint8_t *more;

	if (size > old) {
		if (size < 2 * old)
			size = 2 * old;
		make_room(all, d, size - old);
		more = realloc(d->pending, size);
		if (!more)
			return false;
		d->pending = more;
		d->pending_room = size;
		keep(all, d, size, old);
	}
	memcpy(d->pending + d->pending_len, bytes, n);
	d->pending_len += n;
	return true;
}

/* What the user takes of these; STREAM_IGNORE is that, too. */
static size_t offer(struct streams *all, struct direction *d, const uint8_t *bytes, size_t len)
{
	size_t taken;

	d->s.offset = d->end - len;
	taken = all->user.data(all->user.ctx, &d->s, bytes, len);
	if (taken == STREAM_IGNORE)
		ignore(all, d);
	return taken < len ? taken : len;
}

/* Without a copy, when nothing was left over from before. */
static bool offer_new(struct streams *all, struct direction *d, const uint8_t *bytes, size_t len)
{
	size_t taken = offer(all, d, bytes, len);

	if (!is_open(d) || taken == len)
		return true;
	if (len - taken > all->user.pending_max) {
		finish(all, d, STREAM_REFUSED);
		return true;
	}
	return append_pending(all, d, bytes + taken, len - taken);
}

static bool offer_more(struct streams *all, struct direction *d, const uint8_t *bytes, size_t len)
{
	size_t taken;

	if (!append_pending(all, d, bytes, len))
		return false;
	taken = offer(all, d, d->pending, d->pending_len);
	if (!is_open(d))
		return true;
	d->pending_len -= taken;
	if (!d->pending_len)
		free_pending(all, d);
	else if (d->pending_len > all->user.pending_max)
		finish(all, d, STREAM_REFUSED);
	else if (taken)
		memmove(d->pending, d->pending + taken, d->pending_len);
	return true;
}

/* The bytes at `next`. `missing` ones follow that were not captured. */
static void give(struct streams *all, struct direction *d, const uint8_t *bytes, uint32_t len,
		 uint32_t missing)
{
	d->next += len;
	d->end += len;
	if (len && !(d->pending ? offer_more : offer_new)(all, d, bytes, len)) {
		all->counts.no_memory++;
		finish(all, d, STREAM_REFUSED);
	}
	if (!is_open(d))
		return;
	/* Some of these may have come in another segment. */
	if (d->held && missing > d->held->seq - d->next)
		missing = d->held->seq - d->next;
	miss(all, d, missing);
}

static void start_waiting(struct streams *all, struct direction *d)
{
	link_remove(&d->waiting);
	link_append(&all->waiting, &d->waiting);
	d->since = d->now;
}

/* Gives what has become first in line, and finds out whether that is all. */
static void give_held(struct streams *all, struct direction *d)
{
	bool some = false;

	while (is_open(d) && d->held && d->held->seq == d->next) {
		struct held *h = d->held;

		/* Off the list first: what comes of it must not see it there. */
		d->held = h->next;
		if (!d->held)
			d->last = NULL;
		d->held_bytes -= sizeof(*h) + h->len;
		keep(all, d, 0, sizeof(*h) + h->len);
		if (h->ts > d->s.ts)
			d->s.ts = h->ts;
		give(all, d, h->bytes, h->len, h->missing);
		free(h);
		some = true;
	}
	if (!is_open(d))
		return;
	if (d->fin && ahead_of(d->next, d->fin_at) >= 0)
		finish(all, d, STREAM_FIN);
	else if (!d->held && !d->fin)
		link_remove(&d->waiting);
	else if (some || !d->waiting.next)
		start_waiting(all, d);
}

static void stop_waiting(struct streams *all, struct direction *d)
{
	uint32_t to = d->held ? d->held->seq : d->fin_at;

	if (d->fin && ahead_of(d->fin_at, to) < 0)
		to = d->fin_at;
	/* What has waited was whole when it came. */
	if (d->held)
		d->s.ts = d->held->ts;
	miss(all, d, to - d->next);
	give_held(all, d);
	d->s.ts = d->now;
}

static struct held *new_held(struct streams *all, struct direction *d, uint32_t seq,
			     const uint8_t *bytes, uint32_t len)
{
	struct held *h = malloc(sizeof(*h) + len);

	if (!h) {
		all->counts.no_memory++;
		return NULL;
	}
	h->ts = d->s.ts;
	h->seq = seq;
	h->len = len;
	memcpy(h->bytes, bytes, len);
	d->held_bytes += sizeof(*h) + len;
	return h;
}

/* Keeps those bytes of a segment that are not there yet: the first copy counts. */
static void hold(struct streams *all, struct direction *d, uint32_t seq, const uint8_t *bytes,
		 uint32_t len, uint32_t missing)
{
	bool after_last = d->last && ahead_of(seq, d->last->seq + d->last->len) >= 0;
	struct held **at = after_last ? &d->last->next : &d->held, *h;
	bool some = false;

	while (len) {
		uint32_t n = len, have = 0;

		while (*at && ahead_of((*at)->seq + (*at)->len, seq) <= 0)
			at = &(*at)->next;
		if (*at && ahead_of((*at)->seq, seq) <= 0)
			n = have = (*at)->seq + (*at)->len - seq;
		else if (*at && n > (*at)->seq - seq)
			n = (*at)->seq - seq;
		if (n > len)
			n = len;
		if (!have) {
			h = new_held(all, d, seq, bytes, n);
			if (!h)
				return;
			h->missing = missing; /* none, if another one follows */
			h->next = *at;
			*at = h;
			if (!h->next)
				d->last = h;
			keep(all, d, sizeof(*h) + n, 0);
			some = true;
		}
		seq += n;
		bytes += n;
		len -= n;
	}
	all->counts.held += some;
	all->counts.repeated += !some;
}

/* A segment that begins where we are. */
static void in_order(struct streams *all, struct direction *d, const uint8_t *bytes, uint32_t len,
		     uint32_t missing)
{
	if (d->held && len > d->held->seq - d->next)
		hold(all, d, d->next, bytes, len, missing);
	else
		give(all, d, bytes, len, missing);
	give_held(all, d);
}

/* A segment behind bytes that are missing. False: there is no room for it yet. */
static bool out_of_order(struct streams *all, struct direction *d, uint32_t seq,
			 const uint8_t *bytes, uint32_t len, uint32_t missing)
{
	size_t size = sizeof(struct held) + len;

	if (d->held_bytes + size > all->user.held_max)
		return false;
	make_room(all, d, size);
	hold(all, d, seq, bytes, len, missing);
	if (d->held && !d->waiting.next)
		start_waiting(all, d);
	return true;
}

static void take_payload(struct streams *all, struct direction *d, uint32_t seq,
			 const struct segment *s)
{
	uint32_t len = s->len, missing = s->wire_len > s->len ? s->wire_len - s->len : 0;
	const uint8_t *bytes = s->payload;

	while (is_open(d)) {
		int32_t ahead = ahead_of(seq, d->next);

		if (ahead < 0) { /* what is before is known */
			uint64_t known = -(int64_t)ahead;
			uint32_t n = known < len ? (uint32_t)known : len;

			if (known >= (uint64_t)len + missing) {
				all->counts.repeated++;
				return;
			}
			bytes += n;
			len -= n;
			missing -= known - n;
			seq = d->next;
		}
		if (ahead <= 0)
			return in_order(all, d, bytes, len, missing);
		/* Not a byte of it was captured: that will be seen when others follow. */
		if (!len || out_of_order(all, d, seq, bytes, len, missing))
			return;
		/* Too much waits for what is missing. */
		if (d->held && ahead_of(d->held->seq, seq) < 0)
			stop_waiting(all, d);
		else
			miss(all, d, ahead);
	}
}

static void take_fin(struct streams *all, struct direction *d, uint32_t end)
{
	if (d->ended)
		return;
	if (d->ignored)
		return finish(all, d, STREAM_FIN);
	/* One of before what we have is no end. */
	if (!d->fin && ahead_of(end, d->next) >= 0) {
		d->fin = true;
		d->fin_at = end;
	}
	give_held(all, d);
}

static void set_key(uint8_t key[RECENT_KEY], const struct flow *flow, uint64_t scope)
{
	memset(key, 0, RECENT_KEY);
	memcpy(key, flow, sizeof(*flow));
	memcpy(key + sizeof(*flow), &scope, sizeof(scope));
}

static struct direction *find(const struct streams *all, const struct flow *flow, uint64_t scope)
{
	uint8_t key[RECENT_KEY];

	set_key(key, flow, scope);
	return (struct direction *)recent_find(&all->table, key);
}

struct stream *streams_find(struct streams *all, const struct flow *flow, uint64_t scope)
{
	struct direction *d = find(all, flow, scope);

	return d && !d->ended ? &d->s : NULL;
}

static struct direction *begin(struct streams *all, const struct segment *s, uint32_t start)
{
	struct direction *d;

	if (all->table.n >= all->user.streams_max)
		discard(all, (struct direction *)all->table.oldest, STREAM_EVICTED);
	d = calloc(1, sizeof(*d) + all->user.state_size);
	if (!d) {
		all->counts.no_memory++;
		return NULL;
	}
	d->s.flow = s->flow;
	d->s.scope = s->scope;
	d->s.from_start = s->flags & TCP_SYN;
	d->s.first = s->ts;
	d->s.state = d->state;
	d->next = d->start = start;
	set_key(d->entry.key, &s->flow, s->scope);
	recent_add(&all->table, &d->entry, s->ts);
	all->counts.streams++;
	return d;
}

/* The stream that a SYN belongs to: maybe one that we have. */
static struct direction *take_syn(struct streams *all, struct direction *d, const struct segment *s)
{
	uint32_t start = s->seq + 1;

	if (d && d->start == start) {
		d->s.from_start = true;
		return d;
	}
	if (d)
		discard(all, d, STREAM_REPLACED);
	return begin(all, s, start);
}

/* It ends both directions. One that is far off is a forgery, or late. */
static void take_reset(struct streams *all, struct direction *d, const struct segment *s)
{
	struct flow back = flow_reverse(&s->flow);
	struct direction *peer = find(all, &back, s->scope);

	if (d && !d->ignored && s->seq - d->next > RESET_WINDOW)
		return;
	if (!d && peer && !peer->ignored && s->ack != peer->next)
		return;
	/* `peer` first: what the other one gives may need its room. */
	if (peer)
		finish(all, peer, STREAM_RESET);
	d = find(all, &s->flow, s->scope);
	if (d)
		finish(all, d, STREAM_RESET);
}

void streams_time(struct streams *all, int64_t ts)
{
	struct direction *d;

	while ((d = (struct direction *)all->table.oldest) &&
	       far_apart(ts, d->entry.ts, all->user.idle_time))
		discard(all, d, STREAM_IDLE);
	while (all->waiting.next != &all->waiting) {
		d = OF_LINK(all->waiting.next, waiting);
		if (!far_apart(ts, d->since, all->user.gap_time))
			return;
		stop_waiting(all, d);
	}
}

int64_t streams_due(const struct streams *all)
{
	const struct link *first = all->waiting.next;

	return first == &all->waiting ? 0 : OF_LINK(first, waiting)->since + all->user.gap_time;
}

void streams_add(struct streams *all, const struct segment *s)
{
	uint32_t seq = s->seq + !!(s->flags & TCP_SYN);
	uint32_t len = s->wire_len > s->len ? s->wire_len : s->len;
	struct direction *d;

	streams_time(all, s->ts);
	d = find(all, &s->flow, s->scope);
	if (s->flags & TCP_RST)
		return take_reset(all, d, s);
	if (s->flags & TCP_SYN)
		d = take_syn(all, d, s);
	else if (!d && len)
		d = begin(all, s, seq);
	if (!d)
		return;
	recent_touch(&all->table, &d->entry, s->ts);
	d->s.ts = d->now = s->ts;
	if (len)
		take_payload(all, d, seq, s);
	if (s->flags & TCP_FIN)
		take_fin(all, d, seq + len);
}

const struct streams_counts *streams_counts(const struct streams *all)
{
	return &all->counts;
}
