/* SPDX-License-Identifier: GPL-2.0-or-later */
/* statsd-emit: events become metrics. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/groups.h"
#include "base/num.h"
#include "base/sample.h"
#include "base/stop.h"
#include "sink/datagram.h"
#include "sink/helper.h"
#include "sink/input.h"
#include "sink/mapping.h"

#define FLUSH_SIZE   (64 << 10)
#define MEMBERS_MAX  1000000 /* of all sets, in one interval */
#define MAPPINGS_MAX 63	     /* bits of a uint64_t, but for KNOWN */
#define KNOWN	     (1ull << 63)
#define EVENTS_MAX   4096 /* names of which it is remembered what they become */
#define OTHERS_MAX   1000 /* series for what is beyond --max-series */
#define PART_MAX     200  /* bytes of a name and of a tag's value: DogStatsD's limit */

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/*
 * What the events of the collection become. `count` is what event-agg has made of several equal
 * ones.
 */
static const char *const built_in[] = {
	"process.exec:c:*:count=1",
	"process.exec_failed:c:*:count=1:error",
	"process.exit:c:*:count=1",
	"process.exit:ms:process.run_time:since_exec_ns",
	"file.*:c:*:calls=1",
	"file.*:c:*.bytes:bytes",
	"net.*:c:*:count=1",
	"net.connect:ms:net.connect.time:latency_ns",
	"dns.query:c:*:count=1",
	"dns.answer:c:*:count=1:rcode",
	"dns.answer:ms:dns.answer.time:latency_ns",
	"dns.timeout:c:*:count=1",
	"dns.malformed:c:*:count=1",
	"tls.*:c:*:count=1:version",
	"syscall.count:c:*:count",
	"osquery.row:g:osquery.value:value:name",
	"osquery.error:c:*:count=1:name",
	"lost:c:*:count",
};

static struct {
	const char *address, *prefix, *tag_keys, *format;
	struct list mappings;
	uint64_t interval, mtu, max_series;
	bool print, tee;
} config = { .interval = 10 * SECOND, .mtu = 1432, .max_series = 10000, .format = "statsd" };

/* clang-format off */
#define AT(member) .offset = offsetof(__typeof__(config), member)
/* clang-format on */

static const struct option_row options[] = {
	{ "address", 'a', OPTION_STRING, "ADDRESS", AT(address),
	  .help = "send to HOST:PORT or unix:/PATH (default $STATSD_HOST:$STATSD_PORT, else "
		  "127.0.0.1:8125)" },
	{ "prefix", 0, OPTION_STRING, "PREFIX", AT(prefix),
	  .help = "put PREFIX and a dot before each metric's name" },
	{ "tag-keys", 0, OPTION_STRING, "KEYS", AT(tag_keys),
	  .help = "tag each metric with these fields, separated by commas" },
	{ "format", 0, OPTION_STRING, "FORMAT", AT(format),
	  .help = "statsd, where the values of tags become parts of names (default), or "
		  "dogstatsd" },
	{ "interval", 'I', OPTION_DURATION, "TIME", AT(interval), .min = 1 * MS,
	  .help = "send each TIME, and at the end of the input (default 10s)" },
	{ "mapping", 'm', OPTION_LIST, "MAPPING", AT(mappings),
	  .help = "make a metric of other lines, or another one of some: "
		  "WHEN:TYPE[:NAME[:VALUE[:TAGS]]]" },
	{ "mtu", 0, OPTION_NUMBER, "BYTES", AT(mtu), .min = 64, .max = DATAGRAM_MAX,
	  .help = "send datagrams of BYTES at most (default 1432, which fits into Ethernet's "
		  "frames)" },
	{ "max-series", 0, OPTION_NUMBER, "N", AT(max_series), .min = 1, .max = 10000000,
	  .help = "keep N combinations of name and tags at most in an interval; the tags of those "
		  "beyond become \"other\" (default 10000)" },
	{ "print", 0, OPTION_FLAG, NULL, AT(print),
	  .help = "print what would be sent, and send nothing" },
	{ "tee", 0, OPTION_FLAG, NULL, AT(tee), .help = "pass the events on to standard output" },
	{},
};

