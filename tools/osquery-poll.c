/* SPDX-License-Identifier: GPL-2.0-or-later */
/* osquery-poll: queries of osquery on a schedule; their rows become events. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/groups.h"
#include "base/names.h"
#include "base/num.h"
#include "base/stop.h"
#include "base/writer.h"
#include "sink/helper.h"
#include "sink/osquery.h"

#define RUNNING_MAX 4		/* at a time: each takes some 50 MB */
#define PACK_MAX    (16 << 20)	/* bytes of a file */
#define NAME_LIMIT  200		/* bytes of the name of a query */
#define SQL_MAX	    (100 << 10) /* bytes; the kernel takes 128 KiB as one argument */
#define COLUMNS_MAX 2000	/* of a query: SQLite's own limit */
#define READ_SIZE   (64 << 10)
#define FLUSH_SIZE  (64 << 10)
#define STDERR_MAX  500 /* bytes of what osqueryi says that are kept */
#define LINE_ROOM   (16 * OSQUERY_ROW_MAX + 6 * SQL_MAX) /* escapes, and all bytes as _hex */

static struct {
	struct list names, packs;
	const char *measure, *osqueryi;
	uint64_t interval, timeout, max_size, duration, count;
	bool diff;
} config = { .interval = 10 * SECOND, .timeout = 60 * SECOND, .max_size = 256 << 20 };

/* clang-format off */
#define AT(member) .offset = offsetof(__typeof__(config), member)
/* clang-format on */

static const struct option_row options[] = {
	{ "interval", 'I', OPTION_DURATION, "TIME", AT(interval), .min = 1 * MS,
	  .help = "run each QUERY once each TIME, the first time at once (default 10s)" },
	{ "name", 0, OPTION_LIST, "NAME", AT(names),
	  .help = "call the first QUERY so; again for the second one (default query1, query2...)" },
	{ "pack", 0, OPTION_LIST, "FILE", AT(packs),
	  .help = "run the queries of this query pack, too, as often as it says" },
	{ "diff", 0, OPTION_FLAG, NULL, AT(diff),
	  .help = "print only rows that were added or removed since the last time" },
	{ "measure", 0, OPTION_STRING, "COLUMN", AT(measure),
	  .help = "this column is what statsd-emit is to send: print it as value, too" },
	{ "timeout", 0, OPTION_DURATION, "TIME", AT(timeout), .min = 1 * MS,
	  .help = "kill a query that takes longer than TIME (default 60s)" },
	{ "max-size", 0, OPTION_SIZE, "SIZE", AT(max_size), .min = 4096, .max = 2ull << 30,
	  .help = "kill a query that prints more than SIZE (default 256M)" },
	{ "osqueryi", 0, OPTION_STRING, "PATH", AT(osqueryi),
	  .help = "run this program (default: osqueryi, as $PATH has it)" },
	{ "duration", 'd', OPTION_DURATION, "TIME", AT(duration), .min = 1,
	  .help = "start no query after TIME, and stop when those that run have ended" },
	{ "count", 'n', OPTION_NUMBER, "N", AT(count), .min = 1, .max = UINT64_MAX,
	  .help = "stop after N lines" },
	{},
};

struct query {
	const char *name, *sql;
	uint64_t interval; /* ns */
	bool diff, removed;
	int64_t due;		    /* a time of now() */
	uint64_t results;	    /* so far */
	struct osquery_result last; /* with diff: the last one */
	struct groups *columns;	    /* name -> enum column */
	bool late, complained;	    /* it has been said */
	char warned[STDERR_MAX];    /* what osqueryi last said while it succeeded */

	pid_t pid; /* of osqueryi, and of its process group; 0: it does not run */
	int out, err;
	struct osquery_result result; /* what it has printed */
	size_t room;
	char said[STDERR_MAX]; /* to stderr */
	size_t said_len;
	int64_t began, limit; /* times of now() */
	char ts[30];	      /* when it began */
	const char *killed;   /* why we did it */
};

/* What a column has had until now. Once text, it is no number any more. */
enum column {
	UNKNOWN,
	NUMBER,
	TEXT
};

static struct query *queries;
static size_t n_queries;
static const char *osqueryi; /* its path */

static uint64_t printed, rows, results, failed, skipped, unmeasured;
static struct writer out = { .fd = STDOUT_FILENO, .what = "events" };
static char text[FLUSH_SIZE + LINE_ROOM], *text_end = text;
static struct json_object object;

/*
 * Lines go out.
 */

