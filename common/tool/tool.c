/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A producer from its first to its last step. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/num.h"
#include "base/stop.h"
#include "tool/internal.h"

/* A descriptor below 3 that is closed would be given to the next file opened, and be written to. */
static bool open_standard_files(void)
{
	bool have_stdout = fcntl(STDOUT_FILENO, F_GETFD) >= 0;

	for (int fd = open("/dev/null", O_RDWR); fd >= 0; fd = dup(fd)) {
		if (fd > STDERR_FILENO) {
			close(fd);
			break;
		}
	}
	return have_stdout;
}

static enum out_format choose_format(const struct options *o)
{
	const char *from_env = getenv("GRAINTOOLS_OUTPUT");
	const char *name = o->output ? o->output : from_env && *from_env ? from_env : NULL;

	if (!name)
		return !o->write && isatty(STDOUT_FILENO) ? OUT_TABLE : OUT_JSON;
	if (!strcmp(name, "table"))
		return OUT_TABLE;
	if (strcmp(name, "json"))
		die(STATUS_USAGE, "%s: '%s' is neither table nor json",
		    o->output ? "--output" : "$GRAINTOOLS_OUTPUT", name);
	return OUT_JSON;
}

/* A terminal that knows colours and where its cursor is. */
static bool has_screen(const struct options *o)
{
	const char *term = getenv("TERM");

	return !o->write && isatty(STDOUT_FILENO) && term && strcmp(term, "dumb");
}

/* By https://no-color.org. */
static bool want_color(const struct options *o)
{
	const char *no_color = getenv("NO_COLOR");

	return has_screen(o) && !(no_color && *no_color);
}

/* `KEY=VALUE` in two. Keys look like the fields' names. */
static struct out_tag make_tag(const char *arg)
{
	char *key = strdup(arg), *equals = key ? strchr(key, '=') : NULL;
	size_t n = key ? strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_") : 0;

	if (!equals || !n || key + n != equals || isdigit((unsigned char)*key))
		die(STATUS_USAGE, "--tag: '%s' is not KEY=VALUE with a KEY of a-z, 0-9 and _", arg);
	*equals = '\0';
	return (struct out_tag){ key, equals + 1 };
}

static struct out_tag *make_tags(const struct options *o)
{
	static struct utsname host;
	struct out_tag *tags = calloc(o->tags.n + 3, sizeof(*tags));
	size_t n = 0;

	if (!tags)
		die(STATUS_FAILED, "out of memory");
	if (o->host) {
		uname(&host);
		tags[n++] = (struct out_tag){ "host", host.nodename };
		tags[n++] = (struct out_tag){ "kernel", host.release };
	}
	for (size_t i = 0; i < o->tags.n; i++)
		tags[n++] = make_tag(o->tags.item[i]);
	return tags;
}

static void open_sinks(struct sinks *to, const struct tool *tool, const struct options *o)
{
	struct out_config config = {
		.format = o->table ? OUT_TABLE : OUT_JSON,
		.color = want_color(o),
		.redact = !o->no_redact,
		.tree = o->tree_view,
		.events = tool->events,
		.selected = o->selected,
		.fields = o->fields,
		.tags = make_tags(o),
		.cgroup_path = cgroup_path,
	};
	char error[1024];

	if (o->top)
		config.by = o->by ?: top_default(&config);
	to->out = out_new(&config, error, sizeof(error));
	if (to->out && o->top)
		to->top = top_new(to->out, &config, error, sizeof(error));
	if (!to->out || (o->top && !to->top))
		die(STATUS_USAGE, "%s", error);
}

/* From /etc/passwd alone: getpwnam(3) of a static binary would need the C library's modules. */
static uint32_t find_user(const char *name)
{
	FILE *f = fopen("/etc/passwd", "re");
	struct passwd *user;
	uint64_t uid;

	if (parse_u64(name, 0, UINT32_MAX - 1, &uid))
		return uid;
	while (f && (user = fgetpwent(f))) {
		if (strcmp(user->pw_name, name))
			continue;
		uid = user->pw_uid;
		fclose(f);
		return uid;
	}
	die(STATUS_USAGE, "--uid: '%s' is neither a number nor a user in /etc/passwd", name);
}

static uint32_t parse_pid(const char *option, const char *arg)
{
	uint64_t pid;

	if (!parse_u64(arg, 1, 1 << 22, &pid)) /* PID_MAX_LIMIT */
		die(STATUS_USAGE, "--%s: '%s' is not a process id", option, arg);
	if (in_initial_pid_namespace() && kill(pid, 0) && errno == ESRCH)
		die(STATUS_USAGE, "--%s: there is no process %s", option, arg);
	return pid;
}

/* The values of all filters, found before anything is loaded, so that an error leaves nothing
 * behind. */
struct filter_values {
	uint32_t *pids, *trees, *uids;
	uint64_t *cgroups;
};

