/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which processes are followed by `-- COMMAND` and --tree: descendants that are forked while the
 * tool watches, and those that run already. Each process asks about itself.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "bpf/lib/event.h"
#include "bpf/lib/filter.h"
#include "tests/bpf/run.h"
#include "tests/bpf/tree.skel.h"

static struct tree_bpf *bpf;
static struct bpf_link *fork_link, *free_link;
static int match_fd; /* of the program; stays open across exec */

/* Who is asked, what they say, and who that is. In memory that all processes share. */
static struct answer {
	const char *who;
	bool expected;
	int match; /* -1: has not answered */
	pid_t pid;
} * answers;
#define ANSWERS 64

static void load(void)
{
	struct filter_config config = { .by_tree = 1 };

	bpf = tree_bpf__open();
	must(bpf);
	must(!bpf_map__set_initial_value(bpf->maps.rodata_filter, &config, sizeof(config)));
	bpf_map__set_max_entries(bpf->maps.events, sysconf(_SC_PAGESIZE));
	must(!tree_bpf__load(bpf));
	match_fd = dup(bpf_program__fd(bpf->progs.match));
	must(match_fd >= 0);
	fork_link = bpf_program__attach(bpf->progs.tree_fork);
	free_link = bpf_program__attach(bpf->progs.tree_free);
	must(fork_link && free_link);
}

static void unload(void)
{
	struct tally each[libbpf_num_possible_cpus()];
	uint32_t type = EVENT_TREE;

	must(!bpf_map__lookup_elem(bpf->maps.tallies, &type, sizeof(type), each, sizeof(each), 0));
	for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++)
		if (each[cpu].produced || each[cpu].lost)
			ok(false, "no process could not be followed");
	close(match_fd);
	bpf_link__destroy(fork_link);
	bpf_link__destroy(free_link);
	tree_bpf__destroy(bpf);
}

static void add_root(uint32_t pid)
{
	uint8_t one = 1;

	must(!bpf_map__update_elem(bpf->maps.tree_roots, &pid, sizeof(pid), &one, sizeof(one),
				   BPF_ANY));
}

/* Marks what runs, once. Returns how many tasks that were. */
static size_t seed(void)
{
	struct bpf_link *link = bpf_program__attach(bpf->progs.tree_seed);
	char marks[4096];
	size_t all = 0;
	ssize_t n;
	int fd;

	must(link);
	fd = bpf_iter_create(bpf_link__fd(link));
	must(fd >= 0);
	while ((n = read(fd, marks, sizeof(marks))) > 0)
		all += n;
	must(!n);
	close(fd);
	bpf_link__destroy(link);
	return all;
}

static void expect(unsigned which, bool expected, const char *who)
{
	answers[which] = (struct answer){ .who = who, .expected = expected, .match = -1 };
}

/* For the calling thread. */
static void answer(unsigned which)
{
	answers[which].pid = getpid();
	answers[which].match = run_program(match_fd, NULL, 0);
}

static void check_answers(const char *group)
{
	for (struct answer *a = answers; a->who; a++) {
		ok(a->match == a->expected, "%s: %s is %s", group, a->who,
		   a->expected ? "followed" : "not followed");
		if (a->match < 0)
			printf("#   it has not answered\n");
	}
	memset(answers, 0, ANSWERS * sizeof(*answers));
}

/* Whoever waits for something when this test fails ends with its parent. */
static void end_with_parent(void)
{
	must(!prctl(PR_SET_PDEATHSIG, SIGKILL));
}

static pid_t must_fork(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (!pid)
		end_with_parent();
	return pid;
}

static void must_end(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, __WALL) == pid && WIFEXITED(status) && !WEXITSTATUS(status));
}

/* Where processes wait for each other: an eventfd(2) that counts. */
static int make_gate(void)
{
	int gate = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);

	must(gate >= 0);
	return gate;
}

