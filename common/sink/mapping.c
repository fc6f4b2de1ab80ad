/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/mapping.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "sink/input.h"

static const struct {
	const char *letter;
	bool needs_value;
} types[] = {
	[METRIC_COUNTER] = { "c", false },  [METRIC_TIMER] = { "ms", true },
	[METRIC_GAUGE] = { "g", true },	    [METRIC_SET] = { "s", true },
	[METRIC_HISTOGRAM] = { "h", true }, [METRIC_DISTRIBUTION] = { "d", true },
};

/* Cuts the text at the next colon. Returns what is behind it; "" at the end. */
static char *cut(char *s)
{
	s += strcspn(s, ":");
	if (*s)
		*s++ = '\0';
	return s;
}

static const char *parse_value(struct mapping *m, char *value)
{
	char *number = strchr(value, '=');
	struct json_object o = {};
	char json[64];

	m->value = (struct mapping_key){ value, number ? (size_t)(number - value) : strlen(value) };
	m->milliseconds = m->type == METRIC_TIMER && m->value.len > 3 &&
			  !memcmp(value + m->value.len - 3, "_ns", 3);
	if (!number)
		return NULL;
	/* It is a number as JSON has them, and must look like one. */
	m->has_fallback =
		strlen(++number) < 50 && strpbrk(number, "0123456789") &&
		json_scan(&o, json, stpcpy(stpcpy(stpcpy(json, "{\"v\":"), number), "}") - json) &&
		o.n == 1 && total_add(&m->fallback, &o.member[0].value);
	json_free(&o);
	return m->has_fallback ? NULL : "has a VALUE=NUMBER without a number";
}

static bool has_tag(const struct mapping *m, const char *key, size_t len)
{
	for (unsigned i = 0; i < m->tags; i++)
		if (m->tag[i].len == len && !memcmp(m->tag[i].at, key, len))
			return true;
	return false;
}

const char *mapping_add_tags(struct mapping *m, const char *keys)
{
	while (*keys) {
		size_t len = strcspn(keys, ",");

		if (!len || !strcmp(keys + len, ","))
			return "has an empty name among its tags";
		if (!has_tag(m, keys, len)) {
			if (m->tags == MAPPING_TAGS)
				return "has more than 32 tags";
			m->tag[m->tags++] = (struct mapping_key){ keys, len };
		}
		keys += len + (keys[len] == ',');
	}
	return NULL;
}

/* Cuts m->text into its parts. */
static const char *parse(struct mapping *m)
{
	char *when = m->text, *type, *name, *value, *tags, *equals;
	const char *wrong;
	size_t i = 0;

	name = cut(type = cut(when));
	value = cut(name);
	tags = cut(value);
	if (strchr(tags, ':'))
		return "has more than five parts";

	m->when = when;
	m->name = *name ? name : "*";
	equals = strchr(when, '=');
	if (equals) {
		m->key = (struct mapping_key){ when, equals - when };
		m->when = equals + 1;
	}
	if (equals == when || (!equals && !*when))
		return "names no event and no field";
	if (equals && !*name)
		return "tests a field and needs a NAME";
	if (strlen(name) > MAPPING_NAME || strchr(name, '*') != strrchr(name, '*'))
		return "has a NAME of more than 200 bytes, or with more than one *";

	while (i < sizeof(types) / sizeof(*types) && strcmp(types[i].letter, type))
		i++;
	if (i == sizeof(types) / sizeof(*types))
		return "has none of the types c, ms, g, s, h and d";
	m->type = i;
	m->letter = types[i].letter;
	if (types[i].needs_value && !*value)
		return "needs a VALUE, as only c counts by itself";
	if (*value == '=')
		return "has a =NUMBER without the field that it stands for";
	if (m->type == METRIC_SET && strchr(value, '='))
		return "is a set, whose VALUE has no number in its place";
	wrong = *value ? parse_value(m, value) : NULL;
	return wrong ? wrong : mapping_add_tags(m, tags);
}

const char *mapping_parse(struct mapping *m, const char *text)
{
	const char *wrong;

	*m = (struct mapping){ .text = strdup(text) };
	wrong = m->text ? parse(m) : "finds no memory";
	if (wrong)
		mapping_free(m);
	return wrong;
}

void mapping_free(struct mapping *m)
{
	free(m->text);
	m->text = NULL;
}

bool mapping_matches_event(const struct mapping *m, const char *event)
{
	return !m->key.len && !fnmatch(m->when, event, 0);
}

bool mapping_matches_field(const struct mapping *m, const struct json_object *o)
{
	static char text[INPUT_LINE_MAX + 1];
	struct json_value v;

	if (!m->key.len || !json_find_path(o, m->key.at, m->key.len, &v))
		return false;
	text[json_text(&v, text)] = '\0';
	return !fnmatch(m->when, text, 0);
}
