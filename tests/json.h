/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether json_scan(), and all that finds and converts values, says the same as jansson. */
#ifndef GRAIN_TESTS_JSON_H
#define GRAIN_TESTS_JSON_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* jansson has constants of the same names, so here those of sink/json.h have others. */
#define JSON_STRING  VALUE_STRING
#define JSON_INTEGER VALUE_INTEGER
#define JSON_REAL    VALUE_REAL
#define JSON_OBJECT  VALUE_OBJECT
#define JSON_ARRAY   VALUE_ARRAY
#define JSON_TRUE    VALUE_TRUE
#define JSON_FALSE   VALUE_FALSE
#define JSON_NULL    VALUE_NULL
#include "sink/json.h"
#undef JSON_STRING
#undef JSON_INTEGER
#undef JSON_REAL
#undef JSON_OBJECT
#undef JSON_ARRAY
#undef JSON_TRUE
#undef JSON_FALSE
#undef JSON_NULL

#include <jansson.h>

/* Each function here returns what is wrong, or NULL. */
#define AGREE(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			return #condition;                                                         \
	} while (0)

/* No NUL behind it and no byte to spare, for the address sanitizer to see any access outside. */
static char *exact_copy(const char *text, size_t len)
{
	char *copy = malloc(len ?: 1);

	return len ? memcpy(copy, text, len) : copy;
}

static bool text_is(const struct json_value *v, const char *text, size_t len)
{
	char *to = malloc(v->len ?: 1);
	size_t n = json_text(v, to);
	bool same = n == len && !memcmp(to, text, len);

	free(to);
	return same;
}

static const char *compare_number(const struct json_value *v, double expected)
{
	char number[32] = "";
	double real;
	int64_t i;
	uint64_t u;
	bool integer = true;

	for (uint32_t k = 0; k < v->len; k++)
		integer = integer && v->at[k] != '.' && (v->at[k] | 0x20) != 'e';
	AGREE(v->type == (integer ? VALUE_INTEGER : VALUE_REAL));
	AGREE(json_double(v, &real) && !memcmp(&real, &expected, sizeof(real)));
	if (!integer || v->len >= sizeof(number)) {
		AGREE(!json_i64(v, &i) && !json_u64(v, &u));
		return NULL;
	}
	memcpy(number, v->at, v->len);
	errno = 0;
	AGREE(json_i64(v, &i) ? i == strtoll(number, NULL, 10) && !errno
			      : (strtoll(number, NULL, 10), errno));
	errno = 0;
	if (*number == '-' && strcmp(number, "-0"))
		AGREE(!json_u64(v, &u));
	else
		AGREE(json_u64(v, &u) ? u == strtoull(number, NULL, 10) && !errno
				      : (strtoull(number, NULL, 10), errno));
	return NULL;
}

static const char *compare_value(const struct json_value *v, const json_t *json)
{
	static const enum json_type types[] = {
		[JSON_OBJECT] = VALUE_OBJECT, [JSON_ARRAY] = VALUE_ARRAY,
		[JSON_STRING] = VALUE_STRING, [JSON_TRUE] = VALUE_TRUE,
		[JSON_FALSE] = VALUE_FALSE,   [JSON_NULL] = VALUE_NULL,
	};
	double real;
	int64_t i;
	uint64_t u;

	if (json_is_real(json))
		return compare_number(v, json_real_value(json));
	AGREE(v->type == types[json_typeof(json)]);
	AGREE(!json_double(v, &real) && !json_i64(v, &i) && !json_u64(v, &u));
	if (json_is_string(json))
		AGREE(text_is(v, json_string_value(json), json_string_length(json)));
	else
		AGREE(!v->escaped && text_is(v, v->at, v->len));
	return NULL;
}

static const char *compare_inside(const struct json_object *o, json_t *json, char *path,
				  size_t len);

/* What is at this path, of which the last part was just written behind path[len]. */
static const char *compare_path(const struct json_object *o, json_t *json, char *path, size_t len)
{
	struct json_value v;
	const char *differs;

	/* A member with dots in its name comes before any path. */
	if (memchr(path, '.', len) && json_find(o, path, len))
		return NULL;
	AGREE(json_find_path(o, path, len, &v));
	differs = compare_value(&v, json);
	return differs ?: compare_inside(o, json, path, len);
}

#define PATH_LEN                                                                                   \
	60 /* keeps what is compared, and the levels that the comparison goes down, few            \
	    */

static const char *compare_inside(const struct json_object *o, json_t *json, char *path, size_t len)
{
	const char *key, *differs = NULL;
	struct json_value v;
	json_t *inner;
	size_t i;

	if (len > PATH_LEN)
		return NULL;
	path[len++] = '.';
	json_array_foreach(json, i, inner)
	{
		differs = compare_path(o, inner, path, len + sprintf(path + len, "%zu", i));
		if (differs || i == 20)
			return differs;
	}
	if (json_is_array(json)) {
		i = len + sprintf(path + len, "%zu", json_array_size(json));
		AGREE(json_find(o, path, i) || !json_find_path(o, path, i, &v));
	}
	for (void *at = json_object_iter(json); at && !differs;
	     at = json_object_iter_next(json, at)) {
		size_t n = json_object_iter_key_len(at);

		key = json_object_iter_key(at);
		if (n > PATH_LEN || memchr(key, '.', n))
			continue;
		memcpy(path + len, key, n);
		differs = compare_path(o, json_object_iter_value(at), path, len + n);
	}
	return differs;
}

static const char *compare_object(const struct json_object *o, json_t *json)
{
	char path[2 * PATH_LEN + 32];
	const char *differs = NULL;

	for (size_t i = 0; i < o->n; i++) {
		const struct json_member *m = o->member + i;
		char *key = malloc(m->key.len ?: 1);
		size_t len = json_text(&m->key, key);
		bool known =
			json_object_getn(json, key, len) && json_find(o, key, len) >= &m->value;

		AGREE(m->key.type == VALUE_STRING);
		free(key);
		AGREE(known);
	}
	for (void *at = json_object_iter(json); at && !differs;
	     at = json_object_iter_next(json, at)) {
		const char *key = json_object_iter_key(at);
		size_t len = json_object_iter_key_len(at);
		const struct json_value *v = json_find(o, key, len);

		AGREE(v);
		differs = compare_value(v, json_object_iter_value(at));
		if (!differs && len <= PATH_LEN && !memchr(key, '.', len)) {
			memcpy(path, key, len);
			differs = compare_inside(o, json_object_iter_value(at), path, len);
		}
	}
	return differs;
}

/* Sets *accepted, as jansson has it; reads the line into o. */
static inline const char *compare_line(struct json_object *o, const char *line, size_t len,
				       bool *accepted)
{
	char *text = exact_copy(line, len);
	json_t *json = json_loadb(text, len, JSON_DECODE_INT_AS_REAL, NULL);
	const char *differs = NULL;

	/* A NUL behind a number or a name is skipped by jansson 2.14, but is no JSON (RFC 8259). */
	*accepted = json_is_object(json) && !memchr(text, 0, len);
	if (json_scan(o, text, len) != *accepted)
		differs = *accepted ? "rejected" : "accepted";
	else if (!*accepted && (!o->wrong || o->wrong_at > len || o->n))
		differs = "rejected, but not told why or where";
	else if (*accepted)
		differs = o->wrong ? "accepted, but with an error" : compare_object(o, json);
	json_decref(json);
	free(text);
	return differs;
}

#endif