static void open_gate(int gate, uint64_t times)
{
	must(write(gate, &times, sizeof(times)) == sizeof(times));
}

static void pass_gate(int gate, int times)
{
	uint64_t one;

	while (times--)
		must(read(gate, &one, sizeof(one)) == sizeof(one));
}

static void run_thread(void *(*run)(void *), unsigned which)
{
	pthread_t thread;

	must(!pthread_create(&thread, NULL, run, (void *)(uintptr_t)which));
	must(!pthread_join(thread, NULL));
}

/* A process whose first thread ends before the other, and stays as a zombie. */
static void run_without_leader(void *(*run)(void *), unsigned which)
{
	pthread_t thread;

	must(!pthread_create(&thread, NULL, run, (void *)(uintptr_t)which));
	syscall(SYS_exit, 0); /* this thread alone */
}

static void wait_for_zombie_leader(void)
{
	char path[64], state[500];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", getpid());
	do {
		sched_yield();
		fd = open(path, O_RDONLY | O_CLOEXEC);
		must(fd >= 0);
		n = read(fd, state, sizeof(state) - 1);
		must(n > 0);
		state[n] = '\0';
		close(fd);
	} while (!strstr(state, ") Z "));
}

/*
 * Forked while the tool watches.
 */

enum {
	ROOT,
	CHILD,
	GRANDCHILD,
	THREAD,
	CHILD_OF_THREAD,
	THREAD_OF_CHILD,
	DAEMON,
	DAEMON_LATER,
	BY_EXEC,
	BY_EXEC_OF_THREAD,
	BY_SPAWN,
	BROTHER,
	IN_PID_NAMESPACE,
	WITHOUT_LEADER,
	OLDER,
	YOUNGER,
	PARENT,
};

#define MATCHES 10 /* exit status of a new program that is followed; one less if not */

/* The new program's main(). */
static int executed(char **argv)
{
	return MATCHES - !run_program(atoi(argv[1]), NULL, 0);
}

static void execute(void)
{
	char fd[16];

	snprintf(fd, sizeof(fd), "%d", match_fd);
	execl("/proc/self/exe", "tree", fd, NULL);
	must(false);
}

/* A new program does not share our memory. */
static void answer_by_status(unsigned which, pid_t child)
{
	int status;

	must(waitpid(child, &status, 0) == child && WIFEXITED(status));
	must(WEXITSTATUS(status) == MATCHES || WEXITSTATUS(status) == MATCHES - 1);
	answers[which].match = WEXITSTATUS(status) == MATCHES;
}

static void *thread_answers(void *which)
{
	answer((uintptr_t)which);
	return NULL;
}

static void *thread_forks(void *which)
{
	pid_t child = must_fork();

	if (!child) {
		answer((uintptr_t)which);
		_exit(0);
	}
	must_end(child);
	return NULL;
}

static void *thread_executes(void *unused)
{
	(void)unused;
	must(gettid() != getpid());
	execute();
	return NULL;
}

static void *thread_outlives_leader(void *which)
{
	wait_for_zombie_leader();
	answer((uintptr_t)which);
	_exit(0);
}

/* Forks twice: the daemon's parent, who adopts it, is not in the tree. */
static void daemonise(int daemon_answered, int end)
{
	pid_t between = must_fork();

	if (!between) {
		pid_t parent = getpid(), child = fork();

		must(child >= 0);
		if (child)
			_exit(0);
		while (getppid() == parent)
			sched_yield();
		end_with_parent();
		answer(DAEMON);
		open_gate(daemon_answered, 1);
		pass_gate(end, 1);
		answer(DAEMON_LATER);
		_exit(0);
	}
	must_end(between);
	pass_gate(daemon_answered, 1);
}