/* Time that our reader makes us wait is none that osqueryi takes. */
static void flush(void)
{
	int64_t began = now();

	writer_put(&out, text, text_end - text);
	text_end = text;
	for (size_t i = 0; i < n_queries; i++)
		queries[i].limit += now() - began;
}

static bool enough(void)
{
	return (config.count && printed >= config.count) || !writer_open(&out);
}

static char *put_quoted(char *to, const char *s, size_t len, bool *valid)
{
	*to++ = '"';
	to = put_json(to, s, len, valid);
	*to++ = '"';
	return to;
}

/* ,"NAME": */
static char *put_key(char *to, const char *name)
{
	to = stpcpy(to, ",\"");
	return stpcpy(stpcpy(to, name), "\":");
}

static char *put_field(char *to, const char *name, const char *value)
{
	bool valid;

	return put_quoted(put_key(to, name), value, strlen(value), &valid);
}

static char *begin_line(const struct query *q, const char *event)
{
	char *to = mempcpy(text_end, "{\"ts\":\"", 7);

	to = stpcpy(mempcpy(to, q->ts, sizeof(q->ts)), "\"");
	return put_field(put_field(to, "event", event), "name", q->name);
}

static void end_line(char *to)
{
	text_end = mempcpy(to, "}\n", 2);
	printed++;
	if (text_end - text >= FLUSH_SIZE)
		flush();
}

/*
 * Rows.
 */

/* What a value says, whatever its type in JSON; null is "". */
static size_t value_text(const struct json_value *v, const char **at)
{
	static char plain[OSQUERY_ROW_MAX];

	*at = v->escaped ? plain : v->at;
	return v->type == JSON_NULL ? 0 : v->escaped ? json_text(v, plain) : v->len;
}

/* The state of a column. There is always room for those that SQLite can make. */
static uint8_t *column_of(const struct query *q, const struct json_value *key)
{
	static uint8_t beyond;

	beyond = TEXT;
	return groups_get(q->columns, key->at, key->len) ?: &beyond;
}

static void learn_columns(const struct query *q)
{
	for (size_t i = 0; i < object.n; i++) {
		const char *at;
		size_t len = value_text(&object.member[i].value, &at);
		uint8_t *column = column_of(q, &object.member[i].key);

		if (len && *column != TEXT)
			*column = osquery_is_number(at, len) ? NUMBER : TEXT;
	}
}

/* All rows are looked at before one is printed, so that a column is the same in each. */
static void learn_rows(const struct query *q)
{
	for (size_t i = 0; i < q->result.n; i++) {
		struct osquery_row *row = &q->result.row[i];

		row->bad = !osquery_scan_row(&object, row);
		if (!row->bad)
			learn_columns(q);
		else
			reject("row", i + 1, row->at, row->len, "of %.40s %s (byte %zu)", q->name,
			       object.wrong, object.wrong_at + 1);
	}
}

static char *put_value(char *to, const struct json_value *v, enum column column, bool *valid)
{
	const char *at;
	size_t len = value_text(v, &at);

	if (v->type == JSON_NULL || (column == NUMBER && !len))
		return stpcpy(to, "null");
	if (column == NUMBER)
		return mempcpy(to, at, len);
	return put_quoted(to, at, len, valid);
}

/* The bytes of texts that aren't UTF-8. */
static char *put_hex_columns(char *to)
{
	bool first = true;

	for (size_t i = 0; i < object.n; i++) {
		const struct json_value *key = &object.member[i].key;
		const char *at;
		size_t len = value_text(&object.member[i].value, &at);
		bool valid;

		if (valid_utf8(at, len))
			continue;
		to = first ? stpcpy(put_key(to, "columns_hex"), "{") : stpcpy(to, ",");
		to = stpcpy(put_quoted(to, key->at, key->len, &valid), ":\"");
		to = stpcpy(put_hex(to, at, len), "\"");
		first = false;
	}
	return first ? to : stpcpy(to, "}");
}

static char *put_columns(char *to, const struct query *q)
{
	bool valid = true;

	to = stpcpy(put_key(to, "columns"), "{");
	for (size_t i = 0; i < object.n; i++) {
		const struct json_member *m = &object.member[i];

		if (i)
			*to++ = ',';
		to = stpcpy(put_quoted(to, m->key.at, m->key.len, &valid), ":");
		to = put_value(to, &m->value, *column_of(q, &m->key), &valid);
	}
	*to++ = '}';
	return valid ? to : put_hex_columns(to);
}