/*
 * A series is known by its key: the number of its mapping, the event's name, and the values of the
 * tags, each as a length of two bytes (MISSING: there is no such field) and its bytes.
 */
#define MISSING 0xffff

struct series {
	struct total total; /* counters and gauges */
	struct sample sample;
	const char *key;
};

static struct mapping mappings[MAPPINGS_MAX];
static unsigned n_mappings, n_own; /* all; of them, the first ones, those of -m */
static uint64_t field_mappings;	   /* bit N: mappings[N] tests a field */

static struct groups *events; /* name -> uint64_t, bits of mappings */
/* Each takes what the one before has no room for; the last one has a series for each mapping. */
static struct groups *series, *others, *rest;
static struct groups *members; /* of sets: the address of the series' key, and a part of a key */

static bool dogstatsd;
static uint64_t read_events, unmapped, unusable, sampled_out, overflowed, forgotten;

static struct sender sender = { .fd = -1 };
static struct writer out = { .fd = STDOUT_FILENO, .what = "events" };
static char text[FLUSH_SIZE + DATAGRAM_MAX + 1], *text_end = text;

/*
 * Keys.
 */

struct key {
	char bytes[1 + (2 + PART_MAX) * (MAPPING_TAGS + 2)];
	size_t len;
};

static void key_add(struct key *k, const char *bytes, size_t n)
{
	size_t len = n < PART_MAX ? n : PART_MAX;

	/* Not in the middle of a character. */
	while (len < n && len && (bytes[len] & 0xc0) == 0x80)
		len--;
	memcpy(k->bytes + k->len, &(uint16_t){ len }, 2);
	/* Not memcpy(3): gcc makes a slow `rep movs` of it where it knows how much there can be. */
	k->len = (char *)mempcpy(k->bytes + k->len + 2, bytes, len) - k->bytes;
}

static void key_add_missing(struct key *k)
{
	memcpy(k->bytes + k->len, &(uint16_t){ MISSING }, 2);
	k->len += 2;
}

/* The next part of a key, and its length, or MISSING. */
static uint16_t key_next(const char **p, const char **bytes)
{
	uint16_t len;

	memcpy(&len, *p, 2);
	*bytes = *p + 2;
	*p += 2 + (len == MISSING ? 0 : len);
	return len;
}

static void key_add_value(struct key *k, const struct json_value *v)
{
	static char plain[INPUT_LINE_MAX];

	if (v->escaped)
		key_add(k, plain, json_text(v, plain));
	else
		key_add(k, v->at, v->len);
}

static void make_key(struct key *k, unsigned mapping, const struct json_value *event,
		     const struct json_object *o)
{
	const struct mapping *m = &mappings[mapping];
	struct json_value v;

	k->bytes[0] = mapping;
	k->len = 1;
	if (event && strchr(m->name, '*'))
		key_add_value(k, event);
	else
		key_add_missing(k);
	for (unsigned i = 0; i < m->tags; i++) {
		if (json_find_path(o, m->tag[i].at, m->tag[i].len, &v) && v.type != JSON_NULL)
			key_add_value(k, &v);
		else
			key_add_missing(k);
	}
}

/* The same metric with all tags, and maybe the name of the event, `other`. */
static void make_other_key(struct key *k, bool name_too)
{
	const char *p = k->bytes + 1, *bytes;

	if (key_next(&p, &bytes) == MISSING || !name_too) {
		k->len = p - k->bytes;
	} else {
		k->len = 1;
		key_add(k, "other", 5);
	}
	for (unsigned i = 0; i < mappings[(unsigned)*k->bytes].tags; i++)
		key_add(k, "other", 5);
}

static struct series *get_series(struct groups *g, const struct key *k)
{
	struct series *s = groups_get(g, k->bytes, k->len);
	const void *key;
	size_t len;

