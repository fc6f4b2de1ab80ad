/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of objects. */
#include "sink/objectkey.h"

#include "tests/tap.h"

static const char *make(const char *template, const char *name)
{
	static char key[OBJECTKEY_MAX + 1];
	const struct batch b = {
		.seq = 7,
		.ms = 1795806312999, /* 2026-11-27T19:05:12Z */
		.id = "0123456789abcdef",
		.gzip = true,
	};
	const char *why;

	return objectkey_make(key, template, name, &b, &why) ? key : why;
}

int main(void)
{
	static char longest[OBJECTKEY_MAX + 100];
	const char *both = "without {id} and {seq} two batches could be one object";
	const char *known =
		"{date}, {year}, {month}, {day}, {hour}, {time}, {name}, {id} and {seq} "
		"are all that can stand in braces";
	const struct batch plain = { .seq = 12345678, .id = "0" };
	char key[OBJECTKEY_MAX + 1];
	const char *why;

	is_str(make("p/dt={date}/hour={hour}/{name}-{time}-{id}-{seq}.ndjson", "h"),
	       "p/dt=2026-11-27/hour=19/h-20261127T190512Z-0123456789abcdef-000007.ndjson.gz",
	       "as it is by itself");
	is_str(make("{year}/{month}/{day}/{seq}{id}", "h"), "2026/11/27/0000070123456789abcdef.gz",
	       "the rest");
	is_str(make(" +%\303\251=~!'\"//{seq}&{id}?#", ""),
	       " +%\303\251=~!'\"//000007&0123456789abcdef?#.gz", "awkward bytes");
	is_str(make("{name}{seq}{id}", "{id}%s"), "{id}%s0000070123456789abcdef.gz",
	       "a name is no template");
	is_str(make("{id}", ""), both, "no seq");
	is_str(make("{seq}", ""), both, "no id");
	is_str(make("", ""), both, "nothing");
	is_str(make("{id}{seq}{host}", ""), known, "unknown");
	is_str(make("{id}{seq}{", ""), known, "open");
	is_str(make("{id}{seq}}", ""), known, "closed");
	is_str(make("{id}{seq}\n", ""), "there is a control character in it", "control character");
	is_str(make("{id}{seq}{name}", "\177"), "there is a control character in it", "in a name");
	is_str(make("{id}{seq}\377", ""), "it is no UTF-8", "not UTF-8");
	is_str(make("./{id}{seq}", ""), "a part of it is . or ..", "dot");
	is_str(make("a/../{id}{seq}", ""), "a part of it is . or ..", "two dots");
	is_str(make("{name}/{id}{seq}", ".."), "a part of it is . or ..", "a name of two dots");
	is_str(make(".a/..b/...{id}{seq}", ""), ".a/..b/...0123456789abcdef000007.gz", "three");
	memset(longest, 'x', sizeof(longest) - 1);
	memcpy(longest, "{id}{seq}", 9);
	is_str(make(longest, ""), "it is longer than 1024 bytes", "long");
	is_str(make("{id}{name}{seq}", longest), "it is longer than 1024 bytes",
	       "long by its name");
	longest[OBJECTKEY_MAX - 16 - 6 - 3 + 9] = '\0';
	is_u64(strlen(make(longest, "")), OBJECTKEY_MAX, "as long as can be");
	ok(objectkey_make(key, "{seq}{id}", "", &plain, &why), "a batch that isn't compressed");
	is_str(key, "123456780", "has no .gz");
	return done();
}
