/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The BPF object: what of it is needed, loaded, attached; and what to say when the kernel won't. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bpf/lib/below.h"
#include "tool/internal.h"

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"
#define LOCKDOWN   "/sys/kernel/security/lockdown"

/* What all programs use of the kernel beyond their own hooks, by the name that its BTF has for it.
 */
static const struct {
	const char *enumerator, *what;
} needs[] = {
	{ "BPF_FUNC_ringbuf_output", "ring buffers (Linux 5.8)" },
	{ "BPF_FUNC_task_storage_get", "task storage (5.11)" },
	{ "BPF_FUNC_get_current_task_btf", "bpf_get_current_task_btf() (5.11)" },
	{ "BPF_FUNC_loop", "bpf_loop() (5.17)" },
};

static bool verbose;

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	return verbose && level != LIBBPF_DEBUG ? vfprintf(stderr, format, args) : 0;
}

/* Programs at sockets and interfaces need one capability more. */
static bool is_at_network(const struct bpf_object *object)
{
	struct bpf_program *program;

	bpf_object__for_each_program (program, object) {
		const char *section = bpf_program__section_name(program);

		if (bpf_program__autoload(program) &&
		    (!strncmp(section, "cgroup", 6) || !strcmp(section, "tc")))
			return true;
	}
	return false;
}

/* bpf(2) of tracing programs: CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN that has both. */
static void check_permission(const struct bpf_object *object)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	bool network = is_at_network(object);
	uint64_t have, needed = 1ull << CAP_BPF | 1ull << CAP_PERFMON;

	if (syscall(SYS_capget, &header, data))
		die(STATUS_FAILED, "capget: %s", strerror(errno));
	have = data[0].effective | (uint64_t)data[1].effective << 32;
	if (have & 1ull << CAP_SYS_ADMIN)
		have |= needed;
	if (network)
		needed |= 1ull << CAP_NET_ADMIN;
	if ((have & needed) != needed)
		die(STATUS_NOT_PERMITTED,
		    "not permitted: root, or the capabilities CAP_BPF%s CAP_PERFMON%s, are needed",
		    network ? "," : " and", network ? " and CAP_NET_ADMIN" : "");
}

static void add_missing(char *list, size_t size, const char *what)
{
	snprintf(list + strlen(list), size - strlen(list), "%s%s", *list ? ", " : "", what);
}

/* Whether the lockdown security module forbids programs to read kernel memory. In its file the mode
 * in force stands in brackets. */
static bool is_confidential(void)
{
	FILE *f = fopen(LOCKDOWN, "re");
	char modes[64];
	bool is = f && fgets(modes, sizeof(modes), f) && strstr(modes, "[confidentiality]");

	if (f)
		fclose(f);
	return is;
}

/* Called when something failed: says in one sentence what the kernel lacks. */
static void __attribute__((noreturn)) explain(const struct kernel *k, const char *what, int error)
{
	char missing[1024] = "", hook[128];
	struct bpf_program *program;
	struct utsname host;
	struct btf *btf;

	uname(&host);
	btf = btf__load_vmlinux_btf();
	if (access(KERNEL_BTF, R_OK) || !btf)
		die(STATUS_UNSUPPORTED,
		    "this kernel (%s) has no BTF in " KERNEL_BTF
		    ", which CONFIG_DEBUG_INFO_BTF gives",
		    host.release);
	for (size_t i = 0; i < sizeof(needs) / sizeof(*needs); i++) {
		bool found = false;

		/* Enumerators have no index: look through the enum of helpers. */
		int id = btf__find_by_name_kind(btf, "bpf_func_id", BTF_KIND_ENUM);
		const struct btf_type *type = id > 0 ? btf__type_by_id(btf, id) : NULL;

		for (int n = 0; type && n < btf_vlen(type) && !found; n++)
			found = !strcmp(btf__name_by_offset(btf, btf_enum(type)[n].name_off),
					needs[i].enumerator);
		if (!found)
			add_missing(missing, sizeof(missing), needs[i].what);
	}
	bpf_object__for_each_program (program, k->object) {
		const char *section = bpf_program__section_name(program);

		if (!bpf_program__autoload(program) || strncmp(section, "tp_btf/", 7))
			continue;
		snprintf(hook, sizeof(hook), "btf_trace_%s", section + 7);
		if (btf__find_by_name_kind(btf, hook, BTF_KIND_TYPEDEF) < 0) {
			snprintf(hook, sizeof(hook), "the tracepoint %s", section + 7);
			add_missing(missing, sizeof(missing), hook);
		}
	}
	if (*missing)
		die(STATUS_UNSUPPORTED,
		    "this kernel (%s) lacks %s; Linux 6.1 has all that is needed", host.release,
		    missing);
	if (is_confidential())
		die(STATUS_NOT_PERMITTED,
		    "this kernel (%s) is locked down to confidentiality, so that no program may "
		    "read from its memory what happens",
		    host.release);
	if (error == EPERM)
		die(STATUS_NOT_PERMITTED,
		    "%s: not permitted by this kernel (%s), though the capabilities are there",
		    what, host.release);
	die(STATUS_UNSUPPORTED, "%s: this kernel (%s) refuses: %s (-v shows more)", what,
	    host.release, strerror(error));
}