	if (s && !s->key) {
		groups_at(g, groups_count(g) - 1, &key, &len);
		s->key = key;
	}
	return s;
}

static struct series *find_series(struct key *k)
{
	struct series *s = get_series(series, k);

	if (s)
		return s;
	overflowed++;
	make_other_key(k, false);
	s = get_series(others, k);
	if (s)
		return s;
	make_other_key(k, true);
	return get_series(rest, k);
}

/*
 * Lines come in.
 */

static void add_member(const struct series *s, const struct json_value *v)
{
	struct key member;

	memcpy(member.bytes, &s->key, sizeof(s->key));
	member.len = sizeof(s->key);
	key_add_value(&member, v);
	forgotten += !groups_get(members, member.bytes, member.len);
}

/* What the event has for the mapping; false: nothing that makes a metric. */
static bool find_value(const struct mapping *m, const struct json_object *o, struct json_value *v,
		       struct total *number)
{
	bool good = true;

	*number = m->fallback;
	if (!m->value.len) {
		total_add_integer(number, 1);
		return true;
	}
	if (!json_find_path(o, m->value.at, m->value.len, v) || v->type == JSON_NULL) {
		if (!m->has_fallback)
			return false;
	} else if (m->type != METRIC_SET) {
		*number = (struct total){};
		good = total_add(number, v);
	}
	/* No server takes a negative time. */
	if (m->type == METRIC_TIMER && total_double(number) < 0)
		good = false;
	unusable += !good;
	return good;
}

static void add_to_series(struct series *s, const struct mapping *m, const struct total *number)
{
	switch (m->type) {
	case METRIC_COUNTER:
		s->total.whole += number->whole;
		s->total.real += number->real;
		break;
	case METRIC_GAUGE:
		s->total = *number;
		break;
	case METRIC_TIMER:
	case METRIC_HISTOGRAM:
	case METRIC_DISTRIBUTION:
		sample_add(&s->sample, total_double(number) / (m->milliseconds ? MS : 1));
		break;
	case METRIC_SET:
		break;
	}
}

static void apply(unsigned mapping, const struct json_value *event, const struct json_object *o)
{
	const struct mapping *m = &mappings[mapping];
	struct json_value v;
	struct total number;
	struct series *s;
	struct key k;

	if (!find_value(m, o, &v, &number))
		return;
	make_key(&k, mapping, event, o);
	s = find_series(&k);
	if (!s)
		forgotten++;
	else if (m->type == METRIC_SET)
		add_member(s, &v);
	else
		add_to_series(s, m, &number);
}

/* What an event of this name becomes. Mappings of -m stand instead of built-in ones. */
static uint64_t find_mappings(const char *name)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < n_mappings && (i != n_own || !bits); i++)
		if (mapping_matches_event(&mappings[i], name))
			bits |= 1ull << i;
	return bits;
}

static uint64_t mappings_of(const struct json_value *event)
{
	char name[PART_MAX + 1];
	uint64_t *known, bits;
	struct key k;

	k.len = 0;
	key_add_value(&k, event);
	known = groups_get(events, k.bytes, k.len);
	if (known && *known)
		return *known & ~KNOWN;
	memcpy(name, k.bytes + 2, k.len - 2);
	name[k.len - 2] = '\0';
	bits = find_mappings(name);
	if (known)
		*known = bits | KNOWN;
	return bits;
}

static void on_line(void *ctx, const struct json_object *o)
{
	const struct json_value *event = json_find(o, "event", 5);
	uint64_t bits;

	(void)ctx;
	read_events++;
	if (event && event->type != JSON_STRING)
		event = NULL;
	bits = event ? mappings_of(event) : 0;
	for (uint64_t left = field_mappings; left; left &= left - 1) {
		unsigned i = __builtin_ctzll(left);

		if (mapping_matches_field(&mappings[i], o))
			bits |= 1ull << i;
	}
	unmapped += !bits;
	for (; bits; bits &= bits - 1)
		apply(__builtin_ctzll(bits), event, o);
}

