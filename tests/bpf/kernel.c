/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf/lib/kernel.h against the kernel that runs: what it declares exists there, under that name and
 * of that kind; and against the programs: what it declares they use.
 */
#include <bpf/btf.h>
#include <glob.h>
#include <regex.h>

#include "tests/bpf/kernel.skel.h"
#include "tests/bpf/run.h"

#define KERNEL_H "bpf/lib/kernel.h"

/* Not on every kernel: the programs ask bpf_core_field_exists() or bpf_core_type_exists() first. */
static const char *const optional[] = {
	"task_struct.loginuid", /* CONFIG_AUDIT */
	"dentry.d_sib",
	"dentry.d_children", /* since 6.8 */
	"dentry.d_child",
	"dentry.d_subdirs", /* before */
	"io_rsrc_data.nodes",
	"io_rsrc_node.file_ptr",
	"io_file_table.data", /* since 6.13 */
	"io_file_table.files",
	"io_fixed_file",    /* before */
	"kernel_xattr_ctx", /* since 6.13 */
	"io_ftrunc",	    /* since 6.9 */
	"delayed_filename", /* since 7.0 */
};

/* Of one type since Linux 7.0 and of another one before, each in a struct of ours: what follows ___
 * in its name is not the kernel's. */
static const char *const otherwise[] = {
	"io_open.filename",   "io_open___delayed.filename",
	"io_unlink.filename", "io_unlink___delayed.filename",
	"io_mkdir.filename",  "io_mkdir___delayed.filename",
	"io_rename.oldpath",  "io_rename___delayed.oldpath",
	"io_rename.newpath",  "io_rename___delayed.newpath",
	"io_link.oldpath",    "io_link___delayed.oldpath",
	"io_link.newpath",    "io_link___delayed.newpath",
	"io_xattr.filename",  "io_xattr___delayed.filename",
	"io_xattr.ctx",	  /* in a struct of another name before 6.13 */
	"io_kiocb.flags", /* 64 bits since 6.9: the lower half comes first */
};

/* Whose value is the kernel's own, wherever it has one. */
static const char *const relocated[] = { "DCACHE_OP_HASH", "DCACHE_MOUNTED" };

/* No program of ours names them, but event.h, filter.h, libbpf's headers, or our other typedefs do.
 */
static const char *const unused[] = {
	"__u8",	 "__s8",   "__u16",  "__s16",  "__u32", "__s32", "__u64",
	"__s64", "__be16", "__be32", "__wsum", "u16",	"s32",	 "s64",
};

/* Contexts of programs: nothing is relocated, so each member is there, in its place, up to the last
 * one that is used. */
static const char *const contexts[] = { "bpf_sock", "__sk_buff", "bpf_sock_addr" };

static const struct btf *ours, *kernels;

static bool is_in(const char *const *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i], name))
			return true;
	return false;
}

/*
 * Types.
 */

static const char *name_of(const struct btf *btf, const struct btf_type *t)
{
	return btf__name_by_offset(btf, t->name_off);
}

/* Less const, volatile and the like; typedefs too, if asked. */
static const struct btf_type *resolve(const struct btf *btf, uint32_t id, bool typedefs)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	while (btf_is_mod(t) || (typedefs && btf_is_typedef(t)))
		t = btf__type_by_id(btf, t->type);
	return t;
}

static bool is_compatible(uint32_t our_id, uint32_t kernel_id)
{
	const struct btf_type *o = resolve(ours, our_id, false),
			      *k = resolve(kernels, kernel_id, false);

	/* Each typedef is compared in its own turn. */
	if (btf_is_typedef(o) && btf_is_typedef(k) &&
	    !strcmp(name_of(ours, o), name_of(kernels, k)))
		return true;
	o = resolve(ours, our_id, true);
	k = resolve(kernels, kernel_id, true);

	if (btf_is_int(o) && btf_is_any_enum(k))
		return o->size == k->size;
	/* A struct of which we say nothing. */
	if (btf_is_fwd(o) && btf_is_composite(k))
		return !strcmp(name_of(ours, o), name_of(kernels, k));
	if (btf_kind(o) != btf_kind(k))
		return false;
	switch (btf_kind(o)) {
	case BTF_KIND_INT:
		/* Whether char has a sign is the architecture's and the compiler's choice. */
		return o->size == k->size &&
		       (o->size == 1 ||
			!((btf_int_encoding(o) ^ btf_int_encoding(k)) & BTF_INT_SIGNED));
	case BTF_KIND_PTR:
		return is_compatible(o->type, k->type);
	case BTF_KIND_ARRAY:
		return is_compatible(btf_array(o)->type, btf_array(k)->type) &&
		       (btf_array(o)->nelems == btf_array(k)->nelems || !btf_array(k)->nelems);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return *name_of(ours, o) && !strcmp(name_of(ours, o), name_of(kernels, k));
	default:
		return btf_is_void(o);
	}
}

