/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/plan.h"

#include <assert.h>
#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include "base/escape.h"
#include "base/names.h"
#include "base/num.h"
#include "base/redact.h"

/* Of a process that isn't known the pid is 0, and the uid what chown(2) calls none. */
#define HEADER(member) FIELD_AT(struct event, member)

const struct field header_fields[] = {
	{ "ts", FIELD_TIME, HEADER(ts), .heading = "TIME", .width = 12,
	  .help = "time of the event" },
	{ "event", FIELD_EVENT, HEADER(type), .help = "what happened" },
	{ "pid", FIELD_UINT, HEADER(pid), OMIT_ZERO, .heading = "PID", .width = 7,
	  .help = "process id" },
	{ "tid", FIELD_UINT, HEADER(tid), OMIT_ZERO, .width = 7, .help = "thread id" },
	{ "ppid", FIELD_UINT, HEADER(ppid), OMIT_ZERO, .width = 7,
	  .help = "process id of the parent" },
	{ "uid", FIELD_UINT, HEADER(uid), OMIT_MAX, .width = 5, .help = "real user id" },
	{ "comm", FIELD_CHARS, HEADER(comm), .heading = "COMM", .width = 15,
	  .help = "name of the process, which is that of its first thread" },
	{ "proc", FIELD_PROC, HEADER(start), OMIT_ZERO, .width = 22,
	  .help = "PID.START: names the process like no other before or after it on this host" },
	{ "cgroup", FIELD_CGROUP, HEADER(cgroup), OMIT_ZERO, .width = 40,
	  .help = "path of the control group, in the default hierarchy" },
	{ "cgroup_id", FIELD_ID, HEADER(cgroup), OMIT_ZERO, .width = 9,
	  .help = "inode number of the control group's directory" },
	{},
};

static const struct field lost_by_fields[] = {
	{ "event", FIELD_EVENT, FIELD_AT(struct lost_by, type), .help = "which" },
	{ "count", FIELD_UINT, FIELD_AT(struct lost_by, count), .help = "how many" },
	{},
};

static const struct field lost_fields[] = {
	{ "count", FIELD_UINT, FIELD_AT(struct lost_event, count),
	  .help = "how many events, since the last such line" },
	{ "by", FIELD_LIST, FIELD_AT(struct lost_event, by), .record = sizeof(struct lost_by),
	  .fields = lost_by_fields, .help = "which events" },
	{},
};

const struct event_desc lost_desc = {
	.type = EVENT_LOST,
	.name = "lost",
	.size = sizeof(struct lost_event),
	.fields = lost_fields,
	.help = "Events came faster than they could be taken.",
	.by_default = true,
};

/* A lost event has no process: of the header only what comes before it. */
#define HEADER_FIELDS	   (sizeof(header_fields) / sizeof(*header_fields) - 1)
#define HEADER_FIELDS_LOST 2

const struct field *next_field(const struct event_desc *d, const struct field *f)
{
	f = f ? f + 1 : header_fields;
	if (f == header_fields + (d == &lost_desc ? HEADER_FIELDS_LOST : HEADER_FIELDS))
		f = d->fields;
	return f->name ? f : NULL;
}

/*
 * Values that read the same in JSON and in the table.
 */

char *put_event(const struct out *o, char *to, uint64_t type)
{
	static const char *const others[EVENT_TOOL] = {
		[EVENT_LOST] = "lost",
		[EVENT_CGROUP_MKDIR] = "cgroup.mkdir",
		[EVENT_CGROUP_RMDIR] = "cgroup.rmdir",
		[EVENT_TREE] = "process.tree",
		[EVENT_OWNER] = "socket.owner",
		[EVENT_PACKET] = "packet",
	};

	if (type < EVENT_TYPES && o->plans[type].desc)
		return stpcpy(to, o->plans[type].desc->name);
	if (type < EVENT_TOOL && others[type])
		return stpcpy(to, others[type]);
	return put_u64(to, type);
}

static char *put_errno(char *to, int64_t number)
{
	uint64_t v = number < 0 ? -(uint64_t)number : (uint64_t)number;
	const char *name = v <= INT32_MAX ? errno_name(v) : NULL;

	return name ? stpcpy(to, name) : put_u64(to, v);
}

