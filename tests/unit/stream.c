/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/clock.h"
#include "net/stream.h"
#include "tests/packets.h"
#include "tests/tap.h"

#define ALL SIZE_MAX

/* What a stream's user was told, as text: what came in order, [-N] a gap, |REASON the end, and how
 * much of it was pending. */
static char told[200000];
static size_t told_len;

static struct streams_user user; /* a test's; set up by anew() */
static struct streams *all;
static size_t take; /* bytes that the user takes at once; ALL */
static bool go_on;  /* behind gaps */
static int64_t clock_ts;
static struct stream seen; /* as it was when the user was told last */
static unsigned wrong;	   /* things that can't be */

static const char *const ends[] = {
	[STREAM_FIN] = "fin",	    [STREAM_RESET] = "reset",	  [STREAM_REPLACED] = "replaced",
	[STREAM_IDLE] = "idle",	    [STREAM_EVICTED] = "evicted", [STREAM_REFUSED] = "refused",
	[STREAM_CLOSED] = "closed",
};

__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	told_len += vsnprintf(told + told_len, sizeof(told) - told_len, format, args);
	va_end(args);
}

static void tell_bytes(const uint8_t *bytes, size_t len)
{
	memcpy(told + told_len, bytes, len);
	told_len += len;
	told[told_len] = 0;
}

static size_t on_data(void *ctx, struct stream *s, const uint8_t *bytes, size_t len)
{
	uint64_t *expected = s->state; /* offset */

	wrong += ctx != &user || !len || s->offset != *expected;
	if (take != ALL && len > take)
		len = take;
	tell_bytes(bytes, len);
	*expected += len;
	seen = *s;
	return take == ALL ? len + 7 : len;
}

static bool on_gap(void *ctx, struct stream *s, uint64_t lost)
{
	uint64_t *expected = s->state;

	wrong += ctx != &user || (take == ALL && s->offset != *expected);
	*expected = s->offset + lost;
	tell("[-%ju]", (uintmax_t)lost);
	seen = *s;
	return go_on;
}

static void on_end(void *ctx, struct stream *s, enum stream_end why, size_t pending)
{
	wrong += ctx != &user;
	tell("|%s", ends[why]);
	if (pending)
		tell(",%zu", pending);
	seen = *s;
}

/* Bounds are kept from `user` as a test set them. */
static void anew(void)
{
	user.ctx = &user;
	user.state_size = sizeof(uint64_t);
	user.data = on_data;
	user.gap = on_gap;
	user.end = on_end;
	streams_free(all);
	all = streams_new(&user);
	told_len = 0;
	*told = 0;
	take = ALL;
	go_on = true;
	clock_ts = 1000 * SECOND;
}

static struct segment segment(uint32_t seq, uint8_t flags, const void *bytes, size_t len)
{
	return (struct segment){
		.flow = { .family = AF_INET, .proto = IPPROTO_TCP, .sport = 1, .dport = 2 },
		.ts = clock_ts,
		.seq = seq,
		.flags = flags,
		.payload = bytes,
		.len = len,
		.wire_len = len,
	};
}

/* From a block of its own, which is gone afterwards. */
static void add(struct segment s)
{
	uint8_t *copy = exact(s.payload, s.len);

	s.payload = copy;
	streams_add(all, &s);
	free_exact(copy, s.len);
}

static void flagged(uint32_t seq, uint8_t flags, const char *text)
{
	add(segment(seq, flags, text, strlen(text)));
}

static void plain(uint32_t seq, const char *text)
{
	flagged(seq, TCP_ACK, text);
}

static void is_told(const char *expected, const char *what)
{
	is_str(told, expected, "%s", what);
	told_len = 0;
	*told = 0;
}

static struct stream *find(void)
{
	struct segment s = segment(0, 0, NULL, 0);

	return streams_find(all, &s.flow, 0);
}

static void test_life(void)
{
	anew();
	flagged(100, TCP_SYN, "");
	is_told("", "a SYN says nothing");
	ok(find() && find()->from_start, "but that the start is known");
	plain(101, "abc");
	clock_ts += 5;
	plain(104, "de");
	is_told("abcde", "bytes in order");
	ok(seen.offset == 3 && seen.first == 1000 * SECOND && seen.ts == clock_ts,
	   "place and times");
	ok(seen.flow.sport == 1 && seen.flow.dport == 2, "and flow");
	flagged(106, TCP_FIN | TCP_ACK, "f");
	is_told("f|fin", "the end");
	ok(!find(), "then there is no stream");
	flagged(106, TCP_FIN | TCP_ACK, "f");
	plain(101, "abc");
	flagged(107, TCP_RST, "");
	is_told("", "what is repeated after the end is nothing");
	is_u64(streams_counts(all)->streams, 1, "it was one stream");
	flagged(7000, TCP_SYN, "tfo");
	plain(7004, "x");
	is_told("tfox", "a new connection between the same ports, data in its SYN");
	streams_free(all);
	all = NULL;
	is_told("|closed", "at the end");

	anew();
	plain(5, "");
	flagged(5, TCP_FIN, "");
	ok(!find() && !streams_counts(all)->streams, "without bytes there is no stream");
	plain(50, "middle");
	ok(find() && !find()->from_start, "one that is older than we are");
	plain(40, "before");
	flagged(56, TCP_FIN, "");
	is_told("middle|fin", "begins with what we see first");
}