/* Also in the anonymous structs and unions inside, as CO-RE does. */
static const struct btf_member *find_member(const struct btf_type *in, const char *name,
					    uint32_t *bits)
{
	const struct btf_member *m = btf_members(in);

	for (int i = 0; i < btf_vlen(in); i++) {
		const char *candidate = btf__name_by_offset(kernels, m[i].name_off);
		const struct btf_type *t = resolve(kernels, m[i].type, false);

		if (!strcmp(candidate, name)) {
			*bits = btf_member_bitfield_size(in, i);
			return &m[i];
		}
		if (!*candidate && btf_is_composite(t)) {
			const struct btf_member *inner = find_member(t, name, bits);

			if (inner)
				return inner;
		}
	}
	return NULL;
}

static void test_members(const char *type_name, const struct btf_type *o, const struct btf_type *k)
{
	const struct btf_member *m = btf_members(o);

	for (int i = 0; i < btf_vlen(o); i++) {
		const char *name = btf__name_by_offset(ours, m[i].name_off);
		const struct btf_member *theirs;
		uint32_t bits = 0;
		char full[200];

		snprintf(full, sizeof(full), "%s.%s", type_name, name);
		theirs = find_member(k, name, &bits);
		if (!theirs && is_in(optional, COUNT(optional), full)) {
			char reason[300];

			snprintf(reason, sizeof(reason), "this kernel has no %s", full);
			skip(reason);
			continue;
		}
		if (theirs && is_in(otherwise, COUNT(otherwise), full) &&
		    !is_compatible(m[i].type, theirs->type)) {
			char reason[300];

			snprintf(reason, sizeof(reason), "this kernel's %s is of another type",
				 full);
			skip(reason);
			continue;
		}
		if (ok(theirs, "the kernel has %s", full)) {
			ok(is_compatible(m[i].type, theirs->type), "and it is of that type");
			is_u64(bits, btf_member_bitfield_size(o, i), "and has as many bits");
		}
	}
}

/* Members that are in a union for their size have no name, here or there. */
static void test_context(const char *type_name, const struct btf_type *o, const struct btf_type *k)
{
	must(btf_vlen(o) <= btf_vlen(k));
	for (int i = 0; i < btf_vlen(o); i++) {
		const char *name = btf__name_by_offset(ours, btf_members(o)[i].name_off);
		const char *theirs = btf__name_by_offset(kernels, btf_members(k)[i].name_off);

		ok(!*name || !*theirs || !strcmp(name, theirs), "%s has %s", type_name, name);
		is_u64(btf_member_bit_offset(o, i), btf_member_bit_offset(k, i), "in its place");
	}
}

/* A struct, or a typedef of one that has no name. */
static void test_type(const struct btf_type *o)
{
	const char *name = name_of(ours, o);
	const char *flavor = strstr(name, "___");
	const struct btf_type *k;
	char theirs[200];
	int id;

	snprintf(theirs, sizeof(theirs), "%.*s", flavor ? (int)(flavor - name) : 199, name);
	id = btf__find_by_name_kind(kernels, theirs, btf_kind(o));
	if (id <= 0 && is_in(optional, COUNT(optional), name)) {
		char reason[300];

		snprintf(reason, sizeof(reason), "this kernel has no struct %s", name);
		skip(reason);
		return;
	}
	if (!ok(id > 0, "the kernel has %s %s", btf_is_typedef(o) ? "typedef" : "struct", name))
		return;
	k = btf__type_by_id(kernels, id);
	if (btf_is_typedef(o)) {
		o = resolve(ours, o->type, true);
		k = resolve(kernels, k->type, true);
		if (!btf_is_composite(o)) {
			int to = btf__find_by_name_kind(ours, name, BTF_KIND_TYPEDEF);

			ok(is_compatible(btf__type_by_id(ours, to)->type,
					 btf__type_by_id(kernels, id)->type),
			   "and it is the same");
			return;
		}
		if (!ok(btf_is_composite(k), "and it is a struct"))
			return;
	}
	if (is_in(contexts, COUNT(contexts), name))
		test_context(name, o, k);
	else
		test_members(name, o, k);
}

