/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of those that give credentials, AWS's files, and XML: what is taken is bounded, and
 * plain. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sink/credentials.h"
#include "sink/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_plain(const char *s)
{
	for (; s && *s; s++)
		if (!isprint((unsigned char)*s))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "Code", "AccessKeyId", "" };
	const char *text = (const char *)data, *why;
	char *copy = strndup(text, size), *value, to[16];

	for (size_t i = 0; i < 3; i++)
		if (xml_text(text, size, names[i], to, sizeof(to)) && strlen(to) >= sizeof(to))
			abort();
	value = credentials_parse(copy, "default", "aws_access_key_id");
	free(value);
	for (int source = 0; source <= CREDENTIALS_INSTANCE; source++) {
		for (int step = 0; step < 3; step++) {
			struct credentials c = { .source = source };

			c.ask.url = strdup("http://x/");
			c.instance_token = step > 0 ? strdup("t") : NULL;
			c.role = step > 1 ? strdup("r") : NULL;
			if (!credentials_answer(&c, 1, 200, text, size, &why) && !*why)
				abort();
			check_plain(c.key);
			check_plain(c.secret);
			check_plain(c.token);
			check_plain(c.role);
			check_plain(c.instance_token);
			if (c.role && strchr(c.role, '/'))
				abort();
			credentials_free(&c);
		}
	}
	free(copy);
	return 0;
}
