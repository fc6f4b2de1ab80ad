/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The filters that all tools have: each alone, all of them together, and what each means by a
 * process. Which processes a tree has is tree.c's.
 */
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <linux/securebits.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/glob.h"
#include "bpf/lib/filter.h"
#include "tests/bpf/filter.skel.h"
#include "tests/bpf/run.h"

#define OTHER_UID 54321

static struct filter_bpf *bpf;

static void load(const struct filter_config *config)
{
	bpf = filter_bpf__open();
	must(bpf);
	must(!bpf_map__set_initial_value(bpf->maps.rodata_filter, config, sizeof(*config)));
	bpf_map__set_max_entries(bpf->maps.events, sysconf(_SC_PAGESIZE));
	bpf_program__set_autoload(bpf->progs.tree_fork, false);
	bpf_program__set_autoload(bpf->progs.tree_free, false);
	bpf_program__set_autoload(bpf->progs.tree_seed, false);
	must(!filter_bpf__load(bpf));
}

static void unload(void)
{
	filter_bpf__destroy(bpf);
}

static bool matches(void)
{
	return run_program(bpf_program__fd(bpf->progs.match), NULL, 0);
}

static void set_add(struct bpf_map *map, uint64_t key)
{
	uint8_t one = 1;

	must(!bpf_map__update_elem(map, &key, bpf_map__key_size(map), &one, sizeof(one), BPF_ANY));
}

static void set_remove(struct bpf_map *map, uint64_t key)
{
	must(!bpf_map__delete_elem(map, &key, bpf_map__key_size(map), 0));
}

/* What a child of ours says of itself, having become what `become` makes of it. */
static bool child_matches(void (*become)(uint64_t arg), uint64_t arg)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	must(child >= 0);
	if (!child) {
		if (become)
			become(arg);
		_exit(matches());
	}
	must(waitpid(child, &status, 0) == child && WIFEXITED(status));
	must(WEXITSTATUS(status) <= 1);
	return WEXITSTATUS(status);
}

/*
 * All filters together.
 */

enum {
	PID,
	UID,
	COMM,
	CGROUP,
	TREE,
	EXCLUDE,
	FILTERS,
};
#define ALL (1u << FILTERS)

static uint64_t own_cgroup;

/* Lets the filters in `matching` be about us, and all others about somebody else. */
static void make_state(unsigned matching)
{
	/* Somebody else is not there, and needs not be. */
	const struct {
		struct bpf_map *map;
		uint64_t we, other;
	} sets[] = {
		[PID] = { bpf->maps.pids, getpid(), UINT32_MAX },
		[UID] = { bpf->maps.uids, getuid(), OTHER_UID },
		[CGROUP] = { bpf->maps.cgroups, own_cgroup, UINT64_MAX },
		[EXCLUDE] = { bpf->maps.excluded, getpid(), UINT32_MAX },
	};
	int tree = bpf_map__fd(bpf->maps.tree);
	uint32_t pid = getpid();
	uint64_t start = 1;

	for (size_t i = 0; i < COUNT(sets); i++) {
		if (!sets[i].map)
			continue;
		set_add(sets[i].map, sets[i].other);
		set_add(sets[i].map, sets[i].we);
		if (!(matching & 1u << i))
			set_remove(sets[i].map, sets[i].we);
	}
	must(!prctl(PR_SET_NAME, matching & 1u << COMM ? "grain-test" : "test-grain"));
	must(!bpf_map_update_elem(tree, &pid, &start, BPF_ANY));
	if (!(matching & 1u << TREE))
		must(!bpf_map_delete_elem(tree, &pid));
}

static const char *describe(unsigned set)
{
	static const char *const names[] = { "pid", "uid", "comm", "cgroup", "tree", "exclude" };
	static char text[2][100];
	static int which;
	char *to = text[which ^= 1];

	strcpy(to, set ? "" : " nothing");
	for (int i = 0; i < FILTERS; i++)
		if (set & 1u << i)
			strcat(strcat(to, " "), names[i]);
	return to;
}

