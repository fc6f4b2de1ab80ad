/* SPDX-License-Identifier: GPL-2.0-or-later */
/* statsd-recv: metrics that arrive in the StatsD protocol become lines of JSON. */
#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/groups.h"
#include "base/num.h"
#include "base/sample.h"
#include "base/stop.h"
#include "base/writer.h"
#include "sink/address.h"
#include "sink/helper.h"
#include "sink/statsd.h"

#define DATAGRAM_MAX 65536 /* bytes, and no UDP datagram has as many */
#define BATCH	     64	   /* datagrams that one recvmmsg(2) takes */
#define BATCHES	     16	   /* of them before we look at clock and signals again */
#define SOCKETS_MAX  64
#define KEY_MAX	     4096    /* bytes of a metric's name and tags */
#define MEMBERS_MAX  1000000 /* of all sets in an interval */
#define FLUSH_SIZE   (64 << 10)
#define LINE_ROOM    (24 * DATAGRAM_MAX) /* escapes, and all bytes once more as _hex */

static struct {
	struct list listen;
	bool each, signed_gauges, strict;
	uint64_t interval, max_series, duration, count, buffer;
} config = { .max_series = 10000, .buffer = 4 << 20 };

/* clang-format off */
#define AT(member) .offset = offsetof(__typeof__(config), member)
/* clang-format on */

static const struct option_row options[] = {
	{ "listen", 'l', OPTION_LIST, "ADDR:PORT|unix:/PATH", AT(listen),
	  .help = "receive here, again and again (default 127.0.0.1:8125; :PORT is all addresses, "
		  "port 0 any that is free)" },
	{ "buffer", 0, OPTION_SIZE, "SIZE", AT(buffer), .min = 4096, .max = 1 << 30,
	  .help = "room in the kernel for what has not been read yet (default 4M)" },
	{ "each", 0, OPTION_FLAG, NULL, AT(each),
	  .help = "print each value as it comes, and sum up nothing" },
	{ "interval", 'I', OPTION_DURATION, "TIME", AT(interval), .min = 1 * MS,
	  .help = "sum up what comes in TIME, and print that (default 10s)" },
	{ "signed-gauges", 0, OPTION_FLAG, NULL, AT(signed_gauges),
	  .help = "a sign is part of a gauge's value, as in DogStatsD, and makes no change of it" },
	{ "max-series", 0, OPTION_NUMBER, "N", AT(max_series), .min = 1, .max = 10000000,
	  .help = "keep N series at most in an interval; those beyond are summed up in one of "
		  "each type with other: true (default 10000)" },
	{ "duration", 'd', OPTION_DURATION, "TIME", AT(duration), .min = 1,
	  .help = "stop after TIME" },
	{ "count", 'n', OPTION_NUMBER, "N", AT(count), .min = 1, .max = UINT64_MAX,
	  .help = "stop after N lines (those about lost datagrams don't count)" },
	{ "strict", 0, OPTION_FLAG, NULL, AT(strict),
	  .help = "exit with status 3 if datagrams were lost" },
	{},
};

static const char *const types[STATSD_TYPES] = {
	[STATSD_COUNTER] = "counter",	  [STATSD_GAUGE] = "gauge",
	[STATSD_TIMER] = "timer",	  [STATSD_SET] = "set",
	[STATSD_HISTOGRAM] = "histogram", [STATSD_DISTRIBUTION] = "distribution",
};

struct listener {
	struct address address;
	dev_t dev; /* of the socket file, */
	ino_t ino; /* which may be another's when we remove it */
	uint32_t drops;
};

/* What came of a series in this interval. */
struct series {
	uint64_t samples;
	double value;		/* sum of a counter, last of a gauge */
	double count, min, max; /* of the others; counts as the sample rate says */
	uint64_t members;	/* of a set */
	bool more;		/* members than there was room for */
	struct sample sample;
};

static struct listener listeners[SOCKETS_MAX];
static struct pollfd fds[SOCKETS_MAX + 2]; /* theirs, the one to be told to stop by, and stdout */
static int n_listeners;

static struct groups *series, *members;
static struct groups *gauges; /* values at the end of the last interval in which they were set */
static struct series other[STATSD_TYPES];
static int64_t opened; /* when this interval began */

