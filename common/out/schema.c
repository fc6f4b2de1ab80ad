/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON Schema of the events, from the same descriptors as the events themselves. */
#include "out/plan.h"

/* Texts of ours: they have no control characters. */
static void put_quoted(FILE *f, const char *s)
{
	putc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putc('\\', f);
		putc(*s, f);
	}
	putc('"', f);
}

/* A name of the table, or for what has none the number. */
static void put_names(FILE *f, const struct field_name *names, const char *number)
{
	fputs("\"anyOf\":[{\"enum\":[", f);
	for (const char *sep = ""; names->name; names++, sep = ",") {
		fputs(sep, f);
		put_quoted(f, names->name);
	}
	fprintf(f, "]},{\"pattern\":\"%s\"}]", number);
}

static void put_property(FILE *f, const struct field *field, const char *event);

static void put_properties(FILE *f, const struct field *field)
{
	fputs("\"type\":\"object\",\"properties\":{", f);
	for (const char *sep = ""; field->name; field++, sep = ",") {
		fputs(sep, f);
		put_property(f, field, NULL);
	}
	putc('}', f);
}

static void put_type(FILE *f, const struct field *field, const char *event)
{
	switch (field->type) {
	case FIELD_UINT:
	case FIELD_DURATION:
	case FIELD_BYTES:
		fputs("\"type\":\"integer\",\"minimum\":0", f);
		break;
	case FIELD_PORT:
		fputs("\"type\":\"integer\",\"minimum\":0,\"maximum\":65535", f);
		break;
	case FIELD_INT:
		fputs("\"type\":\"integer\"", f);
		break;
	case FIELD_ID:
		fputs("\"type\":\"string\",\"pattern\":\"^[0-9]+$\"", f);
		break;
	case FIELD_ARGS:
		fputs("\"type\":\"array\",\"items\":{\"type\":\"string\"}", f);
		break;
	case FIELD_TIME:
		fputs("\"type\":\"string\",\"format\":\"date-time\"", f);
		break;
	case FIELD_ENUM:
		fputs("\"type\":\"string\",", f);
		put_names(f, field->names, "^[0-9]+$");
		break;
	case FIELD_FLAGS:
		fputs("\"type\":\"array\",\"items\":{\"type\":\"string\",", f);
		put_names(f, field->names, "^0x[0-9a-f]+$");
		putc('}', f);
		break;
	case FIELD_FLAG:
		fputs("\"const\":true", f);
		break;
	case FIELD_ADDR:
		fputs("\"type\":\"string\",\"anyOf\":[{\"format\":\"ipv4\"},{\"format\":\"ipv6\"}]",
		      f);
		break;
	case FIELD_HEX:
		fputs("\"type\":\"string\",\"pattern\":\"^([0-9a-f]{2})*$\"", f);
		break;
	case FIELD_PROC:
		fputs("\"type\":\"string\",\"pattern\":\"^[0-9]+\\\\.[0-9]+$\"", f);
		break;
	case FIELD_EVENT:
		fputs(event ? "\"const\":" : "\"type\":\"string\"", f);
		if (event)
			put_quoted(f, event);
		break;
	case FIELD_LIST:
		fputs("\"type\":\"array\",\"items\":{", f);
		put_properties(f, field->fields);
		putc('}', f);
		break;
	case FIELD_STRING:
	case FIELD_CHARS:
	case FIELD_CGROUP:
	case FIELD_ERRNO:
	case FIELD_SIGNAL:
		fputs("\"type\":\"string\"", f);
		break;
	}
}