/*
 * Series go out.
 */

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* A part of a name: what else there may be would mean something to some server. */
static char *put_safe(char *to, const char *s, size_t n, bool dots)
{
	for (size_t i = 0; i < n; i++)
		*to++ = is_word(s[i]) || (dots && s[i] == '.') ? s[i] : '_';
	return to;
}

/* A member of a set: different ones stay different. Three times the bytes, at most. */
static char *put_member(char *to, const char *s, size_t n)
{
	if (!n)
		*to++ = '%';
	for (size_t i = 0; i < n; i++) {
		if (is_word(s[i]) || s[i] == '.' || s[i] == '/') {
			*to++ = s[i];
		} else {
			*to++ = '%';
			to = put_hex(to, s + i, 1);
		}
	}
	return to;
}

/* A value of a tag of DogStatsD may have all but what separates it from what follows. */
static char *put_tag_value(char *to, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*to++ = (unsigned char)s[i] < ' ' || s[i] == '|' || s[i] == ',' || s[i] == '#' ||
					s[i] == 0x7f
				? '_'
				: s[i];
	return to;
}

/* "PREFIX.NAME", with the event's name in it. */
static char *put_name(char *to, const struct mapping *m, const char *event, size_t len)
{
	if (config.prefix && *config.prefix) {
		to = put_safe(to, config.prefix, strnlen(config.prefix, PART_MAX), true);
		*to++ = '.';
	}
	for (const char *p = m->name; *p; p++) {
		if (*p == '*')
			to = len == MISSING || !len ? stpcpy(to, "none")
						    : put_safe(to, event, len, true);
		else
			to = put_safe(to, p, 1, true);
	}
	return to;
}

/* Everything of a line but the value: what stands before and behind it. */
struct line {
	char name[(3 + MAPPING_TAGS) * (PART_MAX + 1)]; /* prefix, name, event, tags */
	size_t name_len;
	char end[16 + MAPPING_TAGS * (2 * PART_MAX + 2)];
	size_t end_len;
};

static char *put_tag(char *to, const struct mapping_key *key, const char *value, uint16_t len,
		     bool first)
{
	to = stpcpy(to, first ? "|#" : ",");
	to = put_safe(to, key->at, key->len < PART_MAX ? key->len : PART_MAX, true);
	*to++ = ':';
	return put_tag_value(to, value, len);
}

static void make_line(struct line *l, const char *key)
{
	const struct mapping *m = &mappings[(unsigned)*key++];
	const char *bytes;
	uint16_t len = key_next(&key, &bytes);
	char *name = put_name(l->name, m, bytes, len), *end = l->end;
	bool first = true;

	*end++ = '|';
	end = stpcpy(end, m->letter);
	for (unsigned i = 0; i < m->tags; i++) {
		len = key_next(&key, &bytes);
		if (dogstatsd && len != MISSING && len) { /* servers refuse a tag without value */
			end = put_tag(end, &m->tag[i], bytes, len, first);
			first = false;
		} else if (!dogstatsd) {
			*name++ = '.';
			name = len == MISSING || !len ? stpcpy(name, "none")
						      : put_safe(name, bytes, len, false);
		}
	}
	l->name_len = name - l->name;
	l->end_len = end - l->end;
}

static void emit(const char *bytes, size_t len)
{
	if (!config.print || len > sender.mtu) {
		sender_add(&sender, bytes, len, 1);
		return;
	}
	text_end = mempcpy(text_end, bytes, len);
	*text_end++ = '\n';
	if (text_end - text < FLUSH_SIZE)
		return;
	writer_put(&out, text, text_end - text);
	text_end = text;
}

