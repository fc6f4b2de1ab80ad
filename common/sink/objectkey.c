/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/objectkey.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/escape.h"

/* What stands between braces, and how strftime(3) has it; NULL: it is no time. */
static const struct {
	const char *word, *time;
} places[] = {
	{ "{date}", "%Y-%m-%d" }, { "{year}", "%Y" }, { "{month}", "%m" },
	{ "{day}", "%d" },	  { "{hour}", "%H" }, { "{time}", "%Y%m%dT%H%M%SZ" },
	{ "{name}", NULL },	  { "{id}", NULL },   { "{seq}", NULL },
};
#define PLACES (sizeof(places) / sizeof(*places))

static size_t find_place(const char *s)
{
	size_t i = 0;

	while (i < PLACES && strncmp(s, places[i].word, strlen(places[i].word)))
		i++;
	return i;
}

/* What stands for a place. */
static int put_place(char *to, size_t room, const char *word, const char *name,
		     const struct batch *b)
{
	if (!strcmp(word, "{name}"))
		return snprintf(to, room, "%s", name);
	if (!strcmp(word, "{id}"))
		return snprintf(to, room, "%s", b->id);
	return snprintf(to, room, "%06" PRIu64, b->seq);
}

/* "." and ".." mean something else to many a server. */
static bool has_dots(const char *key)
{
	for (; key; key = strchr(key, '/')) {
		size_t len;

		key += *key == '/';
		len = strcspn(key, "/");
		if ((len == 1 && *key == '.') || (len == 2 && !memcmp(key, "..", 2)))
			return true;
	}
	return false;
}

static const char *what_is_wrong(const char *key)
{
	for (const char *c = key; *c; c++)
		if (iscntrl((unsigned char)*c))
			return "there is a control character in it";
	if (!valid_utf8(key, strlen(key)))
		return "it is no UTF-8";
	if (has_dots(key))
		return "a part of it is . or ..";
	return NULL;
}

bool objectkey_make(char to[OBJECTKEY_MAX + 1], const char *template, const char *name,
		    const struct batch *b, const char **why)
{
	time_t t = b->ms / 1000;
	size_t len = 0;
	bool id = strstr(template, "{id}"), seq = strstr(template, "{seq}");
	struct tm tm;

	*why = id && seq ? NULL : "without {id} and {seq} two batches could be one object";
	gmtime_r(&t, &tm);
	for (const char *c = template; *c && !*why;) {
		size_t place = find_place(c), room = OBJECTKEY_MAX + 1 - len;
		int n = 1;

		if (place == PLACES && (*c == '{' || *c == '}'))
			*why = "{date}, {year}, {month}, {day}, {hour}, {time}, {name}, {id} and "
			       "{seq} are all that can stand in braces";
		else if (place == PLACES)
			to[len] = *c;
		else if (places[place].time)
			n = strftime(to + len, room, places[place].time, &tm);
		else
			n = put_place(to + len, room, places[place].word, name, b);
		len += n;
		if (!n || len + strlen(".gz") > OBJECTKEY_MAX)
			*why = "it is longer than 1024 bytes";
		c += place == PLACES ? 1 : strlen(places[place].word);
	}
	if (*why)
		return false;
	strcpy(to + len, b->gzip ? ".gz" : "");
	*why = what_is_wrong(to);
	return !*why;
}
