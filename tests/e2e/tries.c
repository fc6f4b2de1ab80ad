/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tries to execute what can't be, in ways that are less common than those of `failing`, and prints
 * what its process.exec_failed must say, as JSON objects; null is a field that the event must not
 * have. Strings are given as
 * KEY_bytes, in hex.
 *
 *	tries once PATH ARG...	one call, with these arguments
 *	tries big PROGRAM	with an argument that is too long for any program
 *	tries pointers PROGRAM	with pointers to nothing; PROGRAM could be executed
 *	tries two		two programs, and no other call between them
 *	tries signal		a search, with a signal handled in the middle
 *	tries wait		two calls, and then waits for ever
 *	tries spawn NAME	a search of posix_spawnp(3); prints this process's id
 *	tries killed		a thread, and a process, killed in the middle of a search
 *	tries thread PROGRAM	a thread other than the first one, which then executes PROGRAM
 *	tries leader PROGRAM	the first thread, while another one executes PROGRAM
 *	tries fatal		a thread, which then loses its process to a broken program
 *	tries race N PROGRAM	N processes whose two threads execute PROGRAM at once
 *	tries threads N ROUNDS	N threads at once, each with searches of its own
 *	tries compat PROGRAM	by system calls of the 32-bit ABI, PROGRAM at the end; status 77
 *				where there is none
 */
#include <elf.h>
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS_COUNT   64
#define ARGS_LEN     1536
#define FILENAME_LEN 2047
#define MOST_THREADS 100
#define NOT_HERE     77

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Where no program is. In memory that can be written, so that it is there when the kernel looks. */
static char nowhere[3][20] = { "/nowhere/1", "/nowhere/2", "/nowhere/3" };

/* What threads and processes tell each other without a system call. */
static struct shared {
	atomic_int tid, ready;
} * shared;

static void put_hex(const char *s, size_t n)
{
	putchar('"');
	for (size_t i = 0; i < n; i++)
		printf("%02x", (unsigned char)s[i]);
	putchar('"');
}

/* As many as are kept. `cut`: there are more than these n, which can't be read. */
static void put_args(char **argv, int n, bool cut)
{
	size_t room = ARGS_LEN;

	printf(",\"args_bytes\":[");
	for (int i = 0; i < n; i++) {
		size_t len = strlen(argv[i]) + 1;

		if (i == ARGS_COUNT || !room) {
			cut = true;
			break;
		}
		if (i)
			putchar(',');
		put_hex(argv[i], len > room ? room : len - 1);
		cut = cut || len > room;
		room -= len > room ? room : len;
	}
	printf("],\"args_truncated\":%s", cut ? "true" : "null");
}

struct attempt {
	pid_t pid, tid;
	const char *filename; /* NULL: it can't be read */
	char **argv;	      /* NULL: nor they */
	int error, tries;     /* 0: whatever it is */
	bool cut;	      /* of its arguments only so many can be read: */
	int readable;
};

static void tell(const struct attempt *a)
{
	size_t len = a->filename ? strlen(a->filename) : 0;
	int n = a->readable;

	printf("{\"event\":\"process.exec_failed\",\"pid\":%d,\"tid\":%d", a->pid, a->tid);
	if (a->error)
		printf(",\"error\":\"%s\"", strerrorname_np(a->error));
	printf(",\"tries\":%d,\"filename%s\":", a->tries, a->filename ? "_bytes" : "");
	if (a->filename)
		put_hex(a->filename, len > FILENAME_LEN ? FILENAME_LEN : len);
	else
		printf("null");
	printf(",\"filename_truncated\":%s", len > FILENAME_LEN ? "true" : "null");
	while (!a->cut && a->argv && a->argv[n])
		n++;
	if (a->argv)
		put_args(a->argv, n, a->cut);
	else
		printf(",\"args\":null,\"args_truncated\":null");
	printf("}\n");
	fflush(stdout);
}

static pid_t start(void)
{
	pid_t pid = fork();

	if (pid < 0)
		error(1, errno, "fork");
	return pid;
}

/* In a process of its own, which the parent waits for. */
static bool child(int *status)
{
	pid_t pid = start();

	if (pid && waitpid(pid, status, 0) != pid)
		error(1, errno, "waitpid");
	return !pid;
}

static void thread(void *(*run)(void *), void *argument)
{
	pthread_t id;

	errno = pthread_create(&id, NULL, run, argument);
	if (errno)
		error(1, errno, "pthread_create");
}