static void test_orders(void)
{
	static const char *const parts[] = { "ab", "c", "def", "gh" };
	static const uint32_t at[] = { 0, 2, 3, 6 };
	unsigned bad = 0, held = 0, gaps = 0;

	for (unsigned order = 0; order < 256; order++) {
		unsigned o[] = { order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6 };

		if ((1 << o[0] | 1 << o[1] | 1 << o[2] | 1 << o[3]) != 15)
			continue;
		anew();
		/* Sequence numbers begin anew within them. */
		flagged(0xfffffffa, TCP_SYN, "");
		for (int i = 0; i < 4; i++)
			flagged(0xfffffffb + at[o[i]], o[i] == 3 ? TCP_FIN : 0, parts[o[i]]);
		bad += strcmp(told, "abcdefgh|fin") != 0;
		held += streams_counts(all)->held;
		gaps += streams_counts(all)->gaps;
	}
	is_u64(bad, 0, "in all orders, the same comes out");
	ok(held > 24 && !gaps, "which is counted");
}

static void test_copies(void)
{
	anew();
	flagged(0, TCP_SYN, "");
	plain(1, "abc");
	plain(1, "XXX");
	plain(2, "XX");
	is_u64(streams_counts(all)->repeated, 2, "segments again are counted");
	plain(1, "XXXde");
	is_told("abcde", "the first copy counts");
	plain(8, "hi");
	plain(8, "XX");
	plain(7, "gXXj");
	is_told("", "also of what waits");
	plain(6, "fXXXXk");
	is_told("fghijk", "which is given once what was missing is there");
	plain(21, "u");
	plain(17, "q");
	plain(19, "s");
	plain(12, "lmnopXrXtXv");
	is_told("lmnopqrstuv", "a segment around several that wait");
	ok(!streams_counts(all)->gaps, "there was no gap");
}

/* A user who takes messages: a byte that is their length, and so many bytes. */
static size_t on_messages(void *ctx, struct stream *s, const uint8_t *bytes, size_t len)
{
	size_t taken = 0;

	(void)ctx, (void)s;
	while (len - taken && bytes[taken] - '0' + 1u <= len - taken) {
		tell_bytes(bytes + taken + 1, bytes[taken] - '0');
		tell(".");
		taken += bytes[taken] - '0' + 1;
	}
	return taken;
}

static void test_messages(void)
{
	const char *text = "3abc0291912345678915defgh";

	for (size_t step = 1; step < 27; step++) {
		anew();
		user.data = on_messages;
		streams_free(all);
		all = streams_new(&user);
		for (size_t i = 0; i < strlen(text); i += step)
			add(segment(i, 0, text + i,
				    strlen(text) - i < step ? strlen(text) - i : step));
		plain(strlen(text), "4ab");
		streams_free(all);
		all = NULL;
		is_told("abc..91.123456789.5.|closed,8", "messages, however they come");
	}
}

