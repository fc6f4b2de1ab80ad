/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events to NDJSON. This is the hot path: a busy host makes a million lines a second. */
#include <time.h>

#include "base/escape.h"
#include "base/num.h"
#include "out/plan.h"

static inline char *put_key(char *to, const struct op *op)
{
	memcpy(to, op->key, KEY_ROOM); /* a fixed size is faster than the right one */
	return to + op->key_len;
}

/* The key of the companion that has the raw bytes: ,"name_hex": */
static char *put_hex_key(char *to, const struct op *op)
{
	to = mempcpy(to, op->key, op->key_len - 2);
	return mempcpy(to, "_hex\":", 6);
}

static char *put_string(char *to, const struct op *op, const char *s, size_t n)
{
	bool valid = true;

	to = put_key(to, op);
	*to++ = '"';
	to = put_json(to, s, n, &valid);
	*to++ = '"';
	if (valid)
		return to;
	to = put_hex_key(to, op);
	*to++ = '"';
	to = put_hex(to, s, n);
	*to++ = '"';
	return to;
}

static char *put_args(char *to, const struct op *op, const char *s, size_t n)
{
	const char *end = s + n, *arg, *nul;
	bool valid = true;

	to = put_key(to, op);
	*to++ = '[';
	for (arg = s; arg < end; arg = nul + 1) {
		nul = memchr(arg, 0, end - arg) ?: end;
		*to++ = '"';
		to = put_json(to, arg, nul - arg, &valid);
		to = mempcpy(to, "\",", 2);
	}
	to -= n != 0;
	*to++ = ']';
	if (valid)
		return to;
	to = put_hex_key(to, op);
	*to++ = '[';
	for (arg = s; arg < end; arg = nul + 1) {
		nul = memchr(arg, 0, end - arg) ?: end;
		if (valid_utf8(arg, nul - arg)) {
			to = mempcpy(to, "null,", 5);
			continue;
		}
		*to++ = '"';
		to = put_hex(to, arg, nul - arg);
		to = mempcpy(to, "\",", 2);
	}
	to[-1] = ']';
	return to;
}

/* An object's members, each with a comma before it. */
static char *put_members(struct out *o, char *to, const struct op *op, unsigned n,
			 const struct event *e, const char *base);

static char *put_list(struct out *o, char *to, const struct op *op, const struct event *e,
		      const char *records, size_t n)
{
	unsigned size = op->field->record;
	char *start;

	*to++ = '[';
	for (const char *p = records; p < records + n; p += size) {
		start = to;
		to = put_members(o, to, op->parts, op->n, e, p);
		*start = '{';
		to += to == start;
		to = mempcpy(to, "},", 2);
	}
	to -= n != 0;
	*to++ = ']';
	return to;
}

static char *put_members(struct out *o, char *to, const struct op *op, unsigned n,
			 const struct event *e, const char *base)
{
	for (const struct op *end = op + n; op < end; op++) {
		uint64_t v = 0;
		const char *s;
		bool redacted;
		size_t len;

		if (!op_load(op, e, base, &v))
			continue;
		switch (op->type) {
		case OP_TEXT:
			to = mempcpy(to, op->text, op->n);
			break;
		case FIELD_UINT:
		case FIELD_DURATION:
		case FIELD_BYTES:
		case FIELD_PORT:
			to = put_key(to, op);
			to = put_u64(to, v);
			break;
		case FIELD_INT:
			to = put_key(to, op);
			to = put_plain(o, to, op, e, base, v);
			break;
		case FIELD_STRING:
		case FIELD_CHARS:
			s = load_bytes(op, e, base, &len);
			to = put_string(to, op, s, len);
			break;
		case FIELD_CGROUP:
			s = cgroup_path(o, v);
			if (s)
				to = put_string(to, op, s, strnlen(s, CGROUP_PATH_MAX));
			break;
		case FIELD_ARGS:
			redacted = load_args(o, op, e, base, &s, &len);
			to = put_args(to, op, s, len);
			if (redacted) {
				to = mempcpy(to, op->key, op->key_len - 2);
				to = mempcpy(to, "_redacted\":true", 15);
			}
			break;
		case FIELD_LIST:
			s = load_bytes(op, e, base, &len);
			to = put_key(to, op);
			to = put_list(o, to, op, e, s, len);
			break;
		case FIELD_FLAGS:
			to = put_key(to, op);
			to = mempcpy(to, "[\"", 2);
			s = to;
			to = put_flags(to, op, v, "\",\"");
			/* None of them: take the quote back. */
			to = to == s ? to - 1 : mempcpy(to, "\"", 1);
			*to++ = ']';
			break;
		case FIELD_FLAG:
			to = put_key(to, op);
			to = mempcpy(to, "true", 4);
			break;
		case FIELD_TIME:
			to = put_key(to, op);
			*to++ = '"';
			to = put_rfc3339(to, v + o->clock);
			*to++ = '"';
			break;
		default:
			to = put_key(to, op);
			*to++ = '"';
			to = put_plain(o, to, op, e, base, v);
			*to++ = '"';
		}
	}
	return to;
}

char *json_line(struct out *o, char *to, const struct plan *plan, const struct event *e)
{
	char *start = to;

	to = put_members(o, to, plan->ops, plan->n, e, (const char *)e);
	*start = '{';
	to += to == start;
	return mempcpy(to, "}\n", 2);
}