/* Whether the kernel has the tracepoint that a program is for. */
static bool has_tracepoint(const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);
	static struct btf *btf; /* takes ms */
	char hook[128];

	if (!btf)
		btf = btf__load_vmlinux_btf();
	snprintf(hook, sizeof(hook), "btf_trace_%s", section + strlen("tp_btf/"));
	return btf && btf__find_by_name_kind(btf, hook, BTF_KIND_TYPEDEF) > 0;
}

/* What a tool can do without, where the kernel lacks it. NULL: without it there is nothing to see.
 */
static const struct optional {
	const char *program, *degraded;
} optional[] = {
	{ "owner_send", "no sock_send_length (Linux 6.3): who uses a socket is known from what it "
			"sends" },
	{ "owner_recv", "no sock_recv_length (Linux 6.3): who answers is known only then" },
	{ "on_uring_submit", NULL },	 /* since Linux 6.3, ... */
	{ "on_uring_submit_sqe", NULL }, /* ... and before */
	{ "on_uring_complete", NULL },
};

/* NULL: it must be there. */
static const struct optional *find_optional(const char *program)
{
	for (size_t i = 0; i < sizeof(optional) / sizeof(*optional); i++)
		if (!strcmp(optional[i].program, program))
			return &optional[i];
	return NULL;
}

/* What -i asks for; NULL: nothing. */
static const char *interface_of(const struct tool *tool)
{
	return tool->interface ? *tool->interface : NULL;
}

static bool is_needed(const struct tool *tool, const struct options *o, const char *program)
{
	if (!strncmp(program, "tree_", 5))
		return o->trees.n || o->command;
	/* The paths of cgroups are read in the kernel, which may be locked down. */
	if (!strncmp(program, "cgroup_", 7))
		return !is_confidential();
	if (!strncmp(program, "owner_", 6))
		return true;
	if (!strncmp(program, "below_", 6))
		return tool->paths->n;
	if (!strncmp(program, "lookup_", 7))
		return true;
	if (!strncmp(program, "iface_", 6))
		return interface_of(tool);
	if (interface_of(tool) && !strncmp(program, "on_", 3))
		return false;
	for (size_t i = 0; tool->events[i].name; i++)
		for (const char *const *p = tool->events[i].programs; *p; p++)
			if (o->selected & 1ull << i && !strcmp(*p, program))
				return true;
	return false;
}

static bool ends_with(const char *s, const char *end)
{
	return strlen(s) >= strlen(end) && !strcmp(s + strlen(s) - strlen(end), end);
}

/* Sets the one variable of a read-only section, where the object has that. */
static void set_rodata(struct bpf_object *object, const char *section, const void *value,
		       size_t size)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, section);

	if (map && bpf_map__set_initial_value(map, value, size))
		die(STATUS_FAILED, "%s is not of %zu bytes", section, size);
}

/* A ring buffer has a power of two of pages. */
static uint64_t ring_size(uint64_t wanted)
{
	uint64_t size = sysconf(_SC_PAGESIZE);

	while (size < wanted)
		size *= 2;
	return size;
}