/* Each set of filters, with each set of those that match. */
static void test_together(void)
{
	for (unsigned asked = 0; asked < ALL; asked++) {
		struct filter_config config = {
			.by_pid = !!(asked & 1u << PID),
			.by_uid = !!(asked & 1u << UID),
			.by_cgroup = !!(asked & 1u << CGROUP),
			.by_tree = !!(asked & 1u << TREE),
			.exclude = !!(asked & 1u << EXCLUDE),
		};
		unsigned wrong = 0;

		if (config.by_cgroup && !own_cgroup)
			continue;
		if (asked & 1u << COMM)
			must(!glob_add(&config.comm, "grain-t?st"));
		load(&config);
		for (unsigned matching = 0; matching < ALL; matching++) {
			unsigned needed = asked & ~(1u << EXCLUDE);
			bool expected = (matching & needed) == needed &&
					!(asked & matching & 1u << EXCLUDE);

			make_state(matching);
			if (matches() != expected && !wrong++)
				ok(false, "asked for%s: %s is for%s", describe(asked),
				   expected ? "wanted" : "not wanted", describe(matching));
		}
		ok(!wrong, "asked for%s: all of them must match", describe(asked));
		unload();
	}
	must(!prctl(PR_SET_NAME, "filter"));
}

/*
 * One by one.
 */

struct thread_result {
	const char *name;
	pid_t tid;
	bool matches;
};

static void *thread_main(void *arg)
{
	struct thread_result *r = arg;

	r->tid = gettid();
	if (r->name)
		must(!prctl(PR_SET_NAME, r->name));
	r->matches = matches();
	return NULL;
}

static bool thread_matches(const char *name)
{
	struct thread_result r = { .name = name };
	pthread_t thread;

	must(!pthread_create(&thread, NULL, thread_main, &r) && !pthread_join(thread, NULL));
	must(r.tid != getpid());
	return r.matches;
}

static void add_self(uint64_t map)
{
	set_add((struct bpf_map *)(uintptr_t)map, gettid());
}

/* A thread's own id is not that of its process. */
static void *thread_alone(void *arg)
{
	set_add(bpf->maps.pids, gettid());
	return thread_main(arg);
}

static void test_pid(void)
{
	struct filter_config config = { .by_pid = 1 };
	struct thread_result r = {};
	pthread_t thread;

	load(&config);
	ok(!matches(), "pid: none is none");
	must(!pthread_create(&thread, NULL, thread_alone, &r) && !pthread_join(thread, NULL));
	ok(!r.matches, "pid: a thread's id is not its process's");
	set_add(bpf->maps.pids, getpid());
	ok(matches(), "pid: ours");
	ok(thread_matches(NULL), "pid: a thread has that of its process");
	ok(!child_matches(NULL, 0), "pid: a child is another process");
	ok(child_matches(add_self, (uintptr_t)bpf->maps.pids), "pid: unless it is given too");
	ok(matches(), "pid: then we match as well");
	unload();
}

static void test_exclude(void)
{
	struct filter_config config = { .exclude = 1 };

	load(&config);
	ok(matches(), "exclude: nobody");
	set_add(bpf->maps.excluded, getpid());
	ok(!matches(), "exclude: us");
	ok(!thread_matches(NULL), "exclude: and our threads");
	ok(child_matches(NULL, 0), "exclude: not a child");
	ok(!child_matches(add_self, (uintptr_t)bpf->maps.excluded),
	   "exclude: unless it is given too");
	ok(!matches(), "exclude: then both of us are");
	unload();
}

/* What a new uid does to capabilities is not our subject. */
static void keep_capabilities(void)
{
	must(!prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP));
}

static void become_real(uint64_t uid)
{
	keep_capabilities();
	must(!setresuid(uid, 0, 0));
}

static void become_effective(uint64_t uid)
{
	keep_capabilities();
	must(!setresuid(0, uid, uid));
}

static void become_all(uint64_t uid)
{
	keep_capabilities();
	must(!setresuid(uid, uid, uid));
}