static char *put_enum(char *to, const struct op *op, uint64_t v)
{
	const struct field_name *names = op->field->names;

	/* Most tables count from 0. */
	if (v < op->n && names[v].value == v)
		return stpcpy(to, names[v].name);
	for (unsigned i = 0; i < op->n; i++)
		if (names[i].value == v)
			return stpcpy(to, names[i].name);
	return put_u64(to, v);
}

char *put_flags(char *to, const struct op *op, uint64_t v, const char *between)
{
	const char *sep = "";
	uint64_t rest = v;

	for (const struct field_name *n = op->field->names; n < op->field->names + op->n; n++) {
		if (n->value ? (rest & n->value) != n->value : v)
			continue;
		rest &= ~n->value;
		to = stpcpy(stpcpy(to, sep), n->name);
		sep = between;
	}
	if (!rest)
		return to;
	to = stpcpy(stpcpy(to, sep), "0x");
	for (int shift = (63 - __builtin_clzll(rest)) & ~3; shift >= 0; shift -= 4)
		*to++ = "0123456789abcdef"[rest >> shift & 15];
	return to;
}

static int64_t sign_extend(uint64_t v, unsigned size)
{
	unsigned shift = 64 - 8 * size;

	return (int64_t)(v << shift) >> shift;
}

char *put_plain(const struct out *o, char *to, const struct op *op, const struct event *e,
		const char *base, uint64_t v)
{
	switch ((enum field_type)op->type) {
	case FIELD_INT:
		return put_i64(to, sign_extend(v, op->size));
	case FIELD_ERRNO:
		return put_errno(to, sign_extend(v, op->size));
	case FIELD_SIGNAL:
		return put_signal(to, v);
	case FIELD_ENUM:
		return put_enum(to, op, v);
	case FIELD_ADDR:
		return put_addr(to, base + op->offset, op->size);
	case FIELD_HEX:
		return put_hex(to, base + op->offset, op->size);
	case FIELD_PROC:
		to = put_u64(to, e->pid);
		*to++ = '.';
		return put_u64(to, v);
	case FIELD_EVENT:
		return put_event(o, to, v);
	default:
		return put_u64(to, v);
	}
}

/*
 * From descriptors to plans.
 */

bool is_number(enum field_type type)
{
	return type == FIELD_UINT || type == FIELD_INT || type == FIELD_ID ||
	       type == FIELD_DURATION || type == FIELD_BYTES || type == FIELD_PORT;
}

static enum load load_of(enum field_type type)
{
	switch (type) {
	case FIELD_STRING:
	case FIELD_ARGS:
	case FIELD_LIST:
		return LOAD_SPAN;
	case FIELD_CHARS:
		return LOAD_CHARS;
	case FIELD_ADDR:
	case FIELD_HEX:
		return LOAD_BYTES;
	case FIELD_FLAG:
		return LOAD_FLAG;
	default:
		return LOAD_NUMBER;
	}
}

/* A byte of a string, at worst: \u0001 and then 01 in hex. A lone NUL in a vector: "", and null, */
#define ROOM_BYTE 8

/* One of an argument may be a secret: ***, and in hex where the argument is not UTF-8. */
#define ROOM_ARGS 9

/* The most that a field takes in a line, without what its span refers to. */
static size_t room_of(const struct field *f)
{
	size_t room = strlen(f->name) + sizeof(",\"\":") + 32;

	switch (f->type) {
	case FIELD_STRING:
		return 2 * room;
	case FIELD_ARGS:
		return 3 * room;
	case FIELD_CHARS:
	case FIELD_HEX:
		return 2 * room + f->size * ROOM_BYTE;
	case FIELD_CGROUP:
		return 2 * room + CGROUP_PATH_MAX * ROOM_BYTE;
	case FIELD_ENUM:
	case FIELD_FLAGS:
		for (const struct field_name *n = f->names; n->name; n++)
			room += strlen(n->name) + sizeof("\"\",");
		return room;
	case FIELD_ADDR:
	case FIELD_PROC:
	case FIELD_EVENT:
		return room + 32;
	default:
		return room;
	}
}

static void add_limit(struct plan *plan, const struct field *f)
{
	struct limit *l = &plan->limits[plan->n_limits++];

	assert(plan->n_limits <= sizeof(plan->limits) / sizeof(*l));
	*l = (struct limit){ f->offset, 1, f->type == FIELD_ARGS ? ROOM_ARGS : ROOM_BYTE, NULL };
	if (f->type != FIELD_LIST)
		return;
	l->record = f->record;
	l->room = sizeof("{},");
	for (const struct field *part = f->fields; part->name; part++) {
		l->room += room_of(part);
		if (part->type == FIELD_STRING)
			l->parts = f->fields;
	}
}

