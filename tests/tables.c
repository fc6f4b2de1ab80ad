/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tool's tables against what its kernel side sends: the structs of its header, as BTF says that
 * they are laid out there. Compiled for each tool, whose source is included, as tables are the
 * tool's own.
 */
#define main tool_main_of_source
#include TOOL_FILE
#undef main

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "tests/tap.h"

/* What a row is part of: an event, the header of all, or the records of a list. */
struct context {
	const char *where;	     /* for messages */
	const struct btf_type *type; /* that members are of, from the first one that has one */
	bool in_list;
};

/* tables.bpf.c for this tool, as a file in memory. */
extern const char types[], types_end[];
asm(".pushsection .rodata\n.global types, types_end\ntypes: .incbin \"" TYPES
    "\"\ntypes_end:\n.popsection");

static const struct btf *btf;

static const char *name_of(uint32_t offset)
{
	return btf__name_by_offset(btf, offset);
}

/* Less typedefs and qualifiers. */
static const struct btf_type *resolve(uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	while (btf_is_mod(t) || btf_is_typedef(t))
		t = btf__type_by_id(btf, t->type);
	return t;
}

static bool is_struct(const struct btf_type *t, const char *name)
{
	return btf_is_struct(t) && !strcmp(name_of(t->name_off), name);
}

/* Finds "a.b" in a struct: its type, and its offset in bytes. */
static const struct btf_type *find_member(const struct btf_type *in, const char *path,
					  uint32_t *type_id, uint32_t *offset)
{
	*offset = *type_id = 0;
	while (in && *path) {
		size_t len = strcspn(path, ".");
		const struct btf_type *next = NULL;
		const struct btf_member *m = btf_members(in);

		for (int i = 0; btf_is_struct(in) && i < btf_vlen(in) && !next; i++) {
			const char *name = name_of(m[i].name_off);

			if (strlen(name) != len || memcmp(name, path, len))
				continue;
			*type_id = m[i].type;
			*offset += btf_member_bit_offset(in, i) / 8;
			next = resolve(m[i].type);
		}
		in = next;
		path += len;
		path += *path == '.';
	}
	return in;
}

static bool is_integer(const struct btf_type *t, bool with_sign)
{
	return (btf_is_int(t) && !!(btf_int_encoding(t) & BTF_INT_SIGNED) == with_sign) ||
	       (btf_is_enum(t) && !with_sign);
}

static bool is_array_of_bytes(const struct btf_type *t)
{
	const struct btf_type *element = btf_is_array(t) ? resolve(btf_array(t)->type) : NULL;

	return element && btf_is_int(element) && element->size == 1;
}

static bool is_array_of_char(const struct btf_type *t)
{
	return is_array_of_bytes(t) &&
	       !strcmp(name_of(btf__type_by_id(btf, btf_array(t)->type)->name_off), "char");
}

/* Whether what the table says of a member is what it is. */
static bool is_of_kind(enum field_type type, const struct btf_type *t, uint32_t size)
{
	switch (type) {
	case FIELD_UINT:
	case FIELD_ID:
	case FIELD_BYTES:
	case FIELD_ENUM:
	case FIELD_FLAGS:
		return is_integer(t, false);
	case FIELD_INT:
		return is_integer(t, true);
	case FIELD_ERRNO:
		return is_integer(t, true) && size == 4;
	case FIELD_SIGNAL:
		return is_integer(t, true) || is_integer(t, false);
	case FIELD_TIME:
	case FIELD_DURATION:
	case FIELD_CGROUP:
	case FIELD_PROC:
		return is_integer(t, false) && size == 8;
	case FIELD_PORT:
	case FIELD_EVENT:
		return is_integer(t, false) && size == 2;
	case FIELD_STRING:
	case FIELD_ARGS:
	case FIELD_LIST:
		return is_struct(t, "span");
	case FIELD_CHARS:
		return is_array_of_char(t);
	case FIELD_ADDR:
		return (is_array_of_bytes(t) && (size == 4 || size == 16)) ||
		       (is_integer(t, false) && size == 4);
	case FIELD_HEX:
		return is_array_of_bytes(t) || is_integer(t, false);
	case FIELD_FLAG:
		break;
	}
	return false;
}

static bool is_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return len && !name[len] && *name >= 'a' && *name <= 'z';
}

