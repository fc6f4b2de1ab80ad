/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/xml.h"

#include <string.h>

/* What a reference stands for, of those that XML 1.0 has by itself; others are left as they are. */
static char reference(const char *s, size_t len, size_t *used)
{
	static const struct {
		const char *text;
		char stands_for;
	} all[] = {
		{ "&amp;", '&' },   { "&lt;", '<' },  { "&gt;", '>' },	 { "&quot;", '"' },
		{ "&apos;", '\'' }, { "&#34;", '"' }, { "&#39;", '\'' },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		*used = strlen(all[i].text);
		if (*used <= len && !memcmp(s, all[i].text, *used))
			return all[i].stands_for;
	}
	*used = 1;
	return *s;
}

/* After `what`, or NULL. */
static const char *behind(const char *s, const char *end, const char *what, size_t len)
{
	const char *at = memmem(s, end - s, what, len);

	return at ? at + len : NULL;
}

bool xml_text(const char *xml, size_t len, const char *name, char *to, size_t room)
{
	const char *end = xml + len, *at = xml;
	size_t n = strlen(name), used;
	char tag[64];

	if (n + 3 > sizeof(tag))
		return false;
	tag[0] = '<';
	memcpy(tag + 1, name, n);
	tag[n + 1] = '>';
	at = behind(at, end, tag, n + 2);
	if (!at)
		return false;
	for (; at < end && *at != '<'; at += used) {
		if (room < 2)
			return false;
		*to++ = reference(at, end - at, &used);
		room--;
	}
	memmove(tag + 2, tag + 1, n + 1);
	tag[1] = '/';
	if (!room || (size_t)(end - at) < n + 3 || memcmp(at, tag, n + 3))
		return false;
	*to = '\0';
	return true;
}