/* Whether a span keeps within the event, and what it refers to within the room that is left. */
static bool take_span(const struct event *e, struct span span, size_t cost, size_t *left)
{
	if (span.off + span.len > e->size || *left < cost)
		return false;
	*left -= cost;
	return true;
}

/* The same for the strings of a list's records. */
static bool take_parts(const struct event *e, const struct limit *l, struct span list, size_t *left)
{
	const char *record = (const char *)e + list.off;
	struct span span;

	for (unsigned n = 0; n < list.len; n += l->record)
		for (const struct field *f = l->parts; f->name; f++) {
			if (f->type != FIELD_STRING)
				continue;
			memcpy(&span, record + n + f->offset, sizeof(span));
			if (span.off && !take_span(e, span, (size_t)span.len * ROOM_BYTE, left))
				return false;
		}
	return true;
}

/* Whether the event is as large as it says, keeps within itself, and fits into a line. */
static bool is_sound(const struct plan *plan, const struct event *e)
{
	size_t left = OUT_LINE_MAX - plan->room;

	if (e->size < plan->desc->size)
		return false;
	for (const struct limit *l = plan->limits; l < plan->limits + plan->n_limits; l++) {
		struct span span;
		unsigned records;

		memcpy(&span, (const char *)e + l->offset, sizeof(span));
		if (!span.off)
			continue;
		records = l->record == 1 ? span.len : span.len / l->record;
		if (records * l->record != span.len ||
		    !take_span(e, span, (size_t)records * l->room, &left))
			return false;
		if (l->parts && !take_parts(e, l, span, &left))
			return false;
	}
	return true;
}

static void init_op(struct out *o, struct op *op, const struct field *f, size_t size)
{
	char *p = op->key;

	/* A descriptor that breaks one of these is ours, and breaks the first run of its tool. */
	assert(strlen(f->name) + strlen(",\"\":") <= KEY_ROOM);
	assert(f->offset + f->size <= size);
	assert(f->type != FIELD_ADDR || f->size == 4 || f->size == 16);
	assert((f->type != FIELD_ENUM && f->type != FIELD_FLAGS) || f->names);

	p = stpcpy(stpcpy(mempcpy(p, ",\"", 2), f->name), "\":");
	op->key_len = p - op->key;
	op->type = f->type;
	op->load = load_of(f->type);
	op->omit = f->type == FIELD_ERRNO || f->type == FIELD_SIGNAL ? OMIT_ZERO : f->omit;
	op->offset = f->offset;
	op->size = f->size;
	op->field = f;
	if (op->load == LOAD_NUMBER)
		assert(f->size == 1 || f->size == 2 || f->size == 4 || f->size == 8);
	if (op->omit == OMIT_MAX)
		op->absent = op->load == LOAD_NUMBER ? UINT64_MAX >> (64 - 8 * f->size) : UINT8_MAX;
	for (const struct field_name *n = f->names; n && n->name; n++)
		op->n++;
	if (f->type != FIELD_LIST)
		return;

	assert(f->record);
	op->parts = o->next_op;
	for (const struct field *part = f->fields; part->name; part++, op->n++) {
		assert(load_of(part->type) != LOAD_SPAN || part->type == FIELD_STRING);
		init_op(o, o->next_op++, part, f->record);
	}
}

/* What is the same in every event of a type is written only once, here. */
static void init_text(struct out *o, struct op *op, const char *name, const char *value)
{
	bool valid = true;
	char *p = o->pool_end;

	op->type = OP_TEXT;
	op->text = p;
	if (!o->table) {
		p = mempcpy(p, ",\"", 2);
		p = put_json(p, name, strlen(name), &valid);
		p = mempcpy(p, "\":\"", 3);
		p = put_json(p, value, strlen(value), &valid);
		*p++ = '"';
	} else {
		p = stpcpy(p, value);
	}
	op->n = p - o->pool_end;
	o->pool_end = p;
}

static void add_op(struct out *o, struct plan *plan, const struct field *f)
{
	struct op *op = &plan->ops[plan->n++];

	if (!f)
		op->type = OP_NONE;
	else if (f->type == FIELD_EVENT)
		init_text(o, op, o->keys && plan->desc != &lost_desc ? "of" : f->name,
			  plan->desc->name);
	else
		init_op(o, op, f, plan->desc->size);
}

