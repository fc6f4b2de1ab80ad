/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Says who it is, as one JSON object with the keys of process.exec, from /proc
 * and from the auxiliary vector; null is a field that the event must not have.
 * A string that is not plain ASCII is given as KEY_bytes, in hex. What no event
 * has is below "also".
 *
 * In a PID namespace it wants the /proc of the initial one.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define DELETED	     " (deleted)"
#define ANCESTORS    16
#define PTS_MAJOR    136 /* UNIX98_PTY_SLAVE_MAJOR, and seven more */
#define NO_LOGINUID  4294967295u
#define START_FIELD  22 /* proc(5): starttime in /proc/PID/stat */
#define TTY_NR_FIELD 7

static bool is_plain(const char *s)
{
	for (; *s; s++)
		if (*s < ' ' || *s > '~')
			return false;
	return true;
}

static void put_quoted(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putchar('\\');
		putchar(*s);
	}
	putchar('"');
}

static void put_hex(const char *s)
{
	putchar('"');
	for (; *s; s++)
		printf("%02x", (unsigned char)*s);
	putchar('"');
}

/* NULL: the event must not have it. */
static void put_string(const char *key, const char *s)
{
	bool plain = !s || is_plain(s);

	printf(",\"%s%s\":", key, plain ? "" : "_bytes");
	if (!s)
		printf("null");
	else if (plain)
		put_quoted(s);
	else
		put_hex(s);
}

static void put_number(const char *key, long long n)
{
	printf(",\"%s\":%lld", key, n);
}

static void put_flag(const char *key, bool set)
{
	printf(",\"%s\":%s", key, set ? "true" : "null");
}

/* A whole small file, without the newline at its end. NULL when it can't be
 * read. */
static char *read_file(const char *path)
{
	static char content[8192];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, content, sizeof(content) - 1);

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return NULL;
	content[n] = '\0';
	if (n && content[n - 1] == '\n')
		content[n - 1] = '\0';
	return content;
}

/* What follows `key` in /proc/PID/status, to the end of its line; PID 0 is this
 * process. */
static char *status_line(int pid, const char *key)
{
	char path[64], *line, *end;

	snprintf(path, sizeof(path), pid ? "/proc/%d/status" : "/proc/self/status", pid);
	line = read_file(path);
	line = line ? strstr(line, key) : NULL;
	if (!line)
		return NULL;
	line += strlen(key);
	line += strspn(line, "\t ");
	end = strchrnul(line, '\n');
	*end = '\0';
	return line;
}

/* A field of /proc/self/stat. The second one, the name, may have anything in
 * it. */
static unsigned long long stat_field(int field)
{
	char *p = strrchr(read_file("/proc/self/stat"), ')');

	for (int i = 2; i < field; i++)
		p = strchr(p + 1, ' ');
	return strtoull(p, NULL, 10);
}

static const char *comm_of(int pid)
{
	static char comm[32];
	char path[64];

	snprintf(path, sizeof(path), pid ? "/proc/%d/comm" : "/proc/self/comm", pid);
	snprintf(comm, sizeof(comm), "%s", read_file(path) ?: "");
	return comm;
}

static int parent_of(int pid)
{
	char *ppid = status_line(pid, "\nPPid:");

	return ppid ? atoi(ppid) : 0;
}

/* Where a link in /proc leads, in `to`; NULL when that is longer than a path
 * may be. */
static char *follow(const char *link, char to[PATH_MAX])
{
	ssize_t n = readlink(link, to, PATH_MAX - 1);

	if (n < 0)
		return NULL;
	to[n] = '\0';
	return to;
}

static void put_ids(void)
{
	char *ids = status_line(0, "\nNSpid:"), *last = strrchr(ids, '\t');
	int pid = atoi(ids), nspid = last ? atoi(last) : 0;

	printf("{\"event\":\"process.exec\"");
	put_number("pid", pid);
	put_number("tid", pid);
	put_number("ppid", parent_of(0));
	if (nspid)
		put_number("nspid", nspid);
	else
		put_string("nspid", NULL);
	put_number("uid", getuid());
	put_number("gid", getgid());
	put_number("euid", geteuid());
	put_number("egid", getegid());
	put_flag("secureexec", getauxval(AT_SECURE));
}