/* The value of an enumerator, of whichever enum. */
static bool find_constant(const char *name, int64_t *value)
{
	for (uint32_t id = 1; id < btf__type_cnt(kernels); id++) {
		const struct btf_type *t = btf__type_by_id(kernels, id);

		for (int i = 0; btf_is_any_enum(t) && i < btf_vlen(t); i++) {
			bool wide = btf_is_enum64(t);
			uint32_t off = wide ? btf_enum64(t)[i].name_off : btf_enum(t)[i].name_off;

			if (strcmp(btf__name_by_offset(kernels, off), name))
				continue;
			*value = wide ? (int64_t)btf_enum64_value(&btf_enum64(t)[i])
				      : btf_enum(t)[i].val;
			return true;
		}
	}
	return false;
}

/* A constant's name, which kernel.bpf.c may have put something in front of. */
static const char *constant_name(const struct btf_enum *e)
{
	const char *name = btf__name_by_offset(ours, e->name_off);

	return strncmp(name, "IS_", 3) ? name : name + 3;
}

static void test_enum(const struct btf_type *o)
{
	for (int i = 0; i < btf_vlen(o); i++) {
		const char *name = constant_name(&btf_enum(o)[i]);
		char reason[200];
		int64_t value;

		if (is_in(relocated, COUNT(relocated), name)) {
			snprintf(reason, sizeof(reason), "%s: the kernel's is taken", name);
			skip(reason);
		} else if (find_constant(name, &value)) {
			is_i64(btf_enum(o)[i].val, value, "%s is the kernel's", name);
		} else {
			snprintf(reason, sizeof(reason), "%s: not in the kernel's BTF", name);
			skip(reason);
		}
	}
}

static bool is_of_kernel_h(const struct btf_type *t)
{
	const char *name = name_of(ours, t);

	return *name && strcmp(name, "all") && strncmp(name, "__ARRAY_SIZE", 12);
}

/*
 * Text.
 */

/* Appends the files that match, less their comments. */
static void read_text(const char *pattern, char *text, size_t size)
{
	size_t n = strlen(text);
	glob_t files;

	if (glob(pattern, 0, NULL, &files))
		return;
	for (size_t i = 0; i < files.gl_pathc; i++) {
		FILE *f = fopen(files.gl_pathv[i], "re");
		char *begin = text + n, *comment, *end;

		must(f);
		n += fread(begin, 1, size - n - 1, f);
		must(feof(f));
		fclose(f);
		text[n] = '\0';
		while ((comment = strstr(begin, "/*"))) {
			end = strstr(comment, "*/");
			must(end);
			memmove(comment, end + 2, strlen(end + 2) + 1);
		}
		n = strlen(text);
	}
	globfree(&files);
}

/* Calls `check` with what the pattern's only group matches, each time that it does. */
static unsigned for_each(const char *text, const char *pattern, void (*check)(const char *name))
{
	regmatch_t match[2];
	unsigned n = 0;
	char name[200];
	regex_t regex;

	must(!regcomp(&regex, pattern, REG_EXTENDED | REG_NEWLINE));
	for (; !regexec(&regex, text, 2, match, 0); text += match[0].rm_eo, n++) {
		snprintf(name, sizeof(name), "%.*s", (int)(match[1].rm_eo - match[1].rm_so),
			 text + match[1].rm_so);
		check(name);
	}
	regfree(&regex);
	return n;
}

static void has_struct(const char *name)
{
	ok(btf__find_by_name_kind(ours, name, BTF_KIND_STRUCT) > 0, "struct %s is looked at", name);
}