/* The field of an event that a column shows, the next one after `f`. */
static const struct field *find_field(const struct event_desc *d, const struct column *c,
				      const struct field *f)
{
	while ((f = next_field(d, f)))
		if (c->name ? !strcmp(f->name, c->name)
			    : f->heading && !strcmp(f->heading, c->heading))
			return f;
	return NULL;
}

static void init_plan(struct out *o, const struct out_config *config, const struct event_desc *d)
{
	struct plan *plan = &o->plans[d->type];

	assert(d->type < EVENT_TYPES && !plan->desc);
	plan->desc = d;
	plan->ops = o->next_op;
	o->next_op += o->max_columns;
	plan->room = o->room;
	for (const struct field *f = NULL; (f = next_field(d, f));) {
		plan->room += room_of(f);
		if (f->depth)
			plan->depth = f;
		if (load_of(f->type) == LOAD_SPAN)
			add_limit(plan, f);
	}
	assert(plan->room < OUT_LINE_MAX / 4);

	if (o->n_columns && d != &lost_desc) {
		for (struct column *c = o->columns; c < o->columns + o->n_columns; c++) {
			const struct field *f = find_field(d, c, NULL);
			struct op *op = &plan->ops[plan->n];

			if (c->tag)
				init_text(o, &plan->ops[plan->n++], c->tag->name, c->tag->value);
			else if (f || o->table)
				add_op(o, plan, f);
			while (o->table && f && !c->tag && (f = find_field(d, c, f))) {
				op->otherwise = o->next_op;
				op = o->next_op++;
				init_op(o, op, f, d->size);
			}
		}
		return;
	}
	for (const struct field *f = NULL; (f = next_field(d, f));)
		add_op(o, plan, f);
	for (const struct out_tag *tag = config->tags; tag && tag->name; tag++)
		init_text(o, &plan->ops[plan->n++], tag->name, tag->value);
}

bool load_args(const struct out *o, const struct op *op, const struct event *e, const char *base,
	       const char **args, size_t *n)
{
	size_t redacted;

	*args = load_bytes(op, e, base, n);
	redacted = o->redacted ? redact(o->redacted, *args, *n) : 0;
	if (!redacted)
		return false;
	*args = o->redacted;
	*n = redacted;
	return true;
}

/*
 * Columns.
 */

static bool is_selected(const struct out_config *config, const struct event_desc *d)
{
	return config->selected >> (d - config->events) & 1;
}

static const char *upper_case(struct out *o, const char *s)
{
	char *start = o->pool_end;

	do
		*o->pool_end++ = toupper((unsigned char)*s);
	while (*s++);
	return start;
}

/* c says what to show: a tag, or fields of one name, or of one heading. */
static void add_column(struct out *o, const struct out_config *config, struct column c)
{
	bool first = true;

	for (const struct event_desc *d = config->events; d->name && !c.tag; d++) {
		for (const struct field *f = NULL;
		     is_selected(config, d) && (f = find_field(d, &c, f));) {
			size_t width = f->type == FIELD_EVENT ? strlen(d->name) : f->width;

			if (first) {
				c.right = is_number(f->type);
				c.heading = f->heading ?: upper_case(o, f->name);
				first = false;
			}
			if (width > c.width)
				c.width = width;
		}
	}
	if (c.tag) {
		c.heading = upper_case(o, c.tag->name);
		put_text(o->pool_end, c.tag->value, strlen(c.tag->value), &c.width);
	}
	o->columns[o->n_columns++] = c;
}

static bool has_heading(const struct out *o, const char *heading)
{
	for (unsigned i = 0; i < o->n_columns; i++)
		if (!strcmp(o->columns[i].heading, heading))
			return true;
	return false;
}