static uint64_t datagrams, metrics, events, printed, beyond, forgotten, lost, lost_told;
static int64_t lost_time; /* of the last look */
static bool maybe_lost;	  /* since then */

static struct writer out = { .fd = STDOUT_FILENO, .what = "metrics" };
static char text[FLUSH_SIZE + LINE_ROOM], *text_end = text;
static char timestamp[30]; /* of the batch, or of the end of the interval */

/*
 * Lines go out.
 */

static void flush(void)
{
	writer_put(&out, text, text_end - text);
	text_end = text;
}

static void look_at_clock(void)
{
	put_rfc3339(timestamp, read_clock(CLOCK_REALTIME));
}

static bool enough(void)
{
	return config.count && printed >= config.count;
}

static char *begin_line(const char *event)
{
	char *to = mempcpy(text_end, "{\"ts\":\"", 7);

	to = mempcpy(to, timestamp, sizeof(timestamp));
	return stpcpy(stpcpy(stpcpy(to, "\",\"event\":\""), event), "\"");
}

static void end_line(char *to)
{
	text_end = mempcpy(to, "}\n", 2);
	if (text_end - text >= FLUSH_SIZE)
		flush();
}

/* ,"NAME": */
static char *put_key(char *to, const char *name)
{
	to = stpcpy(to, ",\"");
	return stpcpy(stpcpy(to, name), "\":");
}

/* Sums may be more than a double holds, and JSON has no infinity. */
static double finite_of(double v)
{
	return v > DBL_MAX ? DBL_MAX : v < -DBL_MAX ? -DBL_MAX : v;
}

static char *put_number(char *to, const char *name, double v)
{
	return put_double(put_key(to, name), finite_of(v));
}

static char *put_quoted(char *to, const struct statsd_bytes *b, bool *valid)
{
	*to++ = '"';
	to = put_json(to, b->at, b->len, valid);
	*to++ = '"';
	return to;
}

/* A text, and its bytes where it isn't UTF-8; nothing if there is none. */
static char *put_text_field(char *to, const char *name, const struct statsd_bytes *b)
{
	bool valid = true;

	if (!b->at)
		return to;
	to = put_quoted(put_key(to, name), b, &valid);
	if (valid)
		return to;
	to = stpcpy(stpcpy(stpcpy(to, ",\""), name), "_hex\":\"");
	to = put_hex(to, b->at, b->len);
	*to++ = '"';
	return to;
}

/* The same for a text in which \n stands for a newline. */
static char *put_lines(char *to, const char *name, const struct statsd_bytes *b)
{
	static char plain[DATAGRAM_MAX];
	struct statsd_bytes lines = { b->at ? plain : NULL, 0 };

	for (size_t i = 0; i < b->len; i++) {
		bool newline = b->at[i] == '\\' && i + 1 < b->len && b->at[i + 1] == 'n';

		plain[lines.len++] = newline ? '\n' : b->at[i];
		i += newline;
	}
	return put_text_field(to, name, &lines);
}

/*
 * Tags: sorted, and the same one only once, so that they name a series whatever their order.
 */

struct tags {
	struct statsd_tag tag[DATAGRAM_MAX / 2 + 1];
	size_t n;
};

static int compare_bytes(const struct statsd_bytes *a, const struct statsd_bytes *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int order = len ? memcmp(a->at, b->at, len) : 0;

	return order ? order : (a->len > b->len) - (a->len < b->len);
}

static int compare_tags(const void *a, const void *b)
{
	const struct statsd_tag *x = a, *y = b;
	int order = compare_bytes(&x->key, &y->key);

	return order ? order : compare_bytes(&x->value, &y->value);
}

static void find_tags(struct tags *to, const struct statsd_line *line)
{
	size_t at = 0, n = 0;
	bool sorted = true;

	for (to->n = 0; statsd_tag(line, &at, &to->tag[to->n]); to->n++)
		sorted &= !to->n || compare_tags(&to->tag[to->n - 1], &to->tag[to->n]) < 0;
	if (sorted)
		return;
	qsort(to->tag, to->n, sizeof(*to->tag), compare_tags);
	for (size_t i = 0; i < to->n; i++)
		if (!n || compare_tags(&to->tag[n - 1], &to->tag[i]))
			to->tag[n++] = to->tag[i];
	to->n = n;
}

