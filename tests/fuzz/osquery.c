/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results of osqueryi, and packs: the first byte says which. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink/osquery.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "not so: %s\n", what);
	abort();
}

static void on_query(void *ctx, struct osquery_query *q)
{
	(void)ctx;
	check(q->interval && q->interval <= OSQUERY_INTERVAL_MAX && *q->sql, "a query is sound");
	free((char *)q->name);
	free((char *)q->sql);
}

/* A number says the same as JSON's. */
static void look_at(const struct json_value *v)
{
	struct json_object o = {};
	char text[64];
	int len;

	if (!osquery_is_number(v->at, v->len))
		return;
	len = snprintf(text, sizeof(text), "{\"n\":%.*s}", (int)v->len, v->at);
	check(json_scan(&o, text, len) && o.n == 1 && o.member[0].value.type <= JSON_REAL &&
		      o.member[0].value.type != JSON_STRING,
	      "a number is one in JSON");
	json_free(&o);
}

static void result(char *text, size_t len)
{
	struct osquery_result r = { text, len }, again = { text, len };
	struct json_object o = {};
	size_t at, n = 0;

	if (osquery_split(&r, &at))
		check(at <= len, "what is wrong is in it");
	else
		check(!osquery_split(&again, &at), "it is so each time");
	for (size_t i = 0; i < r.n; i++) {
		const struct osquery_row *row = &r.row[i];

		check(row->at >= text + n && row->at + row->len <= text + len, "rows are in it");
		n = row->at + row->len - text;
		r.row[i].bad = !osquery_scan_row(&o, row);
		for (size_t j = 0; !r.row[i].bad && j < o.n; j++)
			look_at(&o.member[j].value);
	}
	if (again.n == r.n && osquery_compare(&r, &again))
		for (size_t i = 0; i < r.n; i++)
			check(r.row[i].bad || r.row[i].known, "the same rows are known");
	json_free(&o);
	free(r.row);
	free(again.row);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct osquery_pack p = { .query = on_query };
	char *text;

	if (!size)
		return 0;
	text = malloc(size);
	memcpy(text, data + 1, --size);
	if (*data == 'p')
		osquery_read_pack(&p, text, size);
	else
		result(text, size);
	free(text);
	return 0;
}