static void default_columns(struct out *o, const struct out_config *config)
{
	unsigned free_running;
	struct column last;

	for (const struct field *f = header_fields; f->name; f++)
		if (f->heading)
			add_column(o, config, (struct column){ .heading = f->heading });
	if (config->selected & (config->selected - 1))
		add_column(o, config, (struct column){ .name = "event" });
	for (const struct event_desc *d = config->events; d->name; d++) {
		if (!is_selected(config, d))
			continue;
		for (const struct field *f = d->fields; f->name; f++)
			if (f->heading && !has_heading(o, f->heading))
				add_column(o, config, (struct column){ .heading = f->heading });
	}
	/* The last free-running one goes to the end, behind the tags. */
	for (free_running = o->n_columns; free_running && o->columns[free_running - 1].width;)
		free_running--;
	for (const struct out_tag *tag = config->tags; tag && tag->name; tag++)
		add_column(o, config, (struct column){ .tag = tag });
	if (!free_running)
		return;
	last = o->columns[free_running - 1];
	memmove(&o->columns[free_running - 1], &o->columns[free_running],
		(o->n_columns - free_running) * sizeof(last));
	o->columns[o->n_columns - 1] = last;
}

static void say(char *error, size_t size, const char *format, ...)
{
	size_t used = strlen(error);
	va_list args;

	va_start(args, format);
	vsnprintf(error + used, size - used, format, args);
	va_end(args);
}

static struct column *find_column(struct column *columns, unsigned n, const char *name, size_t len)
{
	for (struct column *c = columns; c < columns + n; c++)
		if (!strncmp(c->name, name, len) && !c->name[len])
			return c;
	return NULL;
}

/* All that may be named in --fields or --by, each once. Returns their number. */
static unsigned known_columns(struct column *known, const struct out_config *config)
{
	unsigned n = 0;

	for (const struct event_desc *d = config->events; d->name; d++) {
		if (!is_selected(config, d))
			continue;
		for (const struct field *f = NULL; (f = next_field(d, f));)
			if (!find_column(known, n, f->name, strlen(f->name)) &&
			    !(config->by && f == header_fields)) /* times differ */
				known[n++].name = f->name;
	}
	for (const struct out_tag *tag = config->tags; tag && tag->name && !config->by;
	     tag++, n++) {
		known[n].name = tag->name;
		known[n].tag = tag;
	}
	return n;
}

/* What shares a column by its heading has one of its own now, and then its own heading. */
static void name_columns_apart(struct out *o)
{
	struct column *end = o->columns + o->n_columns;

	for (struct column *c = o->columns; c < end; c++) {
		bool shared = false;

		for (struct column *d = c + 1; d < end && !c->tag; d++) {
			if (d->tag || strcmp(d->heading, c->heading))
				continue;
			d->heading = upper_case(o, d->name);
			shared = true;
		}
		if (shared)
			c->heading = upper_case(o, c->name);
	}
}

static bool named_columns(struct out *o, const struct out_config *config, char *error, size_t size)
{
	const char *option = config->by ? "--by" : "--fields";
	struct column *known = o->columns + o->max_columns;
	unsigned n = known_columns(known, config);
	const char *item = config->by ?: config->fields, *end;

	for (;; item = end + 1) {
		struct column *c;
		int len;

		end = strchrnul(item, ',');
		len = end - item;
		c = find_column(known, n, item, len);
		if (!len)
			say(error, size, "%s: a name is empty", option);
		else if (!c)
			say(error, size, "%s: '%.*s' is unknown", option, len, item);
		else if (find_column(o->columns, o->n_columns, item, len))
			say(error, size, "%s: '%.*s' stands there twice", option, len, item);
		else
			add_column(o, config, *c);
		if (*error)
			break;
		if (!*end) {
			name_columns_apart(o);
			return true;
		}
	}
	for (unsigned i = 0; i < n; i++)
		say(error, size, "%s%s", i ? ", " : "; there are ", known[i].name);
	return false;
}

static const struct field *field_of_tag(const struct event_desc *d, const char *tag)
{
	for (const struct field *f = NULL; (f = next_field(d, f));) {
		size_t len = strlen(f->name);

		if (!strncmp(f->name, tag, len) &&
		    (!tag[len] || !strcmp(tag + len, "_hex") || !strcmp(tag + len, "_redacted")))
			return f;
	}
	return NULL;
}

/* What all tags of a line may have together, names included. */
#define TAGS_MAX 8192