static bool same_key(const struct tags *tags, size_t a, size_t b)
{
	return a < tags->n && b < tags->n && !compare_bytes(&tags->tag[a].key, &tags->tag[b].key);
}

static char *put_tags_hex(char *to, const struct tags *tags)
{
	to = stpcpy(put_key(to, "tags_hex"), "\"");
	for (size_t i = 0; i < tags->n; i++) {
		const struct statsd_tag *tag = &tags->tag[i];

		to = put_hex(to, tag->key.at, tag->key.len);
		to = put_hex(to, ":", tag->value.len > 0);
		to = put_hex(to, tag->value.at, tag->value.len);
		to = put_hex(to, ",", i + 1 < tags->n);
	}
	*to++ = '"';
	return to;
}

/* An object; a key with several values has an array of them. */
static char *put_tags(char *to, const struct tags *tags)
{
	bool valid = true;

	if (!tags->n)
		return to;
	to = put_key(to, "tags");
	for (size_t i = 0; i < tags->n; i++) {
		bool again = i && same_key(tags, i - 1, i), more = same_key(tags, i, i + 1);

		*to++ = i ? ',' : '{';
		if (!again) {
			to = put_quoted(to, &tags->tag[i].key, &valid);
			*to++ = ':';
			if (more)
				*to++ = '[';
		}
		to = put_quoted(to, &tags->tag[i].value, &valid);
		if (again && !more)
			*to++ = ']';
	}
	*to++ = '}';
	return valid ? to : put_tags_hex(to, tags);
}

static struct tags *tags_of(const struct statsd_line *line)
{
	static struct tags tags;

	find_tags(&tags, line);
	return &tags;
}

/*
 * What is printed at once.
 */

static char *put_origin(char *to, const struct statsd_line *line)
{
	if (line->has_timestamp)
		to = put_i64(put_key(to, "timestamp"), line->timestamp);
	to = put_text_field(to, "container", &line->container);
	to = put_text_field(to, "external", &line->external);
	return put_text_field(to, "cardinality", &line->cardinality);
}

static void print_event(const struct statsd_line *line)
{
	bool check = line->kind == STATSD_CHECK;
	char *to = begin_line(check ? "statsd.service_check" : "statsd.event");

	if (check) {
		to = put_text_field(to, "name", &line->name);
		to = put_u64(put_key(to, "status"), line->status);
		to = put_lines(to, "message", &line->message);
	} else {
		to = put_lines(to, "title", &line->name);
		to = put_lines(to, "text", &line->text);
	}
	to = put_text_field(to, "host", &line->host);
	to = put_text_field(to, "priority", &line->priority);
	to = put_text_field(to, "alert_type", &line->alert);
	to = put_text_field(to, "source_type", &line->source);
	to = put_text_field(to, "aggregation_key", &line->key);
	to = put_tags(to, tags_of(line));
	end_line(put_origin(to, line));
	printed++;
}

static bool is_change(const struct statsd_line *line, const struct statsd_value *value)
{
	return line->type == STATSD_GAUGE && value->has_sign && !config.signed_gauges;
}

static void print_each(const struct statsd_line *line)
{
	const struct tags *tags = tags_of(line);
	struct statsd_value value;

	for (size_t at = 0; statsd_value(line, &at, &value); metrics++) {
		char *to;

		if (enough())
			continue;
		to = put_text_field(begin_line("statsd.metric"), "name", &line->name);
		to = stpcpy(stpcpy(stpcpy(to, ",\"type\":\""), types[line->type]), "\"");
		to = put_tags(to, tags);
		if (line->type == STATSD_SET)
			to = put_text_field(to, "value", &value.text);
		else
			to = put_number(to, "value", value.number);
		if (is_change(line, &value))
			to = stpcpy(put_key(to, "relative"), "true");
		if (line->rate < 1)
			to = put_number(to, "sample_rate", line->rate);
		end_line(put_origin(to, line));
		printed++;
	}
}