/* One metric. `absolute`: a gauge below 0, which StatsD takes for a difference: 0 comes before. */
static void emit_value(const struct line *l, const char *value, size_t len, bool absolute)
{
	char bytes[2 * sizeof(*l) + 3 * PART_MAX + 8], *to = bytes;

	if (absolute) {
		to = mempcpy(to, l->name, l->name_len);
		to = mempcpy(to, ":0", 2);
		to = mempcpy(to, l->end, l->end_len);
		*to++ = '\n';
	}
	to = mempcpy(to, l->name, l->name_len);
	*to++ = ':';
	to = mempcpy(to, value, len);
	to = mempcpy(to, l->end, l->end_len);
	emit(bytes, to - bytes);
}

static void emit_series(const char *key, struct series *s)
{
	const struct mapping *m = &mappings[(unsigned)*key];
	static struct line l;
	char value[64];

	if (m->type == METRIC_SET) /* its members follow */
		return;
	make_line(&l, key);
	if (m->type == METRIC_COUNTER || m->type == METRIC_GAUGE) {
		size_t len = put_total(value, &s->total) - value;

		emit_value(&l, value, len, m->type == METRIC_GAUGE && *value == '-' && !dogstatsd);
		return;
	}
	for (uint32_t i = 0; i < s->sample.kept; i++)
		emit_value(&l, value, put_double(value, s->sample.value[i]) - value, false);
	sampled_out += s->sample.n - s->sample.kept;
	sample_reset(&s->sample);
}

static void emit_all(struct groups *g)
{
	const void *key;
	size_t len;

	for (uint32_t i = 0; i < groups_count(g); i++) {
		struct series *s = groups_at(g, i, &key, &len);

		emit_series(key, s);
	}
	groups_clear(g);
}

static void emit_members(void)
{
	static struct line l;
	const void *key;
	size_t len;

	for (uint32_t i = 0; i < groups_count(members); i++) {
		const char *p, *bytes, *of;
		char value[3 * PART_MAX];
		uint16_t n;

		groups_at(members, i, &key, &len);
		memcpy(&of, key, sizeof(of));
		p = (const char *)key + sizeof(of);
		n = key_next(&p, &bytes);
		make_line(&l, of);
		emit_value(&l, value, put_member(value, bytes, n) - value, false);
	}
	groups_clear(members);
}

static void on_window(void *ctx)
{
	(void)ctx;
	emit_members(); /* as long as the keys of their series are there */
	emit_all(series);
	emit_all(others);
	emit_all(rest);
	sender_flush(&sender);
	if (text_end > text)
		writer_put(&out, text, text_end - text);
	text_end = text;
}

/*
 * The command line.
 */

static void add_mapping(const char *mapping)
{
	struct mapping *m = &mappings[n_mappings];
	const char *wrong = mapping_parse(m, mapping);

	if (wrong)
		die(STATUS_USAGE,
		    "--mapping: '%s' %s (WHEN:TYPE[:NAME[:VALUE[:TAGS]]] is what it can be)",
		    mapping, wrong);
	if (config.tag_keys && mapping_add_tags(m, config.tag_keys))
		die(STATUS_USAGE, "--tag-keys: '%s' and the tags of '%s' are more than %d",
		    config.tag_keys, mapping, MAPPING_TAGS);
	if (m->key.len)
		field_mappings |= 1ull << n_mappings;
	n_mappings++;
}

static void add_mappings(void)
{
	struct mapping none = {};
	const char *wrong = config.tag_keys ? mapping_add_tags(&none, config.tag_keys) : NULL;

	if (wrong)
		die(STATUS_USAGE, "--tag-keys: '%s' %s", config.tag_keys, wrong);
	if (config.mappings.n > MAPPINGS_MAX - COUNT(built_in))
		die(STATUS_USAGE, "--mapping: %zu of them are more than %zu, which are allowed",
		    config.mappings.n, MAPPINGS_MAX - COUNT(built_in));
	for (size_t i = 0; i < config.mappings.n; i++)
		add_mapping(config.mappings.item[i]);
	n_own = n_mappings;
	for (size_t i = 0; i < COUNT(built_in); i++)
		add_mapping(built_in[i]);
}