static bool check_tags(const struct out_config *config, char *error, size_t size)
{
	size_t sum = 0;

	for (const struct out_tag *tag = config->tags; tag && tag->name && !*error; tag++) {
		const char *name = tag->name;
		bool taken = field_of_tag(&lost_desc, name);

		for (const struct event_desc *d = config->events; d->name; d++)
			taken = taken || field_of_tag(d, name);
		sum += strlen(name) + strlen(tag->value);
		if (!*name)
			say(error, size, "a tag needs a name");
		else if (taken)
			say(error, size, "tag '%s' has the name of a field; choose another", name);
		else if (!valid_utf8(name, strlen(name)) ||
			 !valid_utf8(tag->value, strlen(tag->value)))
			say(error, size, "tag '%s' is not UTF-8", name);
		else if (sum > TAGS_MAX)
			say(error, size, "the tags are too long: %d bytes are allowed", TAGS_MAX);
		for (const struct out_tag *t = config->tags; t < tag && !*error; t++)
			if (!strcmp(t->name, name))
				say(error, size, "tag '%s' is given twice", name);
	}
	return !*error;
}

static unsigned count_fields(const struct field *f)
{
	unsigned n = 0;

	for (; f->name; f++)
		n += 1 + (f->fields ? count_fields(f->fields) : 0);
	return n;
}

struct out *out_new(const struct out_config *config, char *error, size_t error_size)
{
	unsigned columns = count_fields(header_fields) + count_fields(lost_fields), plans = 1;
	size_t texts = sizeof(",\"event\":\"lost\""), tags = 0;
	struct out *o;

	*error = '\0';
	if (!check_tags(config, error, error_size))
		return NULL;
	for (const struct event_desc *d = config->events; d->name; d++, plans++) {
		columns += count_fields(d->fields);
		texts += strlen(d->name) + sizeof(",\"event\":\"\"");
	}
	for (const struct out_tag *tag = config->tags; tag && tag->name; tag++, columns++)
		tags += 6 * (strlen(tag->name) + strlen(tag->value)) + sizeof(",\"\":\"\"");

	/* For each plan all that can be a column, and for the lists what they consist of. */
	o = calloc(1, sizeof(*o) + (plans + 1) * columns * sizeof(*o->ops));
	if (o) {
		o->columns = calloc(2 * columns, sizeof(*o->columns));
		o->pool = malloc(texts + (plans + 1) * tags + columns * KEY_ROOM);
	}
	if (o && config->redact)
		o->redacted = malloc(REDACT_ROOM(UINT16_MAX));
	if (!o || !o->columns || !o->pool || !o->redacted != !config->redact) {
		say(error, error_size, "out of memory");
		out_free(o);
		return NULL;
	}
	o->table = config->format == OUT_TABLE;
	o->color = config->color;
	o->tree = config->tree;
	o->top = UINT_MAX;
	o->cgroup_path = config->cgroup_path;
	o->second = UINT64_MAX;
	o->max_columns = columns;
	o->pool_end = o->pool;
	o->next_op = o->ops;
	o->keys = config->by;
	if ((config->fields || config->by) && !named_columns(o, config, error, error_size)) {
		out_free(o);
		return NULL;
	}
	if (o->table && !config->fields && !config->by)
		default_columns(o, config);
	o->room =
		COLOR_ROOM + INDENT_MAX + tags + sizeof("lost 18446744073709551615 events (){}\n");
	for (struct column *c = o->columns; c < o->columns + o->n_columns; c++) {
		size_t heading = 0;

		put_text(o->pool_end, c->heading, strlen(c->heading), &heading);
		if (c->width < heading)
			c->width = heading;
		o->room += c->width + 1;
	}
	for (const struct event_desc *d = config->events; d->name; d++)
		init_plan(o, config, d);
	init_plan(o, config, &lost_desc);
	tzset(); /* now, while the zone's file may still be opened */
	return o;
}

void out_free(struct out *o)
{
	if (o) {
		free(o->columns);
		free(o->pool);
		free(o->redacted);
	}
	free(o);
}

void out_set_clock(struct out *o, int64_t realtime_minus_boottime)
{
	o->clock = realtime_minus_boottime;
}

char *out_line(struct out *o, char *to, const struct event *e, size_t size)
{
	const struct plan *plan;

	if (size < sizeof(*e) || size > UINT16_MAX || e->size != size || e->type >= EVENT_TYPES)
		return to;
	plan = &o->plans[e->type];
	if (!plan->desc || !is_sound(plan, e))
		return to;
	if (!o->table)
		return json_line(o, to, plan, e);
	if (e->type == EVENT_LOST)
		return table_lost(o, to, (const struct lost_event *)e);
	return table_line(o, to, plan, e);
}