static struct filter_values make_filter_values(const struct options *o)
{
	struct filter_values v = {
		.pids = calloc(o->pids.n + 1, sizeof(*v.pids)),
		.trees = calloc(o->trees.n + 1, sizeof(*v.trees)),
		.uids = calloc(o->uids.n + 1, sizeof(*v.uids)),
		.cgroups = calloc(o->cgroups.n + 1, sizeof(*v.cgroups)),
	};

	if (!v.pids || !v.trees || !v.uids || !v.cgroups)
		die(STATUS_FAILED, "out of memory");
	for (size_t i = 0; i < o->pids.n; i++)
		v.pids[i] = parse_pid("pid", o->pids.item[i]);
	for (size_t i = 0; i < o->trees.n; i++)
		v.trees[i] = parse_pid("tree", o->trees.item[i]);
	for (size_t i = 0; i < o->uids.n; i++)
		v.uids[i] = find_user(o->uids.item[i]);
	for (size_t i = 0; i < o->cgroups.n; i++)
		if (!cgroup_find(o->cgroups.item[i], &v.cgroups[i]))
			die(STATUS_USAGE, "--cgroup: '%s' is no cgroup of the version 2 hierarchy",
			    o->cgroups.item[i]);
	return v;
}

static void set_filters(const struct kernel *k, const struct options *o,
			const struct filter_values *v)
{
	for (size_t i = 0; i < o->pids.n; i++)
		kernel_set_add(k, "pids", &v->pids[i]);
	for (size_t i = 0; i < o->trees.n; i++)
		kernel_set_add(k, "tree_roots", &v->trees[i]);
	for (size_t i = 0; i < o->uids.n; i++)
		kernel_set_add(k, "uids", &v->uids[i]);
	for (size_t i = 0; i < o->cgroups.n; i++)
		kernel_set_add(k, "cgroups", &v->cgroups[i]);
}

static void exclude(void *kernel, uint32_t pid)
{
	kernel_set_add(kernel, "excluded", &pid);
}

static int open_output(const struct options *o)
{
	int fd = STDOUT_FILENO;

	if (o->write && (fd = open(o->write, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) < 0)
		die(STATUS_FAILED, "%s: %s", o->write, strerror(errno));
	return fd;
}

/* What is only there while a process runs is not in a capture. */
static int read_capture(const struct tool *tool, const struct options *o, struct sinks *to)
{
	const char *name = *tool->capture;
	int from = STDIN_FILENO;

	if (o->command || o->pids.n || o->trees.n || o->uids.n || o->cgroups.n || o->comm.used)
		die(STATUS_USAGE,
		    "a capture has no processes: -r can't be used with a command, --pid, "
		    "--tree, --comm, --uid and --cgroup");
	if (strcmp(name, "-") && (from = open(name, O_RDONLY | O_CLOEXEC)) < 0)
		die(STATUS_FAILED, "%s: %s", name, strerror(errno));
	stop_on_signals(false);
	to->fd = open_output(o);
	return run_capture(tool, o, to, from);
}

int tool_main(const struct tool *tool, int argc, char **argv)
{
	bool have_stdout = open_standard_files();
	struct options o = {};
	struct command command = {};
	struct filter_values values;
	enum out_format format;
	struct kernel kernel;
	struct sinks to = {};

	options_parse(tool, &o, argc, argv);
	format = choose_format(&o);
	if (o.tree_view && format != OUT_TABLE)
		die(STATUS_USAGE, "--tree-view needs a table (-o table)");
	if (o.schema) {
		out_schema(stdout, tool->name, tool->events);
		return flush_stdout();
	}
	if (tool->start)
		tool->start(&o.selected);
	if (tool->interface && *tool->interface)
		*tool->interface_l3 = interface_l3(*tool->interface);
	o.table = format == OUT_TABLE;
	o.screen = o.table && has_screen(&o);
	open_sinks(&to, tool, &o);
	values = make_filter_values(&o);
	if (!have_stdout && !o.write && !o.check)
		die(STATUS_FAILED, "standard output is closed");
	if (tool->capture && *tool->capture)
		return read_capture(tool, &o, &to);

	kernel_load(&kernel, tool, &o);
	set_filters(&kernel, &o, &values);
	if (tool->paths)
		kernel_add_paths(&kernel, tool->paths);
	to.fd = open_output(&o);
	if (o.command && !o.check) {
		command_prepare(&command, o.command, o.write);
		kernel_set_add(&kernel, "tree_roots", &(uint32_t){ command.pid });
	}
	/* Once before there are events, and once more for readers that a shell starts after us. */
	readers_find(to.fd, exclude, &kernel);
	kernel_attach(&kernel, tool, &o);
	if (o.check) {
		kernel_report(stdout, &kernel, tool);
		return flush_stdout();
	}
	cgroup_scan();
	stop_forward(command.pid);
	stop_on_signals(o.command);
	readers_find(to.fd, exclude, &kernel);
	return run(&kernel, tool, &o, &to, o.command ? &command : NULL);
}