/* A field's help goes on behind its name, so it is no sentence; an event's stands alone. */
static void test_help(const char *where, const char *name, const char *help, bool sentence)
{
	size_t len = help ? strlen(help) : 0;

	if (!ok(len, "%s: %s has a help text", where, name))
		return;
	ok(help[0] != ' ' && help[len - 1] != ' ' && !strchr(help, '\n') && !strstr(help, "  "),
	   "it is one line, without stray spaces");
	ok((help[len - 1] == '.') == sentence, "it %s with a full stop",
	   sentence ? "ends" : "does not end");
	if (sentence)
		ok(help[0] >= 'A' && help[0] <= 'Z', "it begins with a capital letter");
}

static void test_fields(struct context *c, const struct field *fields);

static void test_list(const struct context *c, const struct field *f)
{
	struct context list = { .in_list = true };
	char where[200];

	snprintf(where, sizeof(where), "%s: records of %s", c->where, f->name);
	list.where = where;
	if (!ok(!c->in_list && f->fields && f->fields->name, "%s are described", where))
		return;
	test_fields(&list, f->fields);
	if (ok(list.type, "%s are a struct", where))
		is_u64(f->record, list.type->size, "of as many bytes");
}

static void test_member(struct context *c, const struct field *f)
{
	char name[100];
	size_t len = f->member ? strcspn(f->member, ".") : 0;
	uint32_t type_id, offset;
	const struct btf_type *type, *member;
	int id;

	if (!ok(f->member && !strncmp(f->member, "struct ", 7) && f->member[len] == '.',
		"%s: %s has a member", c->where, f->name))
		return;
	snprintf(name, sizeof(name), "%.*s", (int)len - 7, f->member + 7);
	id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);
	if (!ok(id > 0, "there is a struct %s", name))
		return;
	type = btf__type_by_id(btf, id);
	if (!c->type)
		c->type = type;
	ok(c->type == type, "and it is the one that the others are of");

	member = find_member(type, f->member + len + 1, &type_id, &offset);
	if (!ok(member, "%s exists", f->member))
		return;
	is_u64(f->offset, offset, "it is at that offset");
	is_u64(f->size, btf__resolve_size(btf, type_id), "and of that size");
	ok(is_of_kind(f->type, member, f->size), "and of that kind");
	ok(!c->in_list || !is_struct(member, "span") || f->type == FIELD_STRING,
	   "a record refers to other bytes only for strings");
}

static void test_fields(struct context *c, const struct field *fields)
{
	const char *const truncated = "_truncated";
	uint16_t flags = 0;

	for (const struct field *f = fields; f->name; f++) {
		const char *cut = strstr(f->name, truncated);

		ok(is_name(f->name), "%s: '%s' is lower case", c->where, f->name);
		test_help(c->where, f->name, f->help, false);
		for (const struct field *other = fields; other < f; other++)
			if (!strcmp(other->name, f->name))
				ok(false, "%s: %s is there once", c->where, f->name);

		if (f->type == FIELD_FLAG) {
			ok(!c->in_list && !f->member, "%s: %s is a flag, no member", c->where,
			   f->name);
			ok(f->flag && !(f->flag & flags), "its bits are no other's");
			flags |= f->flag;
		} else {
			ok(!f->flag, "%s: %s is no flag", c->where, f->name);
			test_member(c, f);
		}

		if (f->type == FIELD_LIST)
			test_list(c, f);
		else
			ok(!f->record && !f->fields, "%s: %s is no list", c->where, f->name);
		ok(!f->depth || f->type == FIELD_LIST, "%s: %s has a depth, so it is a list",
		   c->where, f->name);
		ok(!f->sum || ((f->type == FIELD_UINT || f->type == FIELD_BYTES) &&
			       f->omit == OMIT_NEVER && !c->in_list),
		   "%s: %s adds up, so it is a number and always there", c->where, f->name);
		ok((f->type == FIELD_ENUM || f->type == FIELD_FLAGS) == !!f->names,
		   "%s: %s has names if its values have", c->where, f->name);

		/* What is cut has a flag of that name, and a flag of that name something to be cut.
		 */
		if (cut && !cut[strlen(truncated)]) {
			const struct field *whole = fields;

			while (whole->name && (strlen(whole->name) != (size_t)(cut - f->name) ||
					       memcmp(whole->name, f->name, cut - f->name)))
				whole++;
			ok(f->type == FIELD_FLAG && whole->name, "%s: %s is of another field",
			   c->where, f->name);
		}
	}
}

/* Of the fields that print on each line together. */
static void test_header_names(const struct event_desc *e)
{
	for (const struct field *f = e->fields; f->name; f++)
		for (const struct field *h = header_fields; h->name; h++)
			if (!strcmp(f->name, h->name))
				ok(false, "%s: %s is the header's", e->name, f->name);
}