/* `event` is the name of the event whose own member this is; NULL for a member of a list. */
static void put_property(FILE *f, const struct field *field, const char *event)
{
	static const char hex[] = "\"type\":\"string\",\"pattern\":\"^([0-9a-f]{2})+$\"";
	bool args = field->type == FIELD_ARGS;

	put_quoted(f, field->name);
	fputs(":{", f);
	put_type(f, field, event);
	if (field->help) {
		fputs(",\"description\":", f);
		put_quoted(f, field->help);
	}
	putc('}', f);
	if (field->type != FIELD_STRING && field->type != FIELD_CHARS &&
	    field->type != FIELD_CGROUP && !args)
		return;
	fprintf(f, ",\"%s_hex\":{", field->name);
	if (args)
		fprintf(f, "\"type\":\"array\",\"items\":{\"anyOf\":[{\"type\":\"null\"},{%s}]}",
			hex);
	else
		fputs(hex, f);
	fprintf(f, ",\"description\":\"the raw bytes of %s, where %s not valid UTF-8\"}",
		field->name, args ? "one is" : "they are");
	if (args)
		fprintf(f,
			",\"%s_redacted\":{\"const\":true,\"description\":\"secrets in %s "
			"are printed as ***\"}",
			field->name, field->name);
}

static void put_event_schema(FILE *f, const struct event_desc *d)
{
	const char *sep = "";

	fputs("{\"title\":", f);
	put_quoted(f, d->name);
	if (d->help) {
		fputs(",\"description\":", f);
		put_quoted(f, d->help);
	}
	fputs(",\"type\":\"object\",\"properties\":{", f);
	for (const struct field *field = NULL; (field = next_field(d, field));) {
		fputs(sep, f);
		put_property(f, field, d->name);
		sep = ",";
	}
	fputs("},\"required\":[\"ts\",\"event\"]}", f);
}

/* Whether an event before `d` has a field of this name. */
static bool is_before(const struct event_desc *events, const struct event_desc *d, const char *name)
{
	for (; events < d; events++)
		for (const struct field *f = events->fields; f->name; f++)
			if (!strcmp(f->name, name))
				return true;
	return false;
}

/* A row of --top: of the fields those that --by names. */
static void put_top_schema(FILE *f, const struct event_desc *events)
{
	fputs("{\"title\":\"top\",\"description\":\"With --top: how many events there were that "
	      "are equal in the fields of --by.\",\"type\":\"object\",\"properties\":{"
	      "\"ts\":{\"type\":\"string\",\"format\":\"date-time\",\"description\":\"time of "
	      "the first of them\"},\"event\":{\"const\":\"top\"},"
	      "\"of\":{\"type\":\"string\",\"description\":\"which event, with --by event\"},",
	      f);
	for (const struct field *h = header_fields; h->name; h++) {
		if (!strcmp(h->name, "ts") || h->type == FIELD_EVENT)
			continue;
		put_property(f, h, NULL);
		putc(',', f);
	}
	for (const struct event_desc *d = events; d->name; d++) {
		for (const struct field *field = d->fields; field->name; field++) {
			if (is_before(events, d, field->name))
				continue;
			put_property(f, field, NULL);
			putc(',', f);
			if (field->sum)
				fprintf(f,
					"\"%s_sum\":{\"type\":\"integer\",\"minimum\":0,"
					"\"description\":\"the sum of %s\"},",
					field->name, field->name);
		}
	}
	fputs("\"count\":{\"type\":\"integer\",\"minimum\":1,\"description\":\"how many events\"},"
	      "\"other\":{\"const\":true,\"description\":\"all that the other rows don't have\"},"
	      "\"ts_last\":{\"type\":\"string\",\"format\":\"date-time\",\"description\":\"time "
	      "of the last of them\"}},\"required\":[\"ts\",\"event\",\"count\",\"ts_last\"]}",
	      f);
}

void out_schema(FILE *f, const char *tool, const struct event_desc *events)
{
	fputs("{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":", f);
	put_quoted(f, tool);
	fputs(",\"oneOf\":[", f);
	for (const struct event_desc *d = events; d->name; d++) {
		put_event_schema(f, d);
		putc(',', f);
	}
	put_top_schema(f, events);
	putc(',', f);
	put_event_schema(f, &lost_desc);
	fputs("]}\n", f);
}