/* Without a system call. */
static void wait_for(atomic_int *ready)
{
	while (!atomic_load(ready))
		;
}

/* What the error of the last call is. */
static int try_all(int n, char **argv)
{
	for (int i = 0; i < n; i++)
		execve(nowhere[i], argv, environ);
	return errno;
}

/* What the child has not read since the fork, others than it may be unable to: on arm64 a page is
 * "old" then, and its first use a fault. */
static void touch(char **argv)
{
	volatile size_t n;

	while (*argv)
		n = strlen(*argv++);
	(void)n;
}

static void once(char *path, char **argv)
{
	struct attempt a = { .filename = path, .argv = argv, .tries = 1 };
	int status;

	if (!child(&status))
		return;
	touch(argv);
	syscall(SYS_execve, path, *argv ? argv : NULL, environ);
	a.error = errno;
	a.pid = a.tid = getpid();
	tell(&a);
	_exit(0);
}

static void big(char *program)
{
	static char argument[200000];
	char name[] = "tries", *argv[] = { name, argument, NULL };

	memset(argument, 'x', sizeof(argument) - 1);
	once(program, argv);
}

/* One call; `shown` is what of it can be told. */
static void bad(const char *filename, char **argv, struct attempt shown)
{
	int status;

	if (!child(&status))
		return;
	execve(filename, argv, environ);
	shown.error = errno;
	shown.pid = shown.tid = getpid();
	shown.tries = 1;
	tell(&shown);
	_exit(0);
}

static void pointers(char *program)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *end =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *unended = end + page - 16, **array = (char **)unended;
	char *const wild[] = { (char *)8, (char *)-8, (char *)(1ull << 63), unended };
	char name[] = "tries", argument[] = "argument", *argv[] = { name, argument, NULL };

	mprotect(end + page, page, PROT_NONE);
	memset(unended, 'u', 16); /* and no NUL before the next page, which can't be read */
	bad(NULL, argv, (struct attempt){ .argv = argv });
	for (size_t i = 0; i < COUNT(wild); i++) {
		bad(wild[i], argv, (struct attempt){ .argv = argv });
		argv[1] = wild[i];
		bad(program, argv,
		    (struct attempt){
			    .filename = program, .argv = argv, .cut = true, .readable = 1 });
		argv[1] = argument;
		if (wild[i] != unended)
			bad(program, (char **)wild[i],
			    (struct attempt){ .filename = program, .argv = argv, .cut = true });
	}
	array[0] = name;
	array[1] = argument;
	bad(program, array,
	    (struct attempt){ .filename = program, .argv = argv, .cut = true, .readable = 2 });
}

/* What is searched for in one directory after the other, and by no shell. */
static void two(void)
{
	char name[] = "tries", *first[] = { name, NULL }, *second[] = { name, name, NULL };

	execve(nowhere[0], first, environ);
	execve(nowhere[1], second, environ);
}

static atomic_int handled;

static void on_alarm(int signal)
{
	(void)signal;
	atomic_store(&handled, 1);
}

static void try_with_signal(void)
{
	struct itimerval soon = { .it_value.tv_usec = 50000 };
	struct attempt a = { .filename = nowhere[2], .tries = 3 };
	char name[] = "tries", *argv[] = { name, NULL };
	int status;

	if (!child(&status))
		return;
	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &soon, NULL);
	execve(nowhere[0], argv, environ);
	wait_for(&handled);
	execve(nowhere[1], argv, environ);
	execve(nowhere[2], argv, environ);
	a.error = errno;
	a.argv = argv;
	a.pid = a.tid = getpid();
	tell(&a);
	_exit(0);
}

static void spawn(char *name)
{
	char *argv[] = { name, NULL };
	pid_t pid;

	if (!posix_spawnp(&pid, name, NULL, NULL, argv, environ))
		error(1, 0, "%s was found", name);
	printf("%d\n", getpid());
}

static char thread_name[] = "thread", *argv_of_thread[] = { thread_name, NULL };

static void *try_and_stay(void *n)
{
	atomic_store(&shared->tid, gettid());
	try_all((long)n, argv_of_thread);
	atomic_store(&shared->ready, 1);
	for (;;)
		;
	return NULL;
}