static void make_filter(const struct tool *tool, const struct options *o, struct filter_config *f)
{
	*f = (struct filter_config){
		.by_pid = o->pids.n > 0,
		.by_tree = o->trees.n || o->command,
		.by_uid = o->uids.n > 0,
		.by_cgroup = o->cgroups.n > 0,
		.comm = o->comm,
	};
	/* Who asks for certain processes gets them, be they readers or not. */
	f->exclude = !o->include_self && !f->by_pid && !f->by_tree && in_initial_pid_namespace();
	for (size_t i = 0; tool->events[i].name; i++)
		if (o->selected & 1ull << i)
			f->events |= 1ull << tool->events[i].type;
}

void kernel_load(struct kernel *k, const struct tool *tool, const struct options *o)
{
	LIBBPF_OPTS(bpf_object_open_opts, open, .object_name = tool->name);
	struct filter_config filter;
	struct bpf_program *program;
	struct bpf_map *map;
	size_t size;
	const void *bytes = tool->object(&size);
	int error;

	verbose = o->verbose;
	libbpf_set_print(print_libbpf);
	make_filter(tool, o, &filter);
	*k = (struct kernel){ .object = bpf_object__open_mem(bytes, size, &open) };
	if (!k->object)
		die(STATUS_FAILED, "the program inside can't be read: %s", strerror(errno));

	k->cpus = libbpf_num_possible_cpus(); /* reads a file, so not later */
	if (k->cpus < 1)
		die(STATUS_FAILED, "can't find out how many processors there are: %s",
		    strerror(-k->cpus));
	set_rodata(k->object, ".rodata.filter", &filter, sizeof(filter));
	set_rodata(k->object, ".rodata.config", tool->config, tool->config_size);
	bpf_object__for_each_program (program, k->object) {
		const char *name = bpf_program__name(program);

		bpf_program__set_autoload(
			program, is_needed(tool, o, name) &&
					 (!find_optional(name) || has_tracepoint(program)));
	}
	check_permission(k->object);
	bpf_object__for_each_map (map, k->object)
		if (ends_with(bpf_map__name(map), "_scratch"))
			bpf_map__set_max_entries(map, libbpf_num_possible_cpus());
	map = bpf_object__find_map_by_name(k->object, "events");
	bpf_map__set_max_entries(map, ring_size(o->buffer));

	error = bpf_object__load(k->object);
	if (error)
		explain(k, "loading", -error);
	program = bpf_object__find_program_by_name(k->object, "lookup_learn");
	if (program && bpf_prog_test_run_opts(bpf_program__fd(program), NULL))
		die(STATUS_FAILED, "the kernel does not run a program: %s", strerror(errno));
}

/* Programs at packets and sockets see all that is below the cgroup they are attached to. */
static struct bpf_link *attach_to_root_cgroup(struct bpf_program *program)
{
	struct bpf_link *link;
	int root = cgroup_open_root();

	if (root < 0)
		die(STATUS_UNSUPPORTED, "there is no cgroup hierarchy of version 2");
	link = bpf_program__attach_cgroup(program, root);
	close(root);
	return link;
}

static void attach(struct kernel *k, const struct tool *tool, struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);
	struct bpf_link *link;

	if (!strcmp(section, "syscall")) /* runs when we say so */
		return;
	if (!strcmp(section, "tc")) {
		interface_attach(bpf_program__fd(program), *tool->interface,
				 !strcmp(bpf_program__name(program), "iface_egress"));
		return;
	}
	link = !strncmp(section, "cgroup", 6) ? attach_to_root_cgroup(program)
					      : bpf_program__attach(program);
	if (!link)
		explain(k, bpf_program__name(program), errno);
	k->links = reallocarray(k->links, k->n_links + 1, sizeof(*k->links));
	if (!k->links)
		die(STATUS_FAILED, "out of memory");
	k->links[k->n_links++] = link;
}

