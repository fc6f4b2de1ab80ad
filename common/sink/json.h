/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of JSON, as they come from any producer, read in place: one strict scan of the line, which
 * finds the members of its object; what nobody asks for isn't converted.
 *
 * Accepted is what RFC 8259 allows and jansson reads as an object (JSON_DECODE_INT_AS_REAL, as an
 * integer over 64 bits is no error): at most 2048 levels deep (of which a number or string is one
 * too), text in valid UTF-8, no \u0000, no half of a surrogate pair, no number that overflows a
 * double. Of members of the same name the last one counts.
 */
#ifndef GRAIN_JSON_H
#define GRAIN_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 2048

enum json_type {
	JSON_STRING,
	JSON_INTEGER, /* a number without fraction and exponent, of any size */
	JSON_REAL,
	JSON_OBJECT,
	JSON_ARRAY,
	JSON_TRUE,
	JSON_FALSE,
	JSON_NULL,
};

/* A value where it stands: all of its bytes, of a string those between the quotes. */
struct json_value {
	const char *at;
	uint32_t len;
	enum json_type type : 8;
	bool escaped; /* a string with backslashes in it */
};

struct json_member {
	struct json_value key; /* a string */
	struct json_value value;
};

/* Starts as all zeros; used again for line after line, and freed at the end. */
struct json_object {
	struct json_member *member; /* in the order of the line */
	size_t n, room;
	const char *wrong; /* after an error: one sentence without subject, */
	size_t wrong_at;   /* and the byte of the line where, from 0; its length for its end */
};

/*
 * Reads one object and whitespace around it, `len` bytes (below 4 GiB) at `text`, which must stay
 * until `o` is used for another; no NUL is needed behind it. False: it is no such object, and `o`
 * says why.
 */
bool json_scan(struct json_object *o, const char *text, size_t len);

void json_free(struct json_object *o);

/* The value of a member, or NULL. `key` is UTF-8 without escapes. */
const struct json_value *json_find(const struct json_object *o, const char *key, size_t key_len);

/*
 * The same for a path: a member called so, all its dots included, else each dot goes one level
 * down, into a member of an object or an element of an array (a decimal number from 0). False:
 * there is none, and *value is as it was.
 */
bool json_find_path(const struct json_object *o, const char *path, size_t len,
		    struct json_value *value);

/* A number as what C has for it. False: no number, no integer, or more than that holds. */
bool json_i64(const struct json_value *v, int64_t *to);
bool json_u64(const struct json_value *v, uint64_t *to);
bool json_double(const struct json_value *v, double *to); /* the nearest; integers too */

/*
 * The bytes of a string as UTF-8, without quotes and escapes, into `to`, which has room for v->len
 * bytes. Returns how many there are. Any other value's bytes are copied as they are.
 */
size_t json_text(const struct json_value *v, char *to);

#endif