static void tell_killed(pid_t pid, int tries)
{
	struct attempt a = {
		pid, atomic_load(&shared->tid), nowhere[tries - 1], argv_of_thread, ENOENT, tries
	};

	tell(&a);
	atomic_store(&shared->ready, 0);
}

static void killed(void)
{
	int status;
	pid_t pid;

	pid = start();
	if (!pid) {
		thread(try_and_stay, (void *)3);
		wait_for(&shared->ready);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	tell_killed(pid, 3);

	pid = start();
	if (!pid)
		try_and_stay((void *)2);
	wait_for(&shared->ready);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	tell_killed(pid, 2);
}

/* How often, and what in the end. */
struct plan {
	int n;
	char *program;
};

static void *try_then_execute(void *p)
{
	struct plan *plan = p;
	char *argv[] = { plan->program, NULL };

	atomic_store(&shared->tid, gettid());
	try_all(plan->n, argv);
	execve(plan->program, argv, environ);
	error(1, errno, "%s", plan->program);
	return NULL;
}

static void from_thread(char *program)
{
	thread(try_then_execute, &(struct plan){ 3, program });
	for (;;)
		pause();
}

static void *execute_when_ready(void *program)
{
	wait_for(&shared->ready);
	return try_then_execute(&(struct plan){ 0, program });
}

static void first_thread(char *program)
{
	thread(execute_when_ready, program);
	try_and_stay((void *)2);
}

/* A program with a segment where the kernel is: found out when the old one is gone. */
static void make_broken(const char *path)
{
	struct {
		Elf64_Ehdr e;
		Elf64_Phdr p;
	} file = {
		.e = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				    EV_CURRENT },
		       .e_type = ET_EXEC,
		       .e_version = EV_CURRENT,
		       .e_phoff = sizeof(Elf64_Ehdr),
		       .e_ehsize = sizeof(Elf64_Ehdr),
		       .e_phentsize = sizeof(Elf64_Phdr),
		       .e_phnum = 1 },
		.p = { .p_type = PT_LOAD,
		       .p_flags = PF_R | PF_X,
		       .p_vaddr = 0xffff900000000000,
		       .p_filesz = 4096,
		       .p_memsz = 4096,
		       .p_align = 4096 },
	};
	Elf64_Ehdr own;
	int from = open("/proc/self/exe", O_RDONLY);
	int to = open(path, O_WRONLY | O_CREAT | O_EXCL, 0755);

	if (from < 0 || read(from, &own, sizeof(own)) != sizeof(own))
		error(1, errno, "/proc/self/exe");
	file.e.e_machine = own.e_machine;
	if (to < 0 || write(to, &file, sizeof(file)) != sizeof(file))
		error(1, errno, "%s", path);
	close(from);
	close(to);
}

static void fatal(void)
{
	struct attempt a = { .tries = 3 };
	int status;
	pid_t pid;

	make_broken("broken");
	pid = start();
	if (!pid) {
		char broken[] = "./broken";

		thread(try_then_execute, &(struct plan){ 2, broken });
		for (;;)
			pause();
	}
	waitpid(pid, &status, 0);
	if (!WIFSIGNALED(status))
		error(1, 0, "the broken program: status %#x", status);
	a.pid = a.tid = pid; /* it has become the first thread */
	tell(&a);
}

static pthread_barrier_t barrier;

static void *execute_at_once(void *program)
{
	pthread_barrier_wait(&barrier);
	return try_then_execute(&(struct plan){ 0, program });
}

static void race(int n, char *program)
{
	int status;

	pthread_barrier_init(&barrier, NULL, 2);
	while (n--) {
		if (!child(&status))
			continue;
		thread(execute_at_once, program);
		execute_at_once(program);
	}
}

static int rounds;

/* Each has its own arguments, and searches in its own order. */
static void *search(void *number)
{
	char name[20], *argv[] = { name, NULL };
	char *path[] = { nowhere[(long)number % 3], nowhere[((long)number + 1) % 3],
			 nowhere[((long)number + 2) % 3] };
	struct attempt a = { getpid(), gettid(), path[2], argv, .tries = 3 };

	pthread_barrier_wait(&barrier);
	for (int i = 0; i < rounds; i++) {
		sprintf(name, "%ld-%d", (long)number, i);
		for (int k = 0; k < 3; k++)
			execve(path[k], argv, environ);
		a.error = errno;
		flockfile(stdout);
		tell(&a);
		funlockfile(stdout);
	}
	return NULL;
}