/* Columns that have one heading are one column: free running, or not. */
static void test_column(const char *event, const struct field *f)
{
	for (const struct event_desc *e = TOOL.events; f->heading && e->name; e++)
		for (const struct field *other = e->fields; other->name; other++)
			if (other->heading && !strcmp(other->heading, f->heading) &&
			    !other->width != !f->width)
				ok(false, "%s: %s runs as freely as %s of %s", event, f->name,
				   other->name, e->name);
}

/* What -e calls it. */
static const char *brief_of(const struct event_desc *e)
{
	return e->brief ? e->brief : strchr(e->name, '.') + 1;
}

static bool is_event_name(const char *name)
{
	size_t group = strspn(name, "abcdefghijklmnopqrstuvwxyz");
	size_t rest = group ? strspn(name + group + 1, "abcdefghijklmnopqrstuvwxyz0123456789_") : 0;

	return rest && name[group] == '.' && !name[group + 1 + rest];
}

static void test_event(const struct event_desc *e, const struct bpf_object *object)
{
	struct context c = { .where = e->name };

	if (!ok(is_event_name(e->name), "%s is a group and a name", e->name))
		return;
	ok(is_name(brief_of(e)) && strcmp(brief_of(e), "all"), "for short %s", brief_of(e));
	ok(e->type >= EVENT_TOOL && e->type < EVENT_TYPES, "its type is one for tools");
	for (const struct event_desc *other = TOOL.events; other < e; other++) {
		ok(strcmp(other->name, e->name), "%s is another event than %s", e->name,
		   other->name);
		ok(strcmp(brief_of(other), brief_of(e)), "also for short");
		ok(other->type != e->type, "and of another type");
	}
	test_help("events", e->name, e->help, true);

	test_fields(&c, e->fields);
	test_header_names(e);
	for (const struct field *f = e->fields; f->name; f++)
		test_column(e->name, f);
	if (c.type) {
		is_u64(e->size, c.type->size, "%s has the size of its struct", e->name);
		ok(btf_vlen(c.type) && !btf_member_bit_offset(c.type, 0) &&
			   is_struct(resolve(btf_members(c.type)->type), "event"),
		   "which begins with the header");
	} else {
		is_u64(e->size, sizeof(struct event), "%s is a header only", e->name);
	}

	ok(e->programs && *e->programs, "%s needs a program", e->name);
	for (const char *const *p = e->programs; p && *p; p++)
		ok(bpf_object__find_program_by_name(object, *p), "%s exists", *p);
}

/* Those of the library; iface_… stand for on_… at an interface. */
static const char *const of_library[] = { "tree_",  "cgroup_", "owner_", "iface_",
					  "below_", "lookup_", NULL };

/* A program that no event needs is never loaded. */
static void test_programs(const struct bpf_object *object)
{
	struct bpf_program *program;

	bpf_object__for_each_program (program, object) {
		const char *name = bpf_program__name(program);
		bool needed = false;

		for (const char *const *p = of_library; *p; p++)
			needed |= !strncmp(name, *p, strlen(*p));

		for (const struct event_desc *e = TOOL.events; e->name; e++)
			for (const char *const *p = e->programs; p && *p; p++)
				needed |= !strcmp(*p, name);
		ok(needed, "the program %s is needed", name);
	}
}

int main(void)
{
	struct context header = { .where = "header" };
	bool by_default = false;
	struct bpf_object *object, *header_object;
	const void *bytes;
	size_t size;

	bytes = TOOL.object(&size);
	object = bpf_object__open_mem(bytes, size, NULL);
	header_object = bpf_object__open_mem(types, types_end - types, NULL);
	btf = header_object ? bpf_object__btf(header_object) : NULL;
	if (!ok(object && btf, "there is a BPF object, and BTF of its header"))
		return done();

	test_help("tool", TOOL.name, TOOL.summary, true);
	test_fields(&header, header_fields);
	if (ok(header.type, "the header is a struct")) {
		is_u64(sizeof(struct event), header.type->size, "of the same size on both sides");
		ok(is_struct(header.type, "event"), "called event");
	}
	for (const struct event_desc *e = TOOL.events; e->name; e++) {
		test_event(e, object);
		by_default |= e->by_default;
	}
	ok(by_default, "an event is shown by default");
	test_programs(object);
	bpf_object__close(object);
	bpf_object__close(header_object);
	return done();
}