/* The number that the column of --measure has, however the column is printed. */
static char *put_measure(char *to)
{
	const struct json_value *v = json_find(&object, config.measure, strlen(config.measure));
	const char *at = "";
	size_t len = v ? value_text(v, &at) : 0;

	if (osquery_is_number(at, len))
		return mempcpy(put_key(to, "value"), at, len);
	unmeasured++;
	return to;
}

static void print_row(const struct query *q, const struct osquery_row *row, const char *action)
{
	bool removed = *action == 'r';
	char *to;

	if (enough() || !osquery_scan_row(&object, row))
		return;
	to = put_field(begin_line(q, "osquery.row"), "action", action);
	to = put_u64(put_key(to, "counter"), q->results);
	if (config.measure && !removed)
		to = put_measure(to);
	to = put_columns(to, q);
	if (to - text_end + 2 <= INPUT_LINE_MAX) {
		end_line(to);
		rows++;
	} else {
		reject("row", row - (removed ? q->last.row : q->result.row) + 1, row->at, row->len,
		       "of %.40s makes a line of more than %d bytes", q->name, INPUT_LINE_MAX);
	}
}

static void print_result(struct query *q)
{
	if (q->diff && !osquery_compare(&q->last, &q->result))
		die(STATUS_FAILED, "out of memory");
	for (size_t i = 0; q->diff && q->removed && i < q->last.n; i++)
		if (!q->last.row[i].known && !q->last.row[i].bad)
			print_row(q, &q->last.row[i], "removed");
	for (size_t i = 0; i < q->result.n; i++)
		if (!q->result.row[i].known && !q->result.row[i].bad)
			print_row(q, &q->result.row[i], q->diff ? "added" : "snapshot");
	flush();
}

/*
 * What is wrong with a run.
 */

static char *first_line(struct query *q)
{
	q->said[q->said_len] = '\0';
	q->said[strcspn(q->said, "\r\n")] = '\0';
	return q->said;
}

/* On stderr, harmless on a terminal. */
static void tell(const struct query *q, const char *what, const char *more)
{
	char shown[4 * STDERR_MAX + 1], name[4 * 80 + 1];

	*put_text(shown, more, strlen(more), NULL) = '\0';
	*put_text(name, q->name, strnlen(q->name, 80), NULL) = '\0';
	say("%s: %s%s%s", name, what, *shown ? ": " : "", shown);
}

static void report(struct query *q, int status, const char *message)
{
	const char *said = first_line(q);
	char signal[17] = "", *to;

	failed++;
	if (!q->complained)
		tell(q, message, said);
	q->complained = true;
	if (enough())
		return;
	to = put_field(begin_line(q, "osquery.error"), "query", q->sql);
	to = put_field(to, "message", message);
	if (*said)
		to = put_field(to, "stderr", said);
	if (WIFSIGNALED(status)) {
		*put_signal(signal, WTERMSIG(status)) = '\0';
		to = put_field(to, "signal", signal);
	} else {
		to = put_u64(put_key(to, "exit_code"), WEXITSTATUS(status));
	}
	end_line(put_u64(put_key(to, "duration_ns"), now() - q->began));
	flush();
}

static const char *what_is_wrong(struct query *q, int status, char buf[200])
{
	size_t at;
	const char *wrong;

	if (q->killed)
		return q->killed;
	if (WIFSIGNALED(status))
		return "osqueryi was killed";
	if (WEXITSTATUS(status)) {
		snprintf(buf, 200, "osqueryi ended with status %d", WEXITSTATUS(status));
		return buf;
	}
	wrong = osquery_split(&q->result, &at);
	if (!wrong)
		return NULL;
	snprintf(buf, 200, "what osqueryi printed %s (byte %zu)", wrong, at + 1);
	return buf;
}

/* What it says though it succeeds, if it is not what it said before. */
static void pass_on_warning(struct query *q)
{
	const char *said = first_line(q);

	if (*said && strcmp(said, q->warned))
		tell(q, "osqueryi says", said);
	strcpy(q->warned, said);
}

static void conclude(struct query *q, int status)
{
	char buf[200];
	const char *wrong = what_is_wrong(q, status, buf);

	if (wrong) {
		report(q, status, wrong);
	} else {
		pass_on_warning(q);
		if (q->complained)
			tell(q, "it works again", "");
		q->complained = false;
		learn_rows(q);
		print_result(q);
		q->results++;
		results++;
	}
	if (!wrong && q->diff) {
		osquery_free(&q->last);
		q->last = q->result;
		q->result = (struct osquery_result){};
	}
	osquery_free(&q->result);
	q->room = 0;
}