static void test_uid(void)
{
	struct filter_config config = { .by_uid = 1 };

	load(&config);
	set_add(bpf->maps.uids, OTHER_UID);
	ok(!matches(), "uid: not ours");
	ok(child_matches(become_real, OTHER_UID), "uid: a child's real one");
	ok(!child_matches(become_effective, OTHER_UID), "uid: not a child's effective one");
	ok(child_matches(become_all, OTHER_UID), "uid: a child's real and effective one");
	ok(!child_matches(become_all, OTHER_UID + 1), "uid: not another one");
	set_add(bpf->maps.uids, OTHER_UID + 1);
	ok(child_matches(become_all, OTHER_UID + 1), "uid: two, the second one");
	ok(child_matches(become_all, OTHER_UID), "uid: two, the first one");
	ok(!matches(), "uid: two, neither is ours");
	unload();
}

static void test_comm(void)
{
	static const char *const patterns[][3] = {
		{ "nginx" },
		{ "ng*" },
		{ "*x" },
		{ "n?inx" },
		{ "[m-o]ginx" },
		{ "[!n]*" },
		{ "*" },
		{ "?" },
		{ "fifteen-charact" },
		{ "fifteen-charac" },
		{ "fifteen-charac?" },
		{ "fifteen-charact?" },
		{ "fifteen*" },
		{ "*n[\x80-\xff]*" },
		{ "\\*" },
		{ "nginx", "b*h" },
		{ "x*", "[ab]ash", "?" },
	};
	static const char *const names[] = {
		"nginx",     "ngin",	  "nginxx",	     "bash", "bath", "", "*", "a", "n",
		"x",	     "aash",	  "fifteen-charact", /* all that a name has room for */
		"new\nline", "n\xff\x80",
	};

	for (size_t i = 0; i < COUNT(patterns); i++) {
		struct filter_config config = {};
		unsigned matched = 0, wrong = 0;
		char all[100] = "";

		for (size_t p = 0; p < COUNT(*patterns) && patterns[i][p]; p++) {
			must(!glob_add(&config.comm, patterns[i][p]));
			strcat(strcat(all, p ? " or " : ""), patterns[i][p]);
		}
		load(&config);
		for (size_t n = 0; n < COUNT(names); n++) {
			bool expected = false;

			for (size_t p = 0; p < COUNT(*patterns) && patterns[i][p]; p++)
				expected |= !fnmatch(patterns[i][p], names[n], 0);
			must(!prctl(PR_SET_NAME, names[n]));
			matched += expected;
			if (matches() != expected && !wrong++)
				ok(false, "comm: %s %s '%s'", all,
				   expected ? "matches" : "does not match", names[n]);
		}
		ok(!wrong, "comm: %s matches %u of %zu names", all, matched, COUNT(names));
		unload();
	}
	must(!prctl(PR_SET_NAME, "filter"));
}

static void test_thread_name(void)
{
	struct filter_config config = {};

	must(!glob_add(&config.comm, "leader"));
	load(&config);
	must(!prctl(PR_SET_NAME, "leader"));
	ok(thread_matches("worker"), "comm: a thread has its process's");
	must(!prctl(PR_SET_NAME, "other"));
	ok(!thread_matches("leader"), "comm: not its own");
	must(!prctl(PR_SET_NAME, "filter"));
	unload();
}

/*
 * Control groups: made in a mount of the hierarchy that only we see, and removed.
 */

#define MOUNT "/tmp/cgroup"

static char top[100]; /* ours, on the first level, below which all others are made */
static pid_t maker;

static int remove_directory(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	return type == FTW_DP ? rmdir(path) : 0;
}

/* However the test ends, but not when a child does. */
static void remove_cgroups(void)
{
	if (getpid() == maker && nftw(top, remove_directory, 16, FTW_DEPTH | FTW_PHYS))
		fprintf(stderr, "cgroup %s: %s\n", top, strerror(errno));
}