static void has_typedef(const char *name)
{
	ok(btf__find_by_name_kind(ours, name, BTF_KIND_TYPEDEF) > 0, "typedef %s is looked at",
	   name);
}

static void has_constant(const char *name)
{
	bool found = false;

	for (uint32_t id = 1; id < btf__type_cnt(ours); id++) {
		const struct btf_type *t = btf__type_by_id(ours, id);

		for (int i = 0; btf_is_enum(t) && i < btf_vlen(t); i++)
			found |= !strcmp(constant_name(&btf_enum(t)[i]), name);
	}
	ok(found, "the constant %s is looked at", name);
}

/* Nothing of the header is missing in kernel.bpf.c. */
static void test_complete(void)
{
	static char text[64 << 10];

	read_text(KERNEL_H, text, sizeof(text));
	ok(for_each(text, "^struct ([a-z0-9_]+) \\{", has_struct), "there are structs");
	ok(for_each(text, "^typedef [a-zA-Z0-9_ ]+ ([a-z0-9_]+);", has_typedef) &&
		   for_each(text, "^\\} ([a-z0-9_]+);", has_typedef),
	   "and typedefs");
	ok(for_each(text, "^\t([A-Z][A-Z0-9_]+)( = |,$)", has_constant) &&
		   for_each(text, "^#define ([A-Z0-9_]+) +[(]?[0-9]", has_constant),
	   "and constants");
}

static bool is_used(const char *programs, const char *before, const char *name)
{
	char pattern[300];
	regex_t regex;
	bool found;

	snprintf(pattern, sizeof(pattern), "(%s)%s([^A-Za-z0-9_]|$)", before, name);
	must(!regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB));
	found = !regexec(&regex, programs, 0, NULL, 0);
	regfree(&regex);
	return found || is_in(unused, COUNT(unused), name);
}

/* All that the header declares is there for a program's sake. */
static void test_used(void)
{
	static char programs[1 << 20];

	read_text("bpf/*.bpf.c", programs, sizeof(programs));
	read_text("bpf/lib/*.bpf.h", programs, sizeof(programs));
	must(*programs);
	for (uint32_t id = 1; id < btf__type_cnt(ours); id++) {
		const struct btf_type *t = btf__type_by_id(ours, id), *inner = t;
		const char *name = name_of(ours, t);

		if (!is_of_kernel_h(t) || is_in(contexts, COUNT(contexts), name))
			continue;
		for (int i = 0; btf_is_enum(t) && i < btf_vlen(t); i++) {
			const char *constant = constant_name(&btf_enum(t)[i]);

			ok(is_used(programs, "[^A-Za-z0-9_]", constant), "%s is used", constant);
		}
		if (btf_is_typedef(t))
			inner = resolve(ours, t->type, true);
		if (btf_is_typedef(t) && !btf_is_struct(inner))
			ok(is_used(programs, "[^A-Za-z0-9_]", name), "%s is used", name);
		for (int i = 0; btf_is_struct(inner) && i < btf_vlen(inner); i++) {
			const char *member =
				btf__name_by_offset(ours, btf_members(inner)[i].name_off);

			ok(is_used(programs, "[.]|->|,[ \t\n]+", member), "%s.%s is used", name,
			   member);
		}
	}
}

int main(void)
{
	struct kernel_bpf *bpf = kernel_bpf__open();

	must(bpf);
	ours = bpf_object__btf(bpf->obj);
	must(ours);
	if (access(KERNEL_H, R_OK)) {
		skip("no sources here: whether " KERNEL_H " is looked at whole, and used");
	} else {
		test_complete();
		test_used();
	}

	kernels = btf__load_vmlinux_btf();
	if (!kernels) {
		skip("this kernel has no BTF");
		return done();
	}
	for (uint32_t id = 1; id < btf__type_cnt(ours); id++) {
		const struct btf_type *t = btf__type_by_id(ours, id);

		if (!is_of_kernel_h(t))
			continue;
		if (btf_is_struct(t) || btf_is_typedef(t))
			test_type(t);
		else if (btf_is_enum(t))
			test_enum(t);
	}
	return done();
}