/* Runs an iterator, until it writes nothing any more: NAME_seed takes in what is older than we. */
static void seed(struct kernel *k, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(k->object, name);
	struct bpf_link *link = bpf_program__attach(program);
	char marks[4096];
	ssize_t n, all;

	if (!link)
		explain(k, name, errno);
	do {
		int fd = bpf_iter_create(bpf_link__fd(link));

		if (fd < 0)
			explain(k, name, errno);
		for (all = 0; (n = read(fd, marks, sizeof(marks))) > 0; all += n)
			;
		if (n < 0)
			explain(k, name, errno);
		close(fd);
	} while (all);
	bpf_link__destroy(link);
}

void kernel_attach(struct kernel *k, const struct tool *tool, const struct options *o)
{
	struct bpf_program *program;

	/* First what follows the tree, so that no child slips through. */
	if (o->trees.n || o->command) {
		attach(k, tool, bpf_object__find_program_by_name(k->object, "tree_fork"));
		attach(k, tool, bpf_object__find_program_by_name(k->object, "tree_free"));
		seed(k, "tree_seed");
	}
	/* Owners of sockets before packets that are theirs. */
	for (int packets = 0; packets < 2; packets++)
		bpf_object__for_each_program (program, k->object) {
			const char *name = bpf_program__name(program);

			if (bpf_program__autoload(program) && strncmp(name, "tree_", 5) &&
			    !ends_with(name, "_seed") && packets == !!strncmp(name, "owner_", 6))
				attach(k, tool, program);
		}
	if (bpf_object__find_program_by_name(k->object, "owner_seed"))
		seed(k, "owner_seed");
	if (o->verbose)
		kernel_report(stderr, k, tool);
}

void kernel_detach(struct kernel *k)
{
	while (k->n_links)
		bpf_link__destroy(k->links[--k->n_links]);
	interface_detach();
}

int kernel_map_fd(const struct kernel *k, const char *map)
{
	return bpf_object__find_map_fd_by_name(k->object, map);
}

void kernel_set_add(const struct kernel *k, const char *map, const void *key)
{
	uint8_t one = 1;

	if (bpf_map_update_elem(kernel_map_fd(k, map), key, &one, BPF_ANY))
		die(errno == E2BIG ? STATUS_USAGE : STATUS_FAILED,
		    "too many values for one filter: %s", strerror(errno));
}

/* Which file a path is, for the kernel side. False: there is none. */
static bool identify(const struct kernel *k, const char *path, struct file_id *id)
{
	struct bpf_program *program = bpf_object__find_program_by_name(k->object, "below_identify");
	struct below_request request = { .fd = open(path, O_PATH | O_CLOEXEC) };
	/* The answer comes where the question was. */
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &request, .ctx_size_in = sizeof(request));

	if (request.fd < 0 && errno == ENOENT)
		return false;
	if (request.fd < 0)
		die(STATUS_USAGE, "%s: %s", path, strerror(errno));
	if (bpf_prog_test_run_opts(bpf_program__fd(program), &run) || run.retval)
		die(STATUS_FAILED, "%s: the kernel does not say which file it is: %s", path,
		    strerror(errno));
	close(request.fd);
	*id = request.id;
	return true;
}

static void update(const struct kernel *k, const char *map, const void *key, const void *value)
{
	if (bpf_map_update_elem(kernel_map_fd(k, map), key, value, BPF_ANY))
		die(errno == E2BIG ? STATUS_USAGE : STATUS_FAILED, "too many files to watch: %s",
		    strerror(errno));
}

/* Has the names in `path`, from `at` on, looked for below a directory. */
static void add_names(const struct kernel *k, const struct file_id *directory, const char *at)
{
	static uint32_t steps; /* so many there are */
	struct below_mark mark = {};
	uint32_t n = 0;

	bpf_map_lookup_elem(kernel_map_fd(k, "below_marks"), directory, &mark);
	if (!mark.step)
		mark.step = ++steps;
	update(k, "below_marks", directory, &mark);
	for (uint32_t step = mark.step, next; step != BELOW_WATCHED; step = next) {
		struct below_name name = { .step = step };
		size_t len = strcspn(at, "/");

		if (len > BELOW_NAME_LEN || ++n > BELOW_NAMES)
			die(STATUS_USAGE, "%s: %s", at,
			    len > BELOW_NAME_LEN ? strerror(ENAMETOOLONG)
						 : "too many directories are not there yet");
		memcpy(name.name, at, len);
		at += len + strspn(at + len, "/");
		if (bpf_map_lookup_elem(kernel_map_fd(k, "below_names"), &name, &next))
			next = ++steps;
		if (!*at)
			next = BELOW_WATCHED;
		update(k, "below_names", &name, &next);
	}
}

