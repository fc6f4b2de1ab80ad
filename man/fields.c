/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A manual's FIELDS, and graintools-events(5): what only commands that print events have. */
#include "man/docs.h"

#include <stdio.h>
#include <string.h>

#include "out/out.h"
#include "tool/internal.h"

/* What graintools-events(5) explains under TYPES. */
static const char *type_name(enum field_type type)
{
	switch (type) {
	case FIELD_UINT:
	case FIELD_INT:
		return "number";
	case FIELD_DURATION:
		return "number of ns";
	case FIELD_BYTES:
		return "number of bytes";
	case FIELD_PORT:
		return "port number";
	case FIELD_STRING:
	case FIELD_CHARS:
	case FIELD_CGROUP:
		return "text";
	case FIELD_ARGS:
		return "array of text";
	case FIELD_TIME:
		return "time";
	case FIELD_ERRNO:
		return "error name";
	case FIELD_SIGNAL:
		return "signal name";
	case FIELD_FLAG:
		return "true";
	case FIELD_ENUM:
		return "name";
	case FIELD_FLAGS:
		return "array of names";
	case FIELD_ADDR:
		return "address";
	case FIELD_HEX:
		return "hex digits";
	case FIELD_ID:
		return "string of digits";
	case FIELD_PROC:
	case FIELD_EVENT:
		return "string";
	case FIELD_LIST:
		return "array of objects";
	}
	return "";
}

/* Whether an event can lack the field, by how out.h says that each type is printed. */
static bool is_optional(const struct field *f)
{
	switch (f->type) {
	case FIELD_STRING:
	case FIELD_CHARS:
	case FIELD_ARGS:
	case FIELD_LIST:
	case FIELD_CGROUP:
	case FIELD_ERRNO:
	case FIELD_SIGNAL:
	case FIELD_FLAG:
		return true;
	default:
		return f->omit != OMIT_NEVER;
	}
}

static void put_type(const struct field *f)
{
	printf(".Pq Em %s", type_name(f->type));
	if (f->type == FIELD_FLAG)
		printf(" or absent");
	else if (is_optional(f))
		printf(" , optional");
	if (f->heading && strcasecmp(f->heading, f->name))
		printf(" ; in a table %s", f->heading);
	if (f->sum)
		printf(" ; summed up by --top");
	putchar('\n');
}

static void put_names(const struct field_name *names)
{
	puts(".br\none of");
	for (; names->name; names++)
		printf(".Li %s%s\n", names->name, names[1].name ? " ," : "");
}

/* What comes with arguments where secrets were taken out of them. */
static void put_redacted(const struct field *f)
{
	printf(".It Li %s_redacted\nsecrets in %s are printed as ***: see\n", f->name, f->name);
	puts(".Xr graintools 7\n.Pq Em true or absent");
}

static void put_list(const struct field *fields)
{
	const char *longest = "";

	for (const struct field *f = fields; f->name; f++)
		if (strlen(f->name) > strlen(longest))
			longest = f->name;
	printf(".Bl -tag -width %s -compact\n", longest);
	for (const struct field *f = fields; f->name; f++) {
		printf(".It Li %s\n", f->name);
		mdoc_text(f->help, NULL, "");
		put_type(f);
		if (f->names)
			put_names(f->names);
		if (f->fields)
			put_list(f->fields);
		if (f->type == FIELD_ARGS)
			put_redacted(f);
	}
	puts(".El");
}

static void put_event(const struct event_desc *e, bool only)
{
	printf(".Ss %s\n", e->name);
	mdoc_text(e->help, NULL, "");
	if (e->by_default && !only)
		puts("Shown by default.");
	else if (!only)
		printf("Shown with\n.Fl e Cm %s\nor\n.Cm all .\n", event_short_name(e));
}

/* Events that have the same fields stand one after the other, and their fields behind them. */
static void put_events(const struct event_desc *events)
{
	for (const struct event_desc *e = events; e->name; e++) {
		put_event(e, !events[1].name);
		if (e[1].name && e[1].fields == e->fields)
			continue;
		if (e > events && e[-1].fields == e->fields)
			puts(".Ss Fields of these events");
		if (e->fields->name)
			put_list(e->fields);
	}
}

void put_fields(const struct document *d, const char *which)
{
	if (!strcmp(which, "header"))
		put_list(header_fields);
	else if (!strcmp(which, "lost"))
		put_list(lost_desc.fields);
	else if (*which)
		fail("'%s' is neither header nor lost", which);
	else if (d->events)
		put_events(d->events);
}