static void test_gaps(void)
{
	anew();
	flagged(0, TCP_SYN, "");
	plain(1, "abc");
	plain(6, "f");
	plain(8, "h");
	clock_ts += 3 * SECOND;
	flagged(0, 0, "");
	is_told("abc", "bytes are missing");
	clock_ts++;
	streams_time(all, clock_ts);
	is_told("[-2]f", "for too long: what waited comes after a gap");
	ok(seen.lost == 2 && seen.offset == 5, "which is told, and where");
	streams_time(all, clock_ts + 2 * SECOND);
	plain(7, "g");
	is_told("gh", "the next one has time of its own");
	plain(4, "de");
	is_told("", "what comes too late is nothing");
	is_u64(streams_counts(all)->gaps, 1, "gaps are counted");
	is_u64(streams_counts(all)->lost, 2, "and the bytes of them");

	anew();
	plain(1, "abc");
	flagged(9, TCP_FIN, "");
	clock_ts += 3 * SECOND + 1;
	streams_time(all, clock_ts);
	is_told("abc[-5]|fin", "the bytes before the end are missing");

	anew();
	plain(1, "abc");
	plain(6, "fg");
	flagged(8, TCP_FIN, "");
	plain(9, "behind the end");
	streams_free(all);
	all = NULL;
	is_told("abc[-2]fg|fin", "at the end nobody waits");

	anew();
	plain(1, "abc");
	flagged(6, TCP_FIN, "");
	plain(9, "behind the end");
	streams_time(all, clock_ts + 4 * SECOND);
	is_told("abc[-2]|fin", "the end comes before what is behind it");

	anew();
	plain(1, "abcdef");
	flagged(2, TCP_FIN, "");
	plain(7, "g");
	is_told("abcdefg", "no end is where bytes were");

	anew();
	take = 1;
	plain(1, "abc");
	plain(6, "fg");
	go_on = false;
	streams_time(all, clock_ts + 4 * SECOND);
	plain(8, "hi");
	flagged(10, TCP_FIN, "");
	is_told("a[-2]|fin", "a user who can't go on gets no more than the end");

	anew();
	user.gap = NULL;
	streams_free(all);
	all = streams_new(&user);
	plain(1, "abc");
	plain(6, "fg");
	streams_time(all, clock_ts + 4 * SECOND);
	plain(8, "hi");
	flagged(10, TCP_FIN, "");
	is_told("abc|fin", "nor does one who isn't told of gaps");

	user.held_max = 200;
	anew();
	plain(1, "a");
	for (uint32_t i = 0; i < 50; i++)
		plain(10 + i, "x");
	ok(!strncmp(told, "a[-8]xx", 7), "too much waits");
	plain(100, "y");
	plain(90,
	      "a segment that is larger than all that may wait, whatever comes behind it, and so "
	      "on, until there are more than two hundred bytes in it, which takes longer than one "
	      "would think, at least when it is written by hand");
	ok(strstr(told, "[-30]a segment yhat is"), "one that is larger than may wait");
	ok(strstr(told, "think"), "is given at once, around what waits");
	user.held_max = 0;
}

/* Of bytes behind a gap it is their own; of those that had to wait, when they were whole. */
static void test_times(void)
{
	const int64_t begin = 1000 * SECOND;

	anew();
	is_i64(streams_due(all), 0, "nothing waits");
	plain(1, "abc");
	clock_ts = begin + 1;
	plain(6, "f");
	is_i64(streams_due(all), begin + 1 + 3 * SECOND, "a gap is waited for");
	clock_ts = begin + 2;
	plain(7, "g");
	clock_ts = begin + 3;
	plain(4, "de");
	is_told("abcdefg", "it is filled");
	is_i64(seen.ts, begin + 3, "then all came with what filled it");
	is_i64(streams_due(all), 0, "nothing waits any longer");

	clock_ts = begin + 4;
	plain(9, "i");
	clock_ts = begin + 5;
	plain(11, "k");
	streams_time(all, begin + 4 + 3 * SECOND);
	is_told("", "not yet");
	streams_time(all, streams_due(all) + 1);
	is_told("[-1]i", "it is not filled");
	is_i64(seen.ts, begin + 4, "what is behind it came when it did");
	clock_ts = begin + 6;
	plain(12, "l");
	is_told("", "another gap");
	streams_time(all, streams_due(all) + 1);
	is_told("[-1]kl", "it isn't filled, either");
	is_i64(seen.ts, begin + 6, "the last of these came last");
}

static void test_cut(void)
{
	struct segment s;

	anew();
	s = segment(1, 0, "abc", 3);
	s.wire_len = 10;
	add(s);
	is_told("abc[-7]", "what was not captured is missing at once");
	plain(11, "k");
	plain(14, "no");
	s = segment(12, 0, "l", 1);
	s.wire_len = 20;
	add(s);
	is_told("kl[-1]no", "but for what came in another segment");
	s = segment(16, 0, NULL, 0);
	s.wire_len = 4;
	add(s);
	is_told("[-4]", "nothing of it was captured");
	s = segment(25, 0, "z", 1);
	s.wire_len = 3;
	add(s);
	plain(20, "uvwxy");
	is_told("uvwxyz[-2]", "one that waited");
	s = segment(20, 0, "uvwxyz", 6);
	s.wire_len = 10;
	add(s);
	is_told("[-2]", "one that we have, and more");
	s = segment(40, 0, NULL, 0);
	s.wire_len = 10;
	add(s);
	is_told("", "ahead of us it is nothing to wait for");
}