static void be_root(int daemon_answered, int end)
{
	char fd[16], *argv[] = { "tree", fd, NULL };
	pid_t child;

	answer(ROOT);
	child = must_fork();
	if (!child) {
		answer(CHILD);
		run_thread(thread_answers, THREAD_OF_CHILD);
		thread_forks((void *)GRANDCHILD);
		_exit(0);
	}
	must_end(child);
	run_thread(thread_answers, THREAD);
	run_thread(thread_forks, CHILD_OF_THREAD);
	daemonise(daemon_answered, end);

	child = must_fork();
	if (!child)
		execute();
	answer_by_status(BY_EXEC, child);
	child = must_fork();
	if (!child)
		run_thread(thread_executes, 0);
	answer_by_status(BY_EXEC_OF_THREAD, child);
	snprintf(fd, sizeof(fd), "%d", match_fd);
	must(!posix_spawn(&child, "/proc/self/exe", NULL, NULL, argv, NULL));
	answer_by_status(BY_SPAWN, child);

	/* Its parent is ours. */
	child = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
	must(child >= 0);
	if (!child) {
		answer(BROTHER);
		_exit(0);
	}
	answers[BROTHER].pid = child;

	child = must_fork();
	if (!child) {
		must(!unshare(CLONE_NEWPID));
		thread_forks((void *)IN_PID_NAMESPACE);
		_exit(0);
	}
	must_end(child);
	child = must_fork();
	if (!child)
		run_without_leader(thread_outlives_leader, WITHOUT_LEADER);
	must_end(child);
	_exit(0);
}

static void test_following(void)
{
	int go = make_gate(), end = make_gate(), daemon_answered = make_gate();
	pid_t older, root, younger;
	uint32_t pid;

	expect(ROOT, true, "the root");
	expect(CHILD, true, "a child");
	expect(GRANDCHILD, true, "a grandchild");
	expect(THREAD, true, "a thread");
	expect(CHILD_OF_THREAD, true, "a child of a thread");
	expect(THREAD_OF_CHILD, true, "a thread of a child");
	expect(DAEMON, true, "a daemon");
	expect(DAEMON_LATER, true, "a daemon, the root having ended");
	expect(BY_EXEC, true, "a child that executes a program");
	expect(BY_EXEC_OF_THREAD, true, "a child whose second thread executes a program");
	expect(BY_SPAWN, true, "a program by posix_spawn");
	expect(BROTHER, true, "a child that is made a brother");
	expect(IN_PID_NAMESPACE, true, "a child in a PID namespace of its own");
	expect(WITHOUT_LEADER, true, "a thread that outlives its process's first one");
	expect(OLDER, false, "an older brother");
	expect(YOUNGER, false, "a younger brother");
	expect(PARENT, false, "the parent");

	load();
	older = must_fork();
	if (!older) {
		pass_gate(end, 1);
		answer(OLDER);
		_exit(0);
	}
	root = must_fork();
	if (!root) {
		pass_gate(go, 1);
		be_root(daemon_answered, end);
	}
	add_root(root);
	is_u64(seed(), 1, "following: only the root runs");
	is_u64(seed(), 0, "following: which is marked once");
	younger = must_fork();
	if (!younger) {
		pass_gate(end, 1);
		answer(YOUNGER);
		_exit(0);
	}
	open_gate(go, 1);
	must_end(root);
	must_end(answers[BROTHER].pid);
	answer(PARENT);
	open_gate(end, 3);
	must_end(older);
	must_end(younger);
	must_end(answers[DAEMON].pid); /* which we have adopted: see main() */
	check_answers("following");
	/* The kernel gives a process back some time after its end; else alarm(2) ends this. */
	while (!bpf_map__get_next_key(bpf->maps.tree, NULL, &pid, sizeof(pid)))
		sched_yield();
	ok(true, "following: those that have ended are forgotten");
	unload();
	close(go);
	close(end);
	close(daemon_answered);
}

/*
 * Running already.
 */

