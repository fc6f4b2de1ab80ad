/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The descriptors, compiled: for each type of event a flat list of what to print, in order. Made
 * once in out.c, walked for each event in json.c and table.c.
 */
#ifndef GRAIN_PLAN_H
#define GRAIN_PLAN_H

#include <string.h>

#include "out/out.h"

/* What an op prints beside the types of fields. */
enum {
	OP_NONE = 64, /* this event has nothing for this column */
	OP_TEXT,      /* always the same */
};

/* What an op's value is found by. */
enum load {
	LOAD_NONE,
	LOAD_NUMBER,
	LOAD_BYTES,
	LOAD_CHARS,
	LOAD_SPAN,
	LOAD_FLAG,
};

#define KEY_ROOM 32

struct op {
	char key[KEY_ROOM]; /* ,"name": as JSON wants it */
	uint8_t key_len;
	uint8_t type; /* enum field_type, or OP_ */
	uint8_t load;
	uint8_t omit;
	uint16_t offset;
	uint16_t size;
	uint64_t absent; /* the number that .omit is about */
	const struct field *field;
	union {
		const char *text; /* OP_TEXT */
		struct op *parts; /* FIELD_LIST: of one record */
	};
	uint32_t n; /* length of .text, number of .parts, number of the field's names */
	const struct op *otherwise; /* table: shown where this one has no value */
};

/* What a span must be like, and what it may cost to print. */
struct limit {
	uint16_t offset;
	uint16_t record;	   /* its length is a multiple of this */
	uint32_t room;		   /* bytes of output for each record */
	const struct field *parts; /* of the records, where some are strings; or NULL */
};

struct plan {
	const struct event_desc *desc;
	struct op *ops;
	unsigned n;
	unsigned n_limits;
	struct limit limits[16];
	size_t room;		   /* bytes of output for all that is not in a span */
	const struct field *depth; /* whose records tell how deep the process stands */
};

struct column {
	const char *heading;
	const char *name;	   /* of the field or tag that it shows; NULL: by heading */
	const struct out_tag *tag; /* NULL: not a tag */
	size_t width;
	bool right; /* aligned */
};

struct out {
	bool table, color, tree;
	bool keys;	/* lines are keys: not coloured, and the event's name is called `of` */
	char *redacted; /* room for a vector of arguments without its secrets; NULL: print them */
	unsigned top;	/* least depth so far, which is not indented */
	const char *(*cgroup_path)(uint64_t id);
	uint64_t clock;	 /* CLOCK_REALTIME - CLOCK_BOOTTIME, modulo 2^64 */
	uint64_t second; /* what .date is of, since the epoch */
	char date[9];	 /* "20:30:00." */
	struct plan plans[EVENT_TYPES];
	size_t room;		/* bytes of output for what all plans have in common */
	struct column *columns; /* of the table, and the order that --fields asks for */
	unsigned n_columns, max_columns;
	char *pool, *pool_end; /* of texts */
	struct op *next_op;
	struct op ops[];
};

#define COLOR_ROOM 16 /* bytes of SGR sequences in a line */
#define INDENT	   2  /* columns for each generation */
#define INDENT_MAX 64

#define NSEC_PER_SEC 1000000000u

/* The kernel's PATH_MAX, more of a cgroup's path is not looked at. */
#define CGROUP_PATH_MAX 4096

/* Goes through the fields of an event, the header's first. NULL begins, and ends. */
const struct field *next_field(const struct event_desc *d, const struct field *f);

/* Whether a column of this type is aligned to the right. */
bool is_number(enum field_type type);

/* The name of a type of event, a number where it has none. */
char *put_event(const struct out *o, char *to, uint64_t type);

/* The value of an op whose text is the same in JSON (there maybe in quotes) and in the table. */
char *put_plain(const struct out *o, char *to, const struct op *op, const struct event *e,
		const char *base, uint64_t v);

/* The vector of a FIELD_ARGS as it is to be printed. Returns whether secrets were taken out. */
bool load_args(const struct out *o, const struct op *op, const struct event *e, const char *base,
	       const char **args, size_t *n);

/* The names of the bits of v, what has none last in hex; nothing for no bit. */
char *put_flags(char *to, const struct op *op, uint64_t v, const char *between);

/* NULL where it is not known. */
static inline const char *cgroup_path(const struct out *o, uint64_t id)
{
	return o->cgroup_path ? o->cgroup_path(id) : NULL;
}

char *json_line(struct out *o, char *to, const struct plan *plan, const struct event *e);
char *table_line(struct out *o, char *to, const struct plan *plan, const struct event *e);
char *table_lost(struct out *o, char *to, const struct lost_event *e);

/* Parts of a table's lines: a time of day, the heading without a colour, and what stands between
 * start and to, a line, in one (where there are colours). */
char *put_time(struct out *o, char *to, uint64_t boottime);
char *table_heading(const struct out *o, char *to);
char *paint(const struct out *o, char *start, char *to, const char *color);

#define BOLD   "\033[1m"
#define RED    "\033[31m"
#define YELLOW "\033[33m"

static inline uint64_t load_number(const char *p, unsigned size)
{
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;

	switch (size) {
	case 1:
		return (uint8_t)*p;
	case 2:
		memcpy(&u16, p, sizeof(u16));
		return u16;
	case 4:
		memcpy(&u32, p, sizeof(u32));
		return u32;
	default:
		memcpy(&u64, p, sizeof(u64));
		return u64;
	}
}

/* The bytes of a string, vector or list. `base` is what op's offset counts from. */
static inline const char *load_bytes(const struct op *op, const struct event *e, const char *base,
				     size_t *n)
{
	const char *p = base + op->offset;
	struct span span;

	if (op->load == LOAD_CHARS) {
		*n = strnlen(p, op->size);
		return p;
	}
	memcpy(&span, p, sizeof(span));
	*n = span.len;
	return (const char *)e + span.off;
}

/* Whether the event has a value for op. *v is set to it, where it is a number. */
static inline bool op_load(const struct op *op, const struct event *e, const char *base,
			   uint64_t *v)
{
	const char *p = base + op->offset;

	/* Most are numbers, and a branch is cheaper than a jump through the switch's table. */
	if (op->load == LOAD_NUMBER) {
		*v = load_number(p, op->size);
		return !op->omit || *v != op->absent;
	}
	switch ((enum load)op->load) {
	case LOAD_FLAG:
		return e->flags & op->field->flag;
	case LOAD_SPAN:
		return load_number(p + offsetof(struct span, off), 2);
	case LOAD_CHARS:
		return *p;
	case LOAD_BYTES:
		for (unsigned i = 0; op->omit && (uint8_t)p[i] == (uint8_t)op->absent;)
			if (++i == op->size)
				return false;
		return true;
	default:
		return op->type == OP_TEXT;
	}
}

#endif