/*
 * Series. Its key is the type, the name and the tags, with a NUL behind each of these, and there
 * is none in them.
 */

static size_t make_key(char *key, const struct statsd_line *line)
{
	const struct tags *tags = tags_of(line);
	char *to = key;

	*to++ = line->type;
	to = mempcpy(to, line->name.at, line->name.len);
	*to++ = '\0';
	for (size_t i = 0; i < tags->n; i++) {
		to = mempcpy(to, tags->tag[i].key.at, tags->tag[i].key.len);
		*to++ = '\0';
		to = mempcpy(to, tags->tag[i].value.at, tags->tag[i].value.len);
		*to++ = '\0';
	}
	return to - key;
}

static struct statsd_bytes part(const char **at)
{
	struct statsd_bytes b = { *at, strlen(*at) };

	*at += b.len + 1;
	return b;
}

static void split_key(const char *key, size_t len, struct statsd_bytes *name, struct tags *tags)
{
	const char *at = key + 1;

	*name = part(&at);
	for (tags->n = 0; at < key + len; tags->n++) {
		tags->tag[tags->n].key = part(&at);
		tags->tag[tags->n].value = part(&at);
	}
}

static struct series *find_series(const struct statsd_line *line)
{
	static char key[2 * KEY_MAX + 8];
	size_t len = make_key(key, line);
	struct series *s = groups_get(series, key, len);
	const double *before;

	if (!s)
		return &other[line->type];
	if (line->type == STATSD_GAUGE && !s->samples) {
		before = groups_get(gauges, key, len);
		s->value = before ? *before : 0;
	}
	return s;
}

/* A member is known by its hash: it may be long, and is not printed. */
static void add_member(struct series *s, const struct statsd_bytes *member)
{
	static uint64_t seed; /* who chooses the members can't choose the hashes */
	uint32_t before = groups_count(members);
	struct {
		uint64_t set;
		XXH128_hash_t hash;
	} key = { .set = (uintptr_t)s };

	while (!seed && getrandom(&seed, sizeof(seed), 0) < 0)
		;
	key.hash = XXH3_128bits_withSeed(member->at, member->len, seed);
	if (!groups_get(members, &key, sizeof(key)))
		s->more = true;
	s->members += groups_count(members) - before;
}

static void add_number(struct series *s, double v, double rate)
{
	if (!s->samples || v < s->min)
		s->min = v;
	if (!s->samples || v > s->max)
		s->max = v;
	s->count += 1 / rate;
	s->value = finite_of(s->value + v / rate);
	sample_add(&s->sample, v);
}

static void add_value(struct series *s, const struct statsd_line *line,
		      const struct statsd_value *v)
{
	if (line->type == STATSD_COUNTER)
		s->value = finite_of(s->value + v->number / line->rate);
	else if (line->type == STATSD_SET)
		add_member(s, &v->text);
	else if (line->type != STATSD_GAUGE)
		add_number(s, v->number, line->rate);
	else
		s->value = finite_of(is_change(line, v) ? s->value + v->number : v->number);
	s->samples++;
}

static void sum_up(const struct statsd_line *line)
{
	struct series *s = find_series(line);
	struct statsd_value value;

	for (size_t at = 0; statsd_value(line, &at, &value); metrics++) {
		add_value(s, line, &value);
		beyond += s == &other[line->type];
	}
}

static char *put_distribution(char *to, struct series *s)
{
	static const struct {
		const char *name;
		double percent;
	} percentiles[] = { { "p50", 50 }, { "p90", 90 }, { "p95", 95 }, { "p99", 99 } };

	to = put_number(to, "count", s->count);
	to = put_number(to, "sum", s->value);
	to = put_number(to, "min", s->min);
	to = put_number(to, "max", s->max);
	to = put_number(to, "mean", s->value / s->count);
	for (size_t i = 0; i < sizeof(percentiles) / sizeof(*percentiles); i++)
		to = put_number(to, percentiles[i].name,
				sample_percentile(&s->sample, percentiles[i].percent));
	return to;
}