enum {
	SEED_ROOT,
	SEED_THREAD,
	SEED_FORKING_THREAD,
	SEED_CHILD_OF_THREAD,
	SEED_CHILD,
	SEED_THREAD_OF_CHILD,
	SEED_GRANDCHILD,
	SEED_LATER,
	SEED_WITHOUT_LEADER,
	SEED_SECOND_ROOT,
	SEED_BROTHER,
	SEED_PARENT,
	SEED_DEEPEST,
};
#define SEED_WAITING   9 /* who wait for the gate, brother included */
#define SEED_PROCESSES 6 /* brother not included, but the one whose first thread has ended */

static int ready, go;

static void wait_and_answer(unsigned which)
{
	open_gate(ready, 1);
	pass_gate(go, 1);
	answer(which);
}

static void *thread_waits(void *which)
{
	wait_and_answer((uintptr_t)which);
	return NULL;
}

static void *thread_waits_without_leader(void *which)
{
	wait_for_zombie_leader();
	wait_and_answer((uintptr_t)which);
	_exit(0);
}

static void *thread_forks_and_waits(void *which)
{
	pid_t child = must_fork();

	if (!child) {
		wait_and_answer((uintptr_t)which);
		_exit(0);
	}
	must_end(child);
	answer(SEED_FORKING_THREAD);
	return NULL;
}

static void be_running_child(void)
{
	pthread_t thread;
	pid_t child;

	must(!pthread_create(&thread, NULL, thread_waits, (void *)SEED_THREAD_OF_CHILD));
	child = must_fork();
	if (!child) {
		wait_and_answer(SEED_GRANDCHILD);
		thread_forks((void *)SEED_LATER);
		_exit(0);
	}
	wait_and_answer(SEED_CHILD);
	must(!pthread_join(thread, NULL));
	must_end(child);
	_exit(0);
}

static void be_running_root(void)
{
	pid_t child, without_leader;
	pthread_t threads[2];

	must(!pthread_create(&threads[0], NULL, thread_waits, (void *)SEED_THREAD));
	must(!pthread_create(&threads[1], NULL, thread_forks_and_waits,
			     (void *)SEED_CHILD_OF_THREAD));
	child = must_fork();
	if (!child)
		be_running_child();
	without_leader = must_fork();
	if (!without_leader)
		run_without_leader(thread_waits_without_leader, SEED_WITHOUT_LEADER);
	wait_and_answer(SEED_ROOT);
	must_end(child);
	must_end(without_leader);
	must(!pthread_join(threads[0], NULL) && !pthread_join(threads[1], NULL));
	_exit(0);
}

static void test_seeding(void)
{
	pid_t root, second, brother;

	expect(SEED_ROOT, true, "the root");
	expect(SEED_THREAD, true, "its second thread");
	expect(SEED_FORKING_THREAD, true, "its third thread");
	expect(SEED_CHILD_OF_THREAD, true, "the child of its third thread");
	expect(SEED_CHILD, true, "a child");
	expect(SEED_THREAD_OF_CHILD, true, "the child's second thread");
	expect(SEED_GRANDCHILD, true, "a grandchild");
	expect(SEED_LATER, true, "a child that this forks now");
	expect(SEED_WITHOUT_LEADER, true, "a thread that outlived its process's first one");
	expect(SEED_SECOND_ROOT, true, "another root");
	expect(SEED_BROTHER, false, "a brother");
	expect(SEED_PARENT, false, "the parent");

	ready = make_gate();
	go = make_gate();
	load();
	root = must_fork();
	if (!root)
		be_running_root();
	second = must_fork();
	if (!second) {
		wait_and_answer(SEED_SECOND_ROOT);
		_exit(0);
	}
	brother = must_fork();
	if (!brother) {
		wait_and_answer(SEED_BROTHER);
		_exit(0);
	}
	pass_gate(ready, SEED_WAITING);
	is_u64(seed(), 0, "seeding: without a root none is marked");
	add_root(root);
	add_root(second);
	is_u64(seed(), SEED_PROCESSES, "seeding: each process is taken in");
	is_u64(seed(), 0, "seeding: once");
	open_gate(go, SEED_WAITING);
	must_end(root);
	must_end(second);
	must_end(brother);
	answer(SEED_PARENT);
	check_answers("seeding");
	unload();
	close(ready);
	close(go);
}