static void test_refused(void)
{
	user.pending_max = 10;
	anew();
	take = 0;
	plain(1, "abcde");
	plain(6, "fghij");
	is_told("", "nothing is taken");
	is_u64(seen.offset, 0, "and comes again");
	take = 4;
	plain(11, "k");
	is_told("abcd", "some is");
	take = 0;
	plain(12, "lmn");
	is_told("", "nothing of ten bytes");
	plain(15, "o");
	is_told("|refused,11", "eleven are too many");
	plain(16, "p");
	is_told("", "that was the end");
	is_u64(streams_counts(all)->refused, 1, "which is counted");
	anew();
	take = 0;
	plain(1, "abcdefghijk");
	is_told("|refused", "all at once");
	user.pending_max = 0;
}

static size_t on_ignored(void *ctx, struct stream *s, const uint8_t *bytes, size_t len)
{
	(void)ctx, (void)s;
	tell_bytes(bytes, len);
	return strchr((const char *)told, '!') ? STREAM_IGNORE : 0;
}

static void test_ignored(void)
{
	anew();
	user.data = on_ignored;
	streams_free(all);
	all = streams_new(&user);
	plain(1, "a");
	plain(2, "b!");
	plain(4, "c");
	plain(9, "d");
	is_told("aab!", "no more is wanted");
	flagged(5, TCP_FIN, "");
	is_told("|fin", "but the end is told");
	user.data = on_data;
}

static void test_syn(void)
{
	anew();
	flagged(10, TCP_SYN, "");
	flagged(10, TCP_SYN, "");
	plain(11, "a");
	flagged(10, TCP_SYN, "");
	plain(12, "b");
	is_told("ab", "a SYN again");
	plain(14, "d");
	flagged(20, TCP_SYN, "");
	is_told("[-1]d|replaced", "another one is another connection");
	plain(21, "e");
	ok(seen.offset == 0 && seen.from_start, "from its start");
	is_told("e", "which goes on");
	anew();
	plain(11, "a");
	ok(!find()->from_start, "a stream whose SYN comes late");
	flagged(10, TCP_SYN, "");
	ok(find()->from_start, "is known from the start");
	is_told("a", "and goes on");
}

static struct segment backward(uint32_t seq, uint8_t flags, const char *text)
{
	struct segment s = segment(seq, flags, text, strlen(text));

	s.flow = flow_reverse(&s.flow);
	return s;
}

static void test_reset(void)
{
	struct segment s;

	anew();
	plain(1, "ab");
	add(backward(100, 0, "x"));
	plain(5, "e");
	flagged(2, TCP_RST, "");
	flagged(3 + (2 << 20), TCP_RST, "");
	is_told("abx", "a reset that is far off is none");
	flagged(3, TCP_RST, "");
	is_told("|reset[-2]e|reset", "one ends both directions");
	plain(6, "f");
	add(backward(101, 0, "y"));
	is_told("", "for good");

	anew();
	flagged(10, TCP_SYN, "");
	s = backward(0, TCP_RST | TCP_ACK, "");
	s.ack = 12;
	add(s);
	is_told("", "a refusal of something else");
	s.ack = 11;
	add(s);
	is_told("|reset", "a connection that is refused");
}

static void test_bounds(void)
{
	struct segment s = segment(1, 0, "abc", 3);

	user.streams_max = 4;
	anew();
	for (int i = 0; i < 6; i++) {
		s.flow.sport = i;
		add(s);
	}
	is_told("abcabcabcabc|evictedabc|evictedabc", "too many streams: the quiet ones make way");
	is_u64(seen.flow.sport, 5, "for the new ones");
	ok(streams_counts(all)->evicted == 2 && !find(), "which is counted");
	user.streams_max = 0;

	user.idle_time = 10 * SECOND;
	anew();
	s = segment(1, 0, "abc", 3);
	add(s);
	clock_ts += 10 * SECOND;
	plain(4, "d");
	plain(6, "f");
	streams_time(all, clock_ts + 10 * SECOND);
	is_told("abcd[-1]f", "not idle yet");
	streams_time(all, clock_ts + 10 * SECOND + 1);
	is_told("|idle", "idle");
	s.ts = INT64_MAX;
	add(s);
	s.flow.sport++;
	s.ts = 5;
	add(s);
	is_told("abc|idleabc", "times far apart in the other direction");
	user.idle_time = 0;

	user.total_max = 1000;
	anew();
	take = 0;
	s = segment(1, 0, told + 1000, 150);
	memset(told + 1000, '.', 150);
	for (int i = 0; i < 8; i++) {
		s.flow.sport = i;
		add(s);
	}
	is_told("|evicted,150|evicted,150",
		"too many bytes in all: those kept for longest make way");
	anew();
	for (int i = 0; i < 8; i++) {
		s.flow.sport = i;
		s.seq = 1;
		s.len = s.wire_len = 1;
		add(s);
		s.seq = 3;
		s.len = s.wire_len = 150;
		add(s);
	}
	is_told("......|evicted.|evicted.|evicted", "also of those that wait");
	user.total_max = 0;
	anew();
	s = segment(1, 0, "a", 1);
	add(s);
	s.scope = 1;
	s.payload = (const uint8_t *)"b";
	add(s);
	s.seq = 2;
	s.payload = (const uint8_t *)"c";
	add(s);
	is_told("abc", "the same flow twice, in different places");
	ok(streams_find(all, &s.flow, 1)->scope == 1 && !find()->scope, "each is found");
	ok(!streams_find(all, &s.flow, 2), "a third is not");
}