static char *put_values(char *to, struct series *s, enum statsd_type type, double seconds)
{
	switch (type) {
	case STATSD_COUNTER:
		to = put_number(to, "value", s->value);
		return put_number(to, "rate", s->value / seconds);
	case STATSD_GAUGE:
		/* Of several gauges there is no common value. */
		return s == &other[type] ? put_number(to, "count", s->samples)
					 : put_number(to, "value", s->value);
	case STATSD_SET:
		to = put_number(to, "value", s->members);
		return s->more ? stpcpy(put_key(to, "value_more"), "true") : to;
	default:
		return put_distribution(to, s);
	}
}

static void print_series(struct series *s, enum statsd_type type, const struct statsd_bytes *name,
			 const struct tags *tags, double seconds)
{
	char *to;

	if (!enough()) {
		to = put_text_field(begin_line("statsd.metric"), "name", name);
		to = stpcpy(stpcpy(stpcpy(to, ",\"type\":\""), types[type]), "\"");
		to = put_tags(to, tags);
		if (s == &other[type])
			to = stpcpy(put_key(to, "other"), "true");
		end_line(put_values(to, s, type, seconds));
		printed++;
	}
	sample_reset(&s->sample);
}

/* There are too many gauges: those go that were not set in this interval, and what stays is set
 * anew. */
static void forget_gauges(void)
{
	uint64_t before = groups_count(gauges);
	const void *key;
	size_t len;

	/* Full as it is, it only finds. */
	for (uint32_t i = 0; i < groups_count(series); i++) {
		groups_at(series, i, &key, &len);
		before -= *(const char *)key == STATSD_GAUGE && groups_get(gauges, key, len);
	}
	forgotten += before;
	groups_clear(gauges);
}

/* They begin the next interval with their values. False: there is no room for all. */
static bool keep_gauges(void)
{
	const void *key;
	size_t len;

	for (uint32_t i = 0; i < groups_count(series); i++) {
		const struct series *s = groups_at(series, i, &key, &len);
		double *kept;

		if (*(const char *)key != STATSD_GAUGE)
			continue;
		kept = groups_get(gauges, key, len);
		if (!kept)
			return false;
		*kept = s->value;
	}
	return true;
}

static void print_all_series(double seconds)
{
	static const struct statsd_bytes other_name = { "other", 5 };
	static struct tags tags;
	struct statsd_bytes name;
	const void *key;
	size_t len;

	look_at_clock();
	for (uint32_t i = 0; i < groups_count(series); i++) {
		struct series *s = groups_at(series, i, &key, &len);

		split_key(key, len, &name, &tags);
		print_series(s, *(const char *)key, &name, &tags, seconds);
	}
	tags.n = 0;
	for (int type = 0; type < STATSD_TYPES; type++)
		if (other[type].samples)
			print_series(&other[type], type, &other_name, &tags, seconds);
	memset(other, 0, sizeof(other));
	flush();
}

/* The interval is over. A little late is not: rates are of round numbers then. */
static void on_interval(void)
{
	int64_t took = now() - opened, over = took - (int64_t)config.interval;

	if (over > 0 && over < (int64_t)config.interval / 50 + 10 * MS)
		took = config.interval;
	opened += took;
	print_all_series((took > 0 ? took : 1) / (double)SECOND);
	if (!keep_gauges()) {
		forget_gauges();
		if (!keep_gauges())
			die(STATUS_FAILED, "out of memory");
	}
	groups_clear(series);
	groups_clear(members);
}

/*
 * Datagrams come in.
 */

static void on_metric(const struct statsd_reader *r, const struct statsd_line *line)
{
	if (line->name.len + line->name_tags.len + line->tags.len > KEY_MAX) {
		reject("datagram", datagrams, r->line.at, r->line.len,
		       "has more than %d bytes of name and tags", KEY_MAX);
		return;
	}
	if (config.each)
		print_each(line);
	else
		sum_up(line);
}

static void on_datagram(const char *bytes, size_t len)
{
	struct statsd_reader r = { .at = bytes, .left = len };
	struct statsd_line line;
	enum statsd_found found;

	datagrams++;
	while ((found = statsd_next(&r, &line)) != STATSD_END) {
		if (found == STATSD_WRONG) {
			reject("datagram", datagrams, r.line.at, r.line.len, "%s (byte %zu)",
			       r.wrong, r.wrong_at + 1);
		} else if (line.kind == STATSD_METRIC) {
			on_metric(&r, &line);
		} else {
			events++;
			if (!enough())
				print_event(&line);
		}
	}
}