static void put_loginuid(void)
{
	char *loginuid = read_file("/proc/self/loginuid");

	if (!loginuid || strtoul(loginuid, NULL, 10) == NO_LOGINUID)
		put_string("loginuid", NULL);
	else
		put_number("loginuid", strtoul(loginuid, NULL, 10));
}

static void put_tty(void)
{
	unsigned long long tty = stat_field(TTY_NR_FIELD);
	char name[32];

	if (!tty) {
		put_string("tty", NULL);
	} else if (major(tty) >= PTS_MAJOR && major(tty) < PTS_MAJOR + 8) {
		snprintf(name, sizeof(name), "pts/%d",
			 (int)((major(tty) - PTS_MAJOR) << 8 | minor(tty)));
		put_string("tty", name);
	}
}

static void put_paths(char *argv0)
{
	const char *filename = (const char *)getauxval(AT_EXECFN);
	char exe[PATH_MAX], cwd[PATH_MAX], *deleted;
	struct stat asked, real;
	bool fileless;

	/* For a script the kernel was asked for one file and executed another, whose
	 * name argv[0] then is. */
	if (!stat(filename, &asked) && !stat("/proc/self/exe", &real) &&
	    (asked.st_ino != real.st_ino || asked.st_dev != real.st_dev)) {
		put_string("interpreter", argv0);
		put_string("script", filename);
	} else {
		put_string("interpreter", NULL);
		put_string("script", NULL);
	}
	put_string("filename", filename);

	if (follow("/proc/self/exe", exe)) {
		deleted = strstr(exe, DELETED);
		if (deleted)
			*deleted = '\0';
		fileless = !strncmp(exe, "/memfd:", 7);
		put_string("exe", exe);
		put_flag("exe_deleted", deleted && !fileless);
		put_flag("fileless", fileless);
		put_flag("exe_truncated", false);
	}
	if (follow("/proc/self/cwd", cwd)) {
		put_string("cwd", cwd);
		put_flag("cwd_truncated", false);
	}
}

static void put_ancestors(void)
{
	int pid = parent_of(0);

	put_string("parent_comm", comm_of(pid));
	printf(",\"ancestors\":[");
	for (int i = 0; pid && i < ANCESTORS; i++) {
		const char *comm = comm_of(pid);

		printf("%s{\"comm%s\":", i ? "," : "", is_plain(comm) ? "" : "_bytes");
		if (is_plain(comm))
			put_quoted(comm);
		else
			put_hex(comm);
		put_number("pid", pid);
		printf("}");
		pid = parent_of(pid);
	}
	printf("]");
	put_flag("ancestors_truncated", pid);
}

static void put_args(char **argv)
{
	bool plain = true;

	for (char **arg = argv; *arg; arg++)
		plain = plain && is_plain(*arg);
	printf(",\"args%s\":[", plain ? "" : "_bytes");
	for (char **arg = argv; *arg; arg++) {
		printf("%s", arg > argv ? "," : "");
		if (plain)
			put_quoted(*arg);
		else
			put_hex(*arg);
	}
	printf("]");
}

static void put_cgroup(void)
{
	char *cgroup = read_file("/proc/self/cgroup");

	cgroup = cgroup ? strstr(cgroup, "0::/") : NULL;
	if (!cgroup)
		return;
	cgroup += strlen("0::");
	*strchrnul(cgroup, '\n') = '\0';
	put_string("cgroup", cgroup);
}

static void put_also(void)
{
	char now[32];
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	strftime(now, sizeof(now), "%FT%T", gmtime(&t.tv_sec));
	printf(",\"also\":{\"now\":\"%s.%09ldZ\"", now, t.tv_nsec);
	put_number("start_ticks", stat_field(START_FIELD));
	put_number("ticks_per_second", sysconf(_SC_CLK_TCK));
	printf("}");
}

int main(int argc, char **argv)
{
	(void)argc;
	put_ids();
	put_string("comm", comm_of(0));
	put_loginuid();
	put_tty();
	put_paths(argv[0]);
	put_ancestors();
	put_args(argv);
	put_cgroup();
	put_also();
	printf("}\n");
	return fflush(stdout) ? 1 : 0;
}