/* A chain of processes, each the parent of the next. The last one answers. */
#define GENERATIONS 60

static void test_generations(void)
{
	pid_t root, child;

	expect(0, true, "the last of 60 generations");
	ready = make_gate();
	go = make_gate();
	load();
	root = must_fork();
	if (!root) {
		for (int i = 0; i < GENERATIONS; i++) {
			child = must_fork();
			if (child) {
				must_end(child);
				_exit(0);
			}
		}
		wait_and_answer(0);
		_exit(0);
	}
	pass_gate(ready, 1);
	add_root(root);
	is_u64(seed(), GENERATIONS + 1, "seeding: all generations are marked");
	open_gate(go, 1);
	must_end(root);
	check_answers("seeding");
	unload();
	close(ready);
	close(go);
}

/*
 * In a PID namespace the tool knows processes by other numbers than the kernel's first.
 */

enum {
	NS_TOOL,
	NS_ROOT,
	NS_CHILD,
	NS_DEEPER,
	NS_OTHER_INIT,
	NS_OTHER,
};
#define NS_WAITING 5

/* What runs as the first process of a new namespace. */
static pid_t start_namespace(void (*run)(void))
{
	pid_t outside = must_fork(), init;

	if (outside)
		return outside;
	must(!unshare(CLONE_NEWPID));
	init = must_fork();
	if (!init) {
		must(getpid() == 1);
		run();
		_exit(0);
	}
	must_end(init);
	_exit(0);
}

static void be_deeper(void)
{
	wait_and_answer(NS_DEEPER);
}

static void be_tool(void)
{
	pid_t root = must_fork(), child;

	if (!root) {
		must(getpid() == 2);
		child = must_fork();
		if (!child) {
			child = start_namespace(be_deeper);
			wait_and_answer(NS_CHILD);
			must_end(child);
			_exit(0);
		}
		wait_and_answer(NS_ROOT);
		must_end(child);
		_exit(0);
	}
	pass_gate(ready, NS_WAITING);
	add_root(root);
	seed();
	open_gate(go, NS_WAITING);
	must_end(root);
	answer(NS_TOOL);
}

/* The same number as the root's, in a namespace beside the tool's. */
static void be_other(void)
{
	pid_t child = must_fork();

	if (!child) {
		must(getpid() == 2);
		wait_and_answer(NS_OTHER);
		_exit(0);
	}
	wait_and_answer(NS_OTHER_INIT);
	must_end(child);
}

static void test_namespaces(void)
{
	pid_t tool, other;
	uint32_t two = 2;
	uint64_t start;

	expect(NS_TOOL, false, "the tool");
	expect(NS_ROOT, true, "the root, 2 to the tool");
	expect(NS_CHILD, true, "its child");
	expect(NS_DEEPER, true, "a child of that in a namespace below");
	expect(NS_OTHER_INIT, false, "the first process of another namespace");
	expect(NS_OTHER, false, "the second one, 2 to itself");

	ready = make_gate();
	go = make_gate();
	load();
	other = start_namespace(be_other);
	tool = start_namespace(be_tool);
	must_end(tool);
	must_end(other);
	check_answers("in a PID namespace");

	ok(bpf_map_lookup_elem(bpf_map__fd(bpf->maps.tree), &two, &start) && errno == ENOENT,
	   "in a PID namespace: what is 2 outside is not followed");
	unload();
	close(ready);
	close(go);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return executed(argv);
	need_root();
	alarm(60);
	must(!prctl(PR_SET_CHILD_SUBREAPER, 1));
	answers = mmap(NULL, ANSWERS * sizeof(*answers), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(answers != MAP_FAILED);
	test_following();
	test_seeding();
	test_generations();
	test_namespaces();
	return done();
}