/* Takes a batch of what waits in a socket. Returns how many datagrams that were. */
static int receive(int fd)
{
	static char bytes[BATCH][DATAGRAM_MAX];
	static struct iovec parts[BATCH];
	static struct mmsghdr headers[BATCH];
	int n;

	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){ bytes[i], DATAGRAM_MAX };
		headers[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
	}
	n = recvmmsg(fd, headers, BATCH, MSG_DONTWAIT, NULL);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		die(STATUS_FAILED, "can't receive: %s", strerror(errno));
	for (int i = 0; i < n; i++) {
		if (!(headers[i].msg_hdr.msg_flags & MSG_TRUNC)) {
			on_datagram(bytes[i], headers[i].msg_len);
			continue;
		}
		datagrams++;
		reject("datagram", datagrams, bytes[i], DATAGRAM_MAX, "has more than %d bytes",
		       DATAGRAM_MAX);
	}
	return n > 0 ? n : 0;
}

/* What waits in all sockets, but under a flood not all of it. Returns how many datagrams. */
static int receive_all(void)
{
	int all = 0;

	look_at_clock();
	for (int i = 0; i < n_listeners; i++)
		for (int n = BATCH, batch = 0; n == BATCH && batch < BATCHES; batch++)
			all += n = receive(fds[i].fd);
	flush();
	maybe_lost |= all > 0;
	return all;
}

/* What the kernel dropped, as there was no room: SO_RXQ_OVFL gives the same counter, but only along
 * with a datagram that comes after. */
static void count_lost(void)
{
	for (int i = 0; i < n_listeners; i++) {
		uint32_t info[SK_MEMINFO_VARS] = {};
		socklen_t len = sizeof(info);

		if (getsockopt(fds[i].fd, SOL_SOCKET, SO_MEMINFO, info, &len))
			continue;
		lost += info[SK_MEMINFO_DROPS] - listeners[i].drops;
		listeners[i].drops = info[SK_MEMINFO_DROPS];
	}
	lost_time = now();
	maybe_lost = false;
}

static void tell_lost(void)
{
	char *to;

	count_lost();
	if (lost == lost_told)
		return;
	look_at_clock();
	to = put_u64(put_key(begin_line("lost"), "count"), lost - lost_told);
	to = stpcpy(put_key(to, "by"), "[{\"event\":\"statsd.datagram\"");
	to = put_u64(put_key(to, "count"), lost - lost_told);
	end_line(stpcpy(to, "}]"));
	flush();
	lost_told = lost;
}

static bool ended(int64_t end)
{
	return stop_asked() || !writer_open(&out) || enough() || (end && now() >= end);
}

static void watch(void)
{
	int64_t end = config.duration ? now() + (int64_t)config.duration : 0;

	lost_time = now();
	while (!ended(end)) {
		int64_t due = config.each ? 0 : opened + (int64_t)config.interval;
		int64_t tell = maybe_lost ? lost_time + SECOND : 0;

		poll(fds, n_listeners + 2, timeout_until(sooner(end, sooner(due, tell))));
		if (fds[n_listeners].revents)
			stop_look();
		if (fds[n_listeners + 1].revents & (POLLERR | POLLNVAL))
			out.closed = true;
		receive_all();
		if (due && now() >= due)
			on_interval();
		if (maybe_lost && now() - lost_time >= SECOND)
			tell_lost();
	}
}

/* From now on nothing more comes into the sockets, so that there is an end to what is in them. */
static void close_doors(void)
{
	struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog filter = { .len = 1, .filter = &none };

	for (int i = 0; i < n_listeners; i++)
		setsockopt(fds[i].fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter));
}

/* Reads what came before we were told to end. What the filter drops isn't lost: it came after. */
static void finish(void)
{
	tell_lost();
	close_doors();
	while (writer_open(&out) && !enough() && receive_all())
		;
	if (!config.each)
		on_interval();
}

/*
 * Start and end.
 */