static void threads(int n)
{
	pthread_t ids[MOST_THREADS];

	pthread_barrier_init(&barrier, NULL, n);
	for (long i = 0; i < n; i++)
		if (pthread_create(&ids[i], NULL, search, (void *)i))
			error(1, 0, "pthread_create");
	for (int i = 0; i < n; i++)
		pthread_join(ids[i], NULL);
}

#ifdef __x86_64__

/* 64-bit programs can make these calls, too. */
static long call_32bit(int number, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	long result;

	asm volatile("int $0x80"
		     : "=a"(result)
		     : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(0)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)result;
}

enum {
	GETPPID_32 = 64,
	EXECVE_32 = 11,
	EXECVEAT_32 = 358,
};

/* Pointers have 32 bits, and so have those that they point to. */
struct low {
	char path[3][sizeof(nowhere[0])], program[200], name[10], argument[10];
	uint32_t argv[4];
};

static uint32_t low(const void *p)
{
	return (uintptr_t)p;
}

static void tell_32bit(const struct low *m, const char *filename, int tries, int error)
{
	/* No system call of the other kind: it would end the search as well. */
	struct attempt a = { .filename = filename, .tries = tries, .error = error };
	char *argv[] = { (char *)m->name, (char *)m->argument, NULL };

	call_32bit(GETPPID_32, 0, 0, 0, 0);
	a.argv = argv;
	a.pid = a.tid = getpid();
	tell(&a);
	_exit(0);
}

static void compat(char *program)
{
	struct low *m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	int status, e = 0;

	if (m == MAP_FAILED)
		error(1, errno, "mmap");
	memcpy(m->path, nowhere, sizeof(m->path));
	snprintf(m->program, sizeof(m->program), "%s", program);
	strcpy(m->name, "name");
	strcpy(m->argument, "argument");
	m->argv[0] = low(m->name);
	m->argv[1] = low(m->argument);
	m->argv[3] = low(m->name); /* behind the end */

	if (child(&status)) {
		for (int i = 0; i < 3; i++)
			e = -call_32bit(EXECVE_32, low(m->path[i]), low(m->argv), 0, 0);
		tell_32bit(m, m->path[2], 3, e);
	}
	if (WIFSIGNALED(status))
		exit(NOT_HERE);
	if (child(&status)) {
		e = -call_32bit(EXECVEAT_32, -1, low(m->path[1] + 1), low(m->argv), 0);
		tell_32bit(m, m->path[1] + 1, 1, e);
	}
	for (int i = 0; i < 2; i++)
		call_32bit(EXECVE_32, low(m->path[i]), low(m->argv), 0, 0);
	call_32bit(EXECVE_32, low(m->program), low(m->argv), 0, 0);
	error(1, 0, "%s", program);
}

#else

static void compat(char *program)
{
	(void)program;
	exit(NOT_HERE);
}

#endif

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		error(1, errno, "mmap");
	if (!strcmp(what, "once") && argc > 2) {
		once(argv[2], argv + 3);
	} else if (!strcmp(what, "big") && argc > 2) {
		big(argv[2]);
	} else if (!strcmp(what, "pointers") && argc > 2) {
		pointers(argv[2]);
	} else if (!strcmp(what, "two")) {
		two();
	} else if (!strcmp(what, "signal")) {
		try_with_signal();
	} else if (!strcmp(what, "wait")) {
		try_all(2, argv);
		pause();
	} else if (!strcmp(what, "spawn") && argc > 2) {
		spawn(argv[2]);
	} else if (!strcmp(what, "killed")) {
		killed();
	} else if (!strcmp(what, "thread") && argc > 2) {
		from_thread(argv[2]);
	} else if (!strcmp(what, "leader") && argc > 2) {
		first_thread(argv[2]);
	} else if (!strcmp(what, "fatal")) {
		fatal();
	} else if (!strcmp(what, "race") && argc > 3) {
		race(atoi(argv[2]), argv[3]);
	} else if (!strcmp(what, "threads") && argc > 3 && atoi(argv[2]) <= MOST_THREADS) {
		rounds = atoi(argv[3]);
		threads(atoi(argv[2]));
	} else if (!strcmp(what, "compat") && argc > 2) {
		compat(argv[2]);
	} else {
		error(1, 0, "see the top of tries.c");
	}
	return 0;
}