static bool have_cgroups(void)
{
	char line[4096], *path = NULL;
	struct stat st;
	FILE *f;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", "/tmp", "tmpfs", 0, NULL) || mkdir(MOUNT, 0700) ||
	    mount("cgroup2", MOUNT, "cgroup2", 0, NULL))
		return false;
	f = fopen("/proc/self/cgroup", "re");
	while (f && !path && fgets(line, sizeof(line), f))
		if (!strncmp(line, "0::", 3))
			path = line + 3;
	if (f)
		fclose(f);
	if (!path)
		return false;
	path[strcspn(path, "\n")] = '\0';
	if (chdir(MOUNT) || stat(path[1] ? path + 1 : ".", &st))
		return false;
	own_cgroup = st.st_ino;
	snprintf(top, sizeof(top), "graintools-test-%d", getpid());
	if (mkdir(top, 0755))
		return false;
	maker = getpid();
	atexit(remove_cgroups);
	return true;
}

/* Of a cgroup below `top`. */
static uint64_t id_of(const char *path)
{
	char full[4096];
	struct stat st;

	snprintf(full, sizeof(full), "%s/%s", top, path);
	must(!stat(full, &st));
	return st.st_ino;
}

static void make_cgroup(const char *path)
{
	char full[4096];

	snprintf(full, sizeof(full), "%s/%s", top, path);
	must(!mkdir(full, 0755));
}

static void enter_cgroup(uint64_t path)
{
	char file[4200];
	int fd;

	snprintf(file, sizeof(file), "%s/%s/cgroup.procs", top, (const char *)(uintptr_t)path);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	must(fd >= 0 && write(fd, "0", 1) == 1);
	close(fd);
}

static bool matches_in(const char *path)
{
	return child_matches(enter_cgroup, (uintptr_t)path);
}

static void test_cgroup(void)
{
	static const char *const paths[] = { "a", "a/b", "a/b/c", "a/sibling", "ab" };
	struct filter_config config = { .by_cgroup = 1 };
	struct stat root;

	for (size_t i = 0; i < COUNT(paths); i++)
		make_cgroup(paths[i]);

	load(&config);
	ok(!matches_in("a"), "cgroup: none is none");
	set_add(bpf->maps.cgroups, id_of("a/b"));
	ok(!matches(), "cgroup: not ours");
	ok(matches_in("a/b"), "cgroup: itself");
	ok(matches_in("a/b/c"), "cgroup: one below it");
	ok(!matches_in("a"), "cgroup: not the one above it");
	ok(!matches_in("a/sibling"), "cgroup: not one beside it");
	ok(!matches_in("ab"), "cgroup: not one of a similar name");
	set_add(bpf->maps.cgroups, id_of("ab"));
	ok(matches_in("ab"), "cgroup: two, the second one");
	ok(matches_in("a/b/c"), "cgroup: two, below the first one");
	ok(!matches_in("a/sibling"), "cgroup: two, neither of them");
	unload();

	load(&config);
	must(!stat(".", &root));
	set_add(bpf->maps.cgroups, root.st_ino);
	ok(matches() && matches_in("a/b/c"), "cgroup: the root has all below it");
	unload();
}

/* As deep as the filter looks. */
static void test_deep_cgroup(void)
{
	struct filter_config config = { .by_cgroup = 1 };
	char path[200] = "d";

	for (int level = 2; level < 31; level++) {
		make_cgroup(path);
		strcat(path, "/d");
	}
	make_cgroup(path);
	load(&config);
	set_add(bpf->maps.cgroups, id_of(path));
	ok(matches_in(path), "cgroup: on the 31st level");
	set_add(bpf->maps.cgroups, id_of("d"));
	ok(matches_in("d/d") && !matches_in("."), "cgroup: on the second level");
	unload();
}

static void test_events(void)
{
	struct filter_config config = { .events = 0x8000000180010005 };
	uint64_t got = 0;

	load(&config);
	for (uint32_t type = 0; type < 64; type++)
		if (run_program(bpf_program__fd(bpf->progs.wanted), &type, sizeof(type)))
			got |= 1ull << type;
	is_u64(got, config.events, "events are wanted by their types");
	unload();
}

int main(void)
{
	bool cgroups;

	need_root();
	cgroups = have_cgroups();
	test_together();
	test_pid();
	test_exclude();
	test_uid();
	test_comm();
	test_thread_name();
	if (cgroups) {
		test_cgroup();
		test_deep_cgroup();
	} else {
		skip("cgroup: the default hierarchy can't be mounted here");
	}
	test_events();
	return done();
}