static void remove_files(void)
{
	for (int i = 0; i < n_listeners; i++) {
		const struct listener *l = &listeners[i];
		struct stat st;

		if (l->address.any.sa_family == AF_UNIX && !lstat(l->address.un.sun_path, &st) &&
		    st.st_dev == l->dev && st.st_ino == l->ino)
			unlink(l->address.un.sun_path);
	}
}

static const char *why_not(const char *where)
{
	if (errno == EADDRINUSE)
		return "another process listens there";
	if (errno == EEXIST)
		return "there is a file that is no socket";
	if (errno == EADDRNOTAVAIL && strncmp(where, "unix:", 5))
		return "this machine has no such address";
	return strerror(errno);
}

static void open_listener(const char *where)
{
	struct listener *l = &listeners[n_listeners];
	int size = config.buffer, fd;
	struct stat st = {};
	char shown[ADDRESS_TEXT];
	const char *wrong;

	if (n_listeners == SOCKETS_MAX)
		die(STATUS_USAGE, "--listen: more than %d addresses are not possible", SOCKETS_MAX);
	wrong = address_parse(&l->address, where, "8125", ADDRESS_LISTEN);
	if (wrong)
		die(STATUS_USAGE, "--listen: '%s' %s", where, wrong);
	fd = address_bind(&l->address);
	if (fd < 0)
		die(errno == EACCES ? STATUS_NOT_PERMITTED : STATUS_FAILED,
		    "can't listen on %s: %s", where, why_not(where));
	if (l->address.any.sa_family == AF_UNIX)
		lstat(l->address.un.sun_path, &st);
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	fds[n_listeners++] = (struct pollfd){ fd, POLLIN, 0 };
	/* Twice as many bytes are taken, for what each datagram costs beside its own. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (!shared.quiet)
		say("listening on %s", address_text(shown, &l->address));
}

static const struct helper helper = {
	.name = "statsd-recv",
	.summary = "Receive metrics in the StatsD protocol and print them as lines of JSON.",
	.options = options,
	.config = &config,
};

static void start(int argc, char **argv)
{
	helper_options(&helper, argc, argv, NULL);
	if (config.each && config.interval)
		die(STATUS_USAGE, "--each and --interval exclude each other");
	if (!config.interval)
		config.interval = 10 * SECOND;
	if (!config.listen.n)
		list_add(&config.listen, "127.0.0.1:8125");
	out.grace = shared.grace;
	series = groups_new(sizeof(struct series), config.max_series);
	gauges = groups_new(sizeof(double), config.max_series);
	members = groups_new(0, MEMBERS_MAX);
	if (!series || !gauges || !members)
		die(STATUS_FAILED, "out of memory");
	stop_on_signals(false);
	atexit(remove_files);
	opened = now();
	for (size_t i = 0; i < config.listen.n; i++)
		open_listener(config.listen.item[i]);
	fds[n_listeners] = (struct pollfd){ stop_fd(), POLLIN, 0 };
	fds[n_listeners + 1] = (struct pollfd){ STDOUT_FILENO, 0, 0 };
}

static void append(char *line, size_t size, uint64_t n, const char *what)
{
	size_t len = strlen(line);

	if (n)
		snprintf(line + len, size - len, ", %llu %s", (unsigned long long)n, what);
}

static void summarize_all(void)
{
	char line[400];

	snprintf(line, sizeof(line), "%llu metrics in %llu datagrams", (unsigned long long)metrics,
		 (unsigned long long)datagrams);
	append(line, sizeof(line), events, "events and service checks");
	append(line, sizeof(line), shared.rejected, "rejected");
	append(line, sizeof(line), lost, "datagrams lost");
	append(line, sizeof(line), beyond, "of series beyond --max-series, in those with other");
	append(line, sizeof(line), forgotten, "gauges forgotten");
	summarize("%s", line);
}

int main(int argc, char **argv)
{
	bool good;

	start(argc, argv);
	watch();
	finish();
	good = rejects_end();
	if (!out.closed)
		summarize_all();
	if (!good || out.failed || out.stuck)
		return STATUS_FAILED;
	return config.strict && lost ? STATUS_LOST : STATUS_OK;
}