/*
 * Processes.
 */

static void run_osqueryi(const struct query *q, int out_fd, int err_fd, pid_t parent)
{
	const char *argv[] = { osqueryi, "--json", q->sql, NULL };
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	/* If we are killed, nobody is there any more to enforce the limit of time. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(out_fd, STDOUT_FILENO) < 0 || dup2(err_fd, STDERR_FILENO) < 0)
		_exit(STATUS_FAILED);
	execv(osqueryi, (char *const *)argv);
	say("%s: %s", osqueryi, strerror(errno));
	fflush(stderr);
	_exit(127);
}

static void begin(struct query *q)
{
	int out_pipe[2], err_pipe[2];
	uint64_t missed = (now() - q->due) / q->interval;
	pid_t parent = getpid();

	skipped += missed;
	q->due += (missed + 1) * q->interval;
	q->began = now();
	q->limit = q->began + (int64_t)config.timeout;
	put_rfc3339(q->ts, read_clock(CLOCK_REALTIME));
	q->said_len = 0;
	q->killed = NULL;
	if (pipe2(out_pipe, O_CLOEXEC) || pipe2(err_pipe, O_CLOEXEC) || (q->pid = fork()) < 0)
		die(STATUS_FAILED, "can't start a process: %s", strerror(errno));
	if (!q->pid)
		run_osqueryi(q, out_pipe[1], err_pipe[1], parent);
	setpgid(q->pid, q->pid);
	close(out_pipe[1]);
	close(err_pipe[1]);
	q->out = out_pipe[0];
	q->err = err_pipe[0];
	fcntl(q->out, F_SETFL, O_NONBLOCK);
	fcntl(q->err, F_SETFL, O_NONBLOCK);
}

static void kill_query(struct query *q, const char *why)
{
	if (!q->killed)
		q->killed = why;
	kill(-q->pid, SIGKILL);
}

/* Reads what there is; what was closed is asked no more. */
static void read_out(struct query *q)
{
	struct osquery_result *r = &q->result;
	ssize_t n = -1;

	while (!q->killed && q->out >= 0) {
		if (q->room - r->len < READ_SIZE) {
			size_t room = q->room ? 2 * q->room : 4 * READ_SIZE;
			char *more = realloc(r->text, room);

			if (!more)
				die(STATUS_FAILED, "out of memory");
			r->text = more;
			q->room = room;
		}
		n = read(q->out, r->text + r->len, READ_SIZE);
		if (n <= 0)
			break;
		r->len += n;
		if (r->len > config.max_size)
			kill_query(q, "osqueryi prints more than --max-size");
	}
	if (!n) {
		close(q->out);
		q->out = -1;
	}
}

static void read_err(struct query *q)
{
	char bytes[4096];
	ssize_t n = -1;

	while (q->err >= 0 && (n = read(q->err, bytes, sizeof(bytes))) > 0) {
		size_t room = STDERR_MAX - 1 - q->said_len;

		for (size_t i = 0; i < (size_t)n && i < room; i++)
			q->said[q->said_len++] = bytes[i] ?: ' ';
	}
	if (!n) {
		close(q->err);
		q->err = -1;
	}
}

static void read_both(struct query *q)
{
	read_out(q);
	read_err(q);
}

static void release(struct query *q)
{
	if (q->out >= 0)
		close(q->out);
	if (q->err >= 0)
		close(q->err);
	q->pid = 0;
}

/* Once it has ended its last words are read, and whoever it has left behind ends too. */
static void look_for_end(struct query *q)
{
	siginfo_t info = {};
	int status = 0;

	if (waitid(P_PID, q->pid, &info, WEXITED | WNOHANG | WNOWAIT) || !info.si_pid)
		return;
	kill(-q->pid, SIGKILL);
	waitpid(q->pid, &status, 0);
	read_both(q);
	release(q);
	conclude(q, status);
}

/* A query does not run twice at the same time: those whose turn it is meanwhile have missed it. */
static void note_late(struct query *q)
{
	uint64_t missed;

	if (now() < q->due)
		return;
	missed = (now() - q->due) / q->interval + 1;
	skipped += missed;
	q->due += missed * q->interval;
	if (!q->late)
		tell(q, "it takes longer than its interval, and is run less often", "");
	q->late = true;
}

static void look_at_queries(void)
{
	for (size_t i = 0; i < n_queries && !enough(); i++) {
		struct query *q = &queries[i];

		if (!q->pid)
			continue;
		read_both(q);
		note_late(q);
		if (now() >= q->limit)
			kill_query(q, "it took longer than --timeout");
		look_for_end(q);
	}
}

/* We end, and don't wait for them. */
static size_t leave_queries(void)
{
	size_t n = 0;

	for (size_t i = 0; i < n_queries; i++) {
		struct query *q = &queries[i];

		if (!q->pid)
			continue;
		kill(-q->pid, SIGKILL);
		waitpid(q->pid, NULL, 0);
		release(q);
		n++;
	}
	return n;
}

/*
 * The schedule.
 */

static struct query *next_due(void)
{
	struct query *next = NULL;

	for (size_t i = 0; i < n_queries; i++)
		if (!queries[i].pid && (!next || queries[i].due < next->due))
			next = &queries[i];
	return next;
}

static size_t count_running(void)
{
	size_t n = 0;

	for (size_t i = 0; i < n_queries; i++)
		n += queries[i].pid != 0;
	return n;
}

/* Starts what is due, as far as there is room. The time when the next one is; 0: when one of those
 * that run has ended. */
static int64_t start_queries(int64_t end)
{
	for (;;) {
		struct query *q = next_due();

		if (!q || (end && q->due >= end) || count_running() == RUNNING_MAX)
			return 0;
		if (now() < q->due)
			return q->due;
		begin(q);
	}
}

static void wait_until(int64_t until)
{
	struct pollfd fds[2 + 2 * RUNNING_MAX] = {
		{ .fd = stop_fd(), .events = POLLIN },
		{ .fd = STDOUT_FILENO },
	};
	int n = 2;

	for (size_t i = 0; i < n_queries; i++) {
		const struct query *q = &queries[i];

		if (!q->pid)
			continue;
		until = sooner(until, sooner(q->due, q->killed ? 0 : q->limit));
		fds[n++] = (struct pollfd){ q->killed ? -1 : q->out, POLLIN, 0 };
		fds[n++] = (struct pollfd){ q->err, POLLIN, 0 };
	}
	if (poll(fds, n, timeout_until(until)) < 0)
		return;
	if (fds[0].revents)
		stop_look();
	if (fds[1].revents & (POLLERR | POLLNVAL))
		out.closed = true;
}

/* False: a query had to be left that did not end. */
static bool watch(void)
{
	int64_t end = config.duration ? later(now(), config.duration) : 0;

	for (;;) {
		int64_t give_up = stop_asked() ? later(stop_asked(), shared.grace) : 0;
		int64_t due = stop_asked() ? 0 : start_queries(end);

		if (enough() || (!due && !count_running()))
			break;
		if (give_up && now() >= give_up)
			break;
		wait_until(sooner(due, give_up));
		look_at_queries();
	}
	return !leave_queries() || enough();
}

/*
 * The command line.
 */

static struct query *add_query(const char *name, const char *sql)
{
	struct query *q;

	for (size_t i = 0; i < n_queries; i++)
		if (!strcmp(queries[i].name, name))
			die(STATUS_USAGE, "two queries are called '%.80s'", name);
	if (!*name || strlen(name) > NAME_LIMIT)
		die(STATUS_USAGE, "a query is called '%.80s', which is not 1 to %d bytes", name,
		    NAME_LIMIT);
	if (strlen(sql) > SQL_MAX)
		die(STATUS_USAGE, "query '%.80s' has more than %d bytes", name, SQL_MAX);
	if (!sql[strspn(sql, " \t\r\n")] || *sql == '-' || *sql == '.')
		die(STATUS_USAGE,
		    "query '%.80s' is empty or begins with - or ., which osqueryi would take for "
		    "an option or a command",
		    name);
	queries = reallocarray(queries, n_queries + 1, sizeof(*queries));
	if (!queries)
		die(STATUS_FAILED, "out of memory");
	q = &queries[n_queries++];
	*q = (struct query){ .name = name, .sql = sql, .due = now() };
	q->columns = groups_new(sizeof(uint8_t), COLUMNS_MAX);
	if (!q->columns)
		die(STATUS_FAILED, "out of memory");
	return q;
}

static void add_operands(const struct list *operands)
{
	if (config.names.n > operands->n)
		die(STATUS_USAGE, "--name: %zu of them are more than %zu queries", config.names.n,
		    operands->n);
	for (size_t i = 0; i < operands->n; i++) {
		struct query *q = add_query(i < config.names.n ? config.names.item[i]
							       : text_of("query%zu", i + 1),
					    operands->item[i]);

		q->interval = config.interval;
		q->diff = q->removed = config.diff;
	}
}

static void add_of_pack(void *ctx, struct osquery_query *from)
{
	struct query *q = add_query(from->name, from->sql);

	(void)ctx;
	q->interval = from->interval * SECOND;
	q->diff = !from->snapshot;
	q->removed = from->removed;
}

static char *read_file(const char *name, size_t *len)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	char *bytes = malloc(PACK_MAX + 1);
	ssize_t n = 1;

	if (!bytes)
		die(STATUS_FAILED, "out of memory");
	for (*len = 0; fd >= 0 && n > 0 && *len <= PACK_MAX; *len += n > 0 ? n : 0)
		n = read(fd, bytes + *len, PACK_MAX + 1 - *len);
	if (fd < 0 || n < 0)
		die(STATUS_USAGE, "--pack: %s: %s", name, strerror(errno));
	close(fd);
	if (*len > PACK_MAX)
		die(STATUS_USAGE, "--pack: %s has more than %d bytes", name, PACK_MAX);
	return bytes;
}