void kernel_add_paths(const struct kernel *k, const struct list *paths)
{
	for (size_t i = 0; i < paths->n; i++) {
		char *path = strdup(paths->item[i]);
		struct below_mark mark = {};
		struct file_id id;
		char *slash = path ? strrchr(path, '/') : NULL;

		if (!path)
			die(STATUS_FAILED, "out of memory");
		if (identify(k, path, &id)) {
			bpf_map_lookup_elem(kernel_map_fd(k, "below_marks"), &id, &mark);
			mark.watched = true;
			update(k, "below_marks", &id, &mark);
		}
		/* What will have the name later: from the last directory on that there is. */
		while (slash && slash > path) {
			*slash = '\0';
			if (identify(k, path, &id))
				break;
			slash = strrchr(path, '/');
		}
		if (slash == path && !identify(k, "/", &id))
			die(STATUS_FAILED, "/: %s", strerror(errno));
		if (slash && paths->item[i][slash - path + 1])
			add_names(k, &id, paths->item[i] + (slash - path) + 1);
		free(path);
	}
}

/* The type that a program's misses count for. */
static int type_of(const struct tool *tool, const char *program)
{
	for (const struct event_desc *e = tool->events; e->name; e++)
		for (const char *const *p = e->programs; *p; p++)
			if (!strcmp(*p, program))
				return e->type;
	return strncmp(program, "owner_", 6) ? EVENT_TREE : EVENT_OWNER;
}

void kernel_tallies(const struct kernel *k, const struct tool *tool,
		    struct tally tallies[EVENT_TYPES])
{
	int fd = kernel_map_fd(k, "tallies");
	struct tally each[k->cpus];
	struct bpf_program *program;

	memset(tallies, 0, EVENT_TYPES * sizeof(*tallies));
	for (uint32_t type = 0; type < EVENT_TYPES; type++) {
		if (bpf_map_lookup_elem(fd, &type, each))
			continue;
		for (int cpu = 0; cpu < k->cpus; cpu++) {
			tallies[type].produced += each[cpu].produced;
			tallies[type].lost += each[cpu].lost;
		}
	}
	bpf_object__for_each_program (program, k->object) {
		struct bpf_prog_info info = {};
		uint32_t size = sizeof(info);
		int type = type_of(tool, bpf_program__name(program));

		if (!bpf_program__autoload(program) ||
		    bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
			continue;
		tallies[type].produced += info.recursion_misses;
		tallies[type].lost += info.recursion_misses;
	}
}

bool in_initial_pid_namespace(void)
{
	struct stat ns;

	/* PROC_PID_INIT_INO in include/linux/proc_ns.h */
	return stat("/proc/self/ns/pid", &ns) || ns.st_ino == 0xEFFFFFFC;
}

void kernel_report(FILE *f, const struct kernel *k, const struct tool *tool)
{
	struct bpf_program *program;
	struct utsname host;
	uint64_t root;

	uname(&host);
	fprintf(f, "%s: Linux %s, %s\n", tool->name, host.release, host.machine);
	bpf_object__for_each_program (program, k->object)
		if (bpf_program__autoload(program))
			fprintf(f, "  %-16s %s\n", bpf_program__name(program),
				bpf_program__section_name(program));
	bpf_object__for_each_program (program, k->object) {
		const struct optional *o = find_optional(bpf_program__name(program));

		if (o && o->degraded && !bpf_program__autoload(program))
			fprintf(f, "  degraded: %s\n", o->degraded);
	}
	if (is_confidential())
		fprintf(f,
			"  degraded: locked down to confidentiality, so no paths of new cgroups\n");
	if (!cgroup_find("/", &root))
		fprintf(f, "  degraded: no cgroup hierarchy of version 2, so no cgroup paths\n");
	if (!in_initial_pid_namespace())
		fprintf(f, "  degraded: in a PID namespace; events and --pid have the host's ids, "
			   "and who reads the output is not left out\n");
}