/* A stream of known bytes, in segments of any size that overlap, come twice and in another order.
 */
static uint8_t model[6000];
static uint64_t given, lost;

static size_t on_model(void *ctx, struct stream *s, const uint8_t *bytes, size_t len)
{
	size_t some = len > 3 ? len - len % 3 : len % 2;

	(void)ctx;
	wrong += s->offset + len > sizeof(model) || memcmp(bytes, model + s->offset, len);
	given += some;
	return some;
}

static bool on_model_gap(void *ctx, struct stream *s, uint64_t n)
{
	uint64_t untaken = s->offset - given - lost;

	(void)ctx;
	lost += n + untaken;
	return true;
}

static void on_model_end(void *ctx, struct stream *s, enum stream_end why, size_t pending)
{
	(void)ctx, (void)s;
	wrong += why != STREAM_FIN;
	given += pending;
}

static uint32_t random_below(uint32_t n)
{
	static uint32_t state = 1;

	state = state * 1103515245 + 12345;
	return (uint64_t)(state >> 8) * n >> 24;
}

/* `holes`: some segments are not there at all, and some not whole. */
static void run_model(uint32_t start, bool holes)
{
	struct segment s[600];
	unsigned n = 0;

	given = lost = 0;
	for (uint32_t at = 0; at < sizeof(model);) {
		uint32_t len = 1 + random_below(60), back = random_below(30);
		uint32_t from = back < at && !random_below(3) ? at - back : at;

		if (from + len > sizeof(model))
			len = sizeof(model) - from;
		s[n] = segment(start + from, 0, model + from, len);
		if (from + len > at)
			at = from + len;
		if (at == sizeof(model))
			s[n].flags = TCP_FIN;
		if (holes && n && !s[n].flags && !random_below(10))
			continue;
		if (holes && !random_below(10))
			s[n].len -= random_below(len);
		if (n++ && !random_below(8)) {
			s[n] = s[n - 1];
			n++;
		}
	}
	for (unsigned i = 2; i < n; i++) {
		unsigned k = i - random_below(i - 1 < 20 ? i - 1 : 20);
		struct segment other = s[i];

		if (i == n - 1 && holes)
			break;
		s[i] = s[k];
		s[k] = other;
	}
	add(segment(start - 1, TCP_SYN, NULL, 0));
	for (unsigned i = 0; i < n; i++)
		add(s[i]);
	streams_time(all, clock_ts += 10 * SECOND);
	streams_time(all, clock_ts += 10 * SECOND);
}

static void test_model(void)
{
	unsigned differ = 0;

	for (size_t i = 0; i < sizeof(model); i++)
		model[i] = i * i >> 3;
	for (int i = 0; i < 200; i++) {
		bool holes = i % 2;

		anew();
		user.data = on_model;
		user.gap = on_model_gap;
		user.end = on_model_end;
		user.held_max = i % 4 ? 0 : 4000;
		streams_free(all);
		all = streams_new(&user);
		run_model(random_below(3) ? random_below(1 << 24) * 256 : -random_below(6000),
			  holes);
		differ += given + lost != sizeof(model) || (!holes && !user.held_max && lost);
		differ += streams_counts(all)->lost > lost;
	}
	user.held_max = 0;
	is_u64(wrong, 0, "200 streams in all sorts of pieces: each byte is in its place");
	is_u64(differ, 0, "and they are all there, or known to be lost");
}

int main(void)
{
	test_life();
	test_orders();
	test_copies();
	test_messages();
	test_gaps();
	test_times();
	test_cut();
	test_refused();
	test_ignored();
	test_syn();
	test_reset();
	test_bounds();
	is_u64(wrong, 0, "bytes come with their offsets");
	test_model();
	streams_free(all);
	streams_free(NULL);
	return done();
}