static void find_server(void)
{
	const char *host = getenv("STATSD_HOST"), *port = getenv("STATSD_PORT"), *wrong;
	const char *where = config.address ? config.address : host && *host ? host : "127.0.0.1";
	static char name[ADDRESS_TEXT];
	uint64_t n;

	if (config.address || !port || !*port)
		port = "8125";
	if (!parse_u64(port, 1, 65535, &n))
		die(STATUS_USAGE, "$STATSD_PORT: '%s' is not a number from 1 to 65535", port);
	wrong = address_parse(&sender.to, where, port, ADDRESS_SEND);
	if (wrong)
		die(STATUS_USAGE, "%s: '%s' %s", config.address ? "--address" : "$STATSD_HOST",
		    where, wrong);
	sender.where = address_text(name, &sender.to);
}

static const struct helper helper = {
	.name = "statsd-emit",
	.summary = "Send metrics to a StatsD server for the events of standard input.",
	.options = options,
	.config = &config,
};

static void read_options(int argc, char **argv)
{
	helper_options(&helper, argc, argv, NULL);
	if (strcmp(config.format, "statsd") && strcmp(config.format, "dogstatsd"))
		die(STATUS_USAGE, "--format: '%s' is neither statsd nor dogstatsd", config.format);
	dogstatsd = *config.format == 'd';
	if (config.print && config.tee)
		die(STATUS_USAGE, "--print and --tee both want standard output");
	if (config.prefix && strlen(config.prefix) > PART_MAX)
		die(STATUS_USAGE, "--prefix: '%.20s...' has %zu bytes, of which %d are allowed",
		    config.prefix, strlen(config.prefix), PART_MAX);
	add_mappings();
	sender.mtu = config.mtu;
	sender.where = "--print";
	if (!config.print)
		find_server();
}

static void say_what_is_missing(void)
{
	if (sampled_out)
		summarize("%llu values of timers were more than %d in an interval, of which a "
			  "random choice was sent",
			  (unsigned long long)sampled_out, SAMPLE_MAX);
	if (unusable)
		say("%llu values were left out, as they are no numbers or negative times",
		    (unsigned long long)unusable);
	if (overflowed)
		say("%llu values were beyond --max-series %llu: their tags are \"other\"",
		    (unsigned long long)overflowed, (unsigned long long)config.max_series);
	if (forgotten)
		say("%llu values had no room and were dropped", (unsigned long long)forgotten);
	if (sender.lost)
		say("%llu metrics could not be sent and were dropped",
		    (unsigned long long)sender.lost);
}

int main(int argc, char **argv)
{
	struct input in = { .line = on_line, .window = on_window };
	bool good, kept;

	read_options(argc, argv);
	events = groups_new(sizeof(uint64_t), EVENTS_MAX);
	series = groups_new(sizeof(struct series), config.max_series);
	others = groups_new(sizeof(struct series), OTHERS_MAX);
	members = groups_new(0, MEMBERS_MAX);
	rest = groups_new(sizeof(struct series), MAPPINGS_MAX);
	if (!events || !series || !others || !rest || !members)
		die(STATUS_FAILED, "out of memory");
	in.interval = config.interval;
	in.tee = config.tee ? &out : NULL;
	in.out = config.print ? &out : NULL;
	out.grace = shared.grace;
	stop_on_signals(false);
	good = input_read(&in);
	kept = rejects_end();
	if (!config.print)
		summarize("%llu events became %llu metrics in %llu datagrams",
			  (unsigned long long)read_events, (unsigned long long)sender.sent,
			  (unsigned long long)sender.datagrams);
	if (unmapped)
		summarize("%llu events have no mapping", (unsigned long long)unmapped);
	say_what_is_missing();
	if (!good || !kept || out.failed || out.stuck)
		return STATUS_FAILED;
	return sender.lost || forgotten ? STATUS_UNSENT : STATUS_OK;
}