static void add_pack(const char *name)
{
	struct osquery_pack pack = { .query = add_of_pack };
	size_t len, before = n_queries;
	char *bytes = read_file(name, &len);

	if (!osquery_read_pack(&pack, bytes, len) && pack.line)
		die(STATUS_USAGE, "--pack: %s: it %s (line %zu)", name, pack.wrong, pack.line);
	if (pack.wrong)
		die(STATUS_USAGE, "--pack: %s: %s %s", name, *pack.where ? pack.where : "it",
		    pack.wrong);
	free(bytes);
	if (pack.discovery || pack.shard || pack.version)
		say("--pack: %s: its queries run whatever their discovery, shard and version are",
		    name);
	if (n_queries == before)
		say("--pack: %s: there is no query for this platform in it", name);
}

static bool can_run(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

/* As a shell finds a command, but that an empty part of $PATH is nothing. */
static void find_osqueryi(void)
{
	const char *name = config.osqueryi ? config.osqueryi : "osqueryi", *path = getenv("PATH");
	char *found;

	if (strchr(name, '/') && can_run(name)) {
		osqueryi = name;
		return;
	}
	for (const char *p = path ? path : ""; *p && !strchr(name, '/');) {
		size_t len = strcspn(p, ":");

		found = text_of("%.*s/%s", (int)len, p, name);
		if (len && can_run(found)) {
			osqueryi = found;
			return;
		}
		free(found);
		p += len + (p[len] == ':');
	}
	if (config.osqueryi)
		die(STATUS_UNSUPPORTED, "--osqueryi: %s is no program that can be run", name);
	die(STATUS_UNSUPPORTED,
	    "there is no osqueryi in $PATH: install osquery, or say where it is with --osqueryi");
}

static const struct helper helper = {
	.name = "osquery-poll",
	.summary = "Run queries of osquery on a schedule and print their rows as lines of JSON.",
	.operands = "[QUERY...]",
	.options = options,
	.config = &config,
};

static void summarize_all(void)
{
	char line[300];
	int n = snprintf(line, sizeof(line), "%llu rows of %llu results", (unsigned long long)rows,
			 (unsigned long long)results);

	if (failed)
		n += snprintf(line + n, sizeof(line) - n, ", %llu queries failed",
			      (unsigned long long)failed);
	if (skipped)
		n += snprintf(line + n, sizeof(line) - n, ", %llu skipped as late",
			      (unsigned long long)skipped);
	if (unmeasured)
		snprintf(line + n, sizeof(line) - n, ", %llu without a number in %.80s",
			 (unsigned long long)unmeasured, config.measure);
	summarize("%s", line);
}

int main(int argc, char **argv)
{
	struct list operands = {};
	bool good;

	helper_options(&helper, argc, argv, &operands);
	add_operands(&operands);
	free(operands.item);
	for (size_t i = 0; i < config.packs.n; i++)
		add_pack(config.packs.item[i]);
	if (!n_queries)
		die(STATUS_USAGE, "no query is given");
	find_osqueryi();
	out.grace = shared.grace;
	stop_on_signals(true);
	good = watch();
	if (!good)
		say("gave up on a query that does not end");
	good &= rejects_end();
	if (!out.closed)
		summarize_all();
	return good && !failed && !out.failed && !out.stuck ? STATUS_OK : STATUS_FAILED;
}
