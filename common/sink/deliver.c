/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/deliver.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/message.h"
#include "base/stop.h"
#include "sink/helper.h"
#include "sink/progress.h"

#define RETRY_FIRST (250 * MS)
#define RETRY_MAX   (60 * SECOND)
#define ANSWER_MAX  (16 << 10)
#define SHOWN_MAX   200 /* bytes of an answer that are shown */

/* The batch that is on its way, or will be again. */
static struct {
	CURLM *multi;
	CURL *curl;
	struct curl_slist *headers;
	int body;    /* what is to be read of it; -1: none is on its way */
	uint64_t at; /* how much has been read */
	bool asking; /* it is not the batch's request, but one that comes before it */
	char answer[ANSWER_MAX], wrong[CURL_ERROR_SIZE];
	size_t answered;
	unsigned tries; /* of this batch that failed */
	int64_t due;	/* a time of now(): not before */
	int64_t since; /* when the server answered this batch with an error, and only so after it */
	char complaint[DELIVER_WHAT]; /* the failure that was said last, and no success since */
	bool is_down;		      /* the last try failed */
	curl_off_t moved;	      /* bytes, both ways */
	int64_t moved_at;	      /* when it were more, last */
	int64_t turned; /* when the input ended, a batch was taken, or it failed first after that */
} going = { .body = -1 };

static void close_body(void)
{
	if (going.body >= 0)
		close(going.body);
	going.body = -1;
}

static size_t on_body(char *to, size_t size, size_t n, void *ctx)
{
	ssize_t got = pread(going.body, to, n, going.at);

	(void)size, (void)ctx;
	going.at += got > 0 ? got : 0;
	return got < 0 ? CURL_READFUNC_ABORT : got;
}

/* A connection that was there already proved to be dead. */
static int on_seek(void *ctx, curl_off_t offset, int origin)
{
	(void)ctx, (void)origin; /* SEEK_SET is all that libcurl asks for */
	going.at = offset;
	return CURL_SEEKFUNC_OK;
}

static size_t on_answer(char *bytes, size_t size, size_t n, void *ctx)
{
	size_t room = ANSWER_MAX - going.answered, len = n < room ? n : room;

	(void)size, (void)ctx;
	memcpy(going.answer + going.answered, bytes, len);
	going.answered += len;
	return n;
}

/* The first line of what the server said, harmless on a terminal. */
static const char *answer_text(void)
{
	static char text[4 * SHOWN_MAX + 3];
	size_t len = going.answered < SHOWN_MAX ? going.answered : SHOWN_MAX;
	const char *end = memchr(going.answer, '\n', len);
	char *to = stpcpy(text, ": ");

	*put_text(to, going.answer, end ? (size_t)(end - going.answer) : len, NULL) = '\0';
	return *to ? text : "";
}

/* Waits longer each time, and never as long as others that failed at the same moment. */
static void try_again_later(const char *what, const char *more)
{
	int64_t wait = going.tries < 8 ? RETRY_FIRST << going.tries : RETRY_MAX;
	curl_off_t asked = 0;

	if (wait > RETRY_MAX)
		wait = RETRY_MAX;
	wait = wait / 2 + random() % (wait / 2);
	/* RFC 9110, 10.2.3 */
	curl_easy_getinfo(going.curl, CURLINFO_RETRY_AFTER, &asked);
	if (asked > 0 && asked < 3600)
		wait += asked * SECOND;
	going.due = now() + wait;
	going.tries++;
	if (!going.is_down)
		going.turned = now();
	going.is_down = true;
	if (strncmp(going.complaint, what, sizeof(going.complaint) - 1))
		say("%s%s: tried again until it works", what, more);
	snprintf(going.complaint, sizeof(going.complaint), "%s", what);
}

static void refuse(struct deliver *d, const char *what, const char *more)
{
	char name[SPOOL_NAME];

	spool_refused(d->spool, name);
	d->refused++;
	going.tries = 0;
	going.since = 0;
	going.is_down = false;
	say("%s%s: a batch was refused, and is in %s/refused/%s", what, more, d->spool->dir, name);
}

static void taken(struct deliver *d, const struct batch *b)
{
	d->batches++;
	d->lines += b->lines;
	spool_sent(d->spool);
	if (*going.complaint)
		say("%s: it works again", d->where);
	*going.complaint = '\0';
	going.is_down = false;
	going.tries = 0;
	going.since = 0;
	going.turned = now();
}

/* Whether the batch can be to blame for a status: then it may not wait for ever. */
static bool is_server_error(long status)
{
	return status == 408 || status >= 500;
}

/* Wrong credentials, too many requests, a redirect: no batch would be taken. */
static bool is_about_us(long status)
{
	return status < 400 || status == 401 || status == 403 || status == 407 || status == 429;
}

static enum verdict judge_http(const struct deliver *d, const struct answer *a,
			       char what[DELIVER_WHAT], char more[DELIVER_WHAT])
{
	if (a->status >= 200 && a->status < 300)
		return VERDICT_TAKEN;
	snprintf(what, DELIVER_WHAT, "%s: status %ld", d->where, a->status);
	snprintf(more, DELIVER_WHAT, "%s", answer_text());
	if (is_about_us(a->status))
		going.since = 0;
	else if (!going.since && is_server_error(a->status))
		going.since = now();
	if (is_about_us(a->status) ||
	    (is_server_error(a->status) && now() - going.since < (int64_t)d->retry_for))
		return VERDICT_LATER;
	return VERDICT_REFUSED;
}

static void judge(struct deliver *d, const struct batch *b, const struct answer *a)
{
	char what[DELIVER_WHAT], more[DELIVER_WHAT] = "";

	switch (d->judge ? d->judge(a, what, more) : judge_http(d, a, what, more)) {
	case VERDICT_TAKEN:
		taken(d, b);
		break;
	case VERDICT_AGAIN:
		going.due = 0;
		break;
	case VERDICT_LATER:
		try_again_later(what, more);
		break;
	case VERDICT_REFUSED:
		refuse(d, what, more);
		break;
	}
}

static void on_asked(const struct deliver *d, const struct answer *a)
{
	const char *why = "";

	going.asking = false;
	going.due = 0;
	if (!d->asked(a, &why))
		try_again_later(why, "");
	explicit_bzero(going.answer, going.answered); /* it may be secret */
}

static void on_end(struct deliver *d, CURLcode result)
{
	struct batch b = d->spool->batch[d->spool->first];
	struct answer a = { going.curl, result, 0, going.answer, going.answered };
	char what[CURL_ERROR_SIZE + 4];

	close_body();
	curl_multi_remove_handle(going.multi, going.curl);
	curl_slist_free_all(going.headers);
	going.headers = NULL;
	curl_easy_getinfo(going.curl, CURLINFO_RESPONSE_CODE, &a.status);
	if (going.asking) {
		on_asked(d, &a);
		return;
	}
	/* A server that refuses may close before it has read all. */
	if (result == CURLE_OK || (result != CURLE_OPERATION_TIMEDOUT &&
				   result != CURLE_ABORTED_BY_CALLBACK && a.status >= 300)) {
		judge(d, &b, &a);
		return;
	}
	going.since = 0;
	snprintf(what, sizeof(what), ": %s",
		 result == CURLE_ABORTED_BY_CALLBACK ? "nothing moved within --timeout"
		 : *going.wrong			     ? going.wrong
						     : curl_easy_strerror(result));
	try_again_later(d->where, what);
}

static void look_for_end(struct deliver *d)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(going.multi, &left)))
		if (message->msg == CURLMSG_DONE)
			on_end(d, message->data.result);
}

/* libcurl's own CURLOPT_LOW_SPEED_TIME is about the average of several seconds. */
static int on_progress(void *ctx, curl_off_t all_down, curl_off_t down, curl_off_t all_up,
		       curl_off_t up)
{
	const struct deliver *d = ctx;

	(void)all_down, (void)all_up;
	if (down + up != going.moved)
		going.moved_at = now();
	going.moved = down + up;
	return now() >= later(going.moved_at, d->timeout);
}

static void begin(struct deliver *d)
{
	const struct batch *b = spool_first(d->spool, &going.body);
	const char *why = "";
	enum request made;

	if (!b)
		return;
	curl_easy_reset(going.curl);
	*going.wrong = '\0';
	going.answered = 0;
	d->retries += !!going.tries;
	going.at = 0;
	curl_easy_setopt(going.curl, CURLOPT_POST, 1L);
	curl_easy_setopt(going.curl, CURLOPT_READFUNCTION, on_body);
	curl_easy_setopt(going.curl, CURLOPT_SEEKFUNCTION, on_seek);
	curl_easy_setopt(going.curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)b->size);
	curl_easy_setopt(going.curl, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(going.curl, CURLOPT_ERRORBUFFER, going.wrong);
	curl_easy_setopt(going.curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(going.curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(going.curl, CURLOPT_CONNECTTIMEOUT_MS,
			 (long)((d->timeout < 10 * SECOND ? d->timeout : 10 * SECOND) / MS));
	curl_easy_setopt(going.curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(going.curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(going.curl, CURLOPT_XFERINFODATA, d);
	going.moved = 0;
	going.moved_at = now();
	if (d->ca)
		curl_easy_setopt(going.curl, CURLOPT_CAINFO, d->ca);
	made = d->request(going.curl, b, going.body, &going.headers, &why);
	if (made != REQUEST_LATER) {
		going.asking = made == REQUEST_FIRST;
		curl_easy_setopt(going.curl, CURLOPT_HTTPHEADER, going.headers);
		curl_multi_add_handle(going.multi, going.curl);
		return;
	}
	curl_slist_free_all(going.headers);
	going.headers = NULL;
	close_body();
	try_again_later(why, "");
}

static void fail(const struct deliver *d, CURLMcode code)
{
	die(STATUS_FAILED, "%s: %s", d->where, curl_multi_strerror(code));
}

static void send_some(struct deliver *d)
{
	CURLMcode code;
	int running;

	if (going.body < 0 && now() >= going.due)
		begin(d);
	code = curl_multi_perform(going.multi, &running);
	if (code)
		fail(d, code);
	look_for_end(d);
}

/* Waits for something to do. Whether there is input. */
static bool wait_for_more(struct deliver *d, bool reading, int64_t until)
{
	struct curl_waitfd fds[] = {
		{ .fd = stop_fd(), .events = CURL_WAIT_POLLIN },
		{ .fd = STDIN_FILENO, .events = CURL_WAIT_POLLIN },
	};
	struct writer *tee = d->spool->tee;
	bool more = going.body < 0 && d->spool->n && now() >= going.due;
	/* No timeout is not allowed. */
	int64_t latest = sooner(now() + 60 * SECOND, progress_show(d));
	CURLMcode code;

	if (going.body >= 0)
		until = sooner(until, later(going.moved_at, d->timeout));
	if (d->spool->tee_full)
		fds[1] = (struct curl_waitfd){ .fd = tee->fd, .events = CURL_WAIT_POLLOUT };
	code = curl_multi_poll(going.multi, fds, reading ? 2 : 1,
			       more ? 0 : timeout_until(sooner(until, latest)), NULL);

	if (code)
		fail(d, code);
	if (fds[0].revents)
		stop_look();
	return reading && fds[1].revents;
}

/* Reads and sends until the input ends. False: it had to be left before. */
static bool read_and_send(struct deliver *d)
{
	struct spool *s = d->spool;

	for (;;) {
		int64_t give_up = stop_asked() ? later(stop_asked(), shared.grace) : 0;
		int64_t due = spool_due(s), until = sooner(due, give_up);
		bool room = !s->full || spool_room(s);

		if (give_up && (now() >= give_up || isatty(STDIN_FILENO)))
			return isatty(STDIN_FILENO);
		if (going.body < 0 && s->n)
			until = sooner(until, going.due);
		if (!room)
			until = sooner(until, now() + SECOND);
		if (room && s->held)
			until = now();
		if ((wait_for_more(d, room, until) || (room && s->held)) &&
		    spool_take(s, STDIN_FILENO) == SPOOL_END)
			return true;
		if (due && now() >= due)
			spool_seal(s, false);
		send_some(d);
	}
}

/* What waits is sent, as long as that works; failing for --grace ends it, but for a request that is
 * on its way. */
static void send_rest(struct deliver *d, bool ended)
{
	int64_t began = going.turned = now();

	for (bool sealed; !(sealed = spool_seal(d->spool, ended)) || d->spool->n;) {
		bool fails = going.body < 0 && (going.is_down || (!sealed && !d->spool->n));
		int64_t since = fails ? going.turned : 0, until;

		if (stop_asked())
			since = stop_asked() > began ? stop_asked() : began;
		until = since ? later(since, shared.grace) : 0;
		if (until && now() >= until)
			return;
		if (going.body < 0)
			until = sooner(until, going.due);
		wait_for_more(d, false, sooner(until, now() + SECOND));
		send_some(d);
	}
}

static void start(struct deliver *d)
{
	CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);

	going.multi = code ? NULL : curl_multi_init();
	going.curl = going.multi ? curl_easy_init() : NULL;
	if (!going.curl)
		die(STATUS_FAILED, "libcurl: out of memory");
	srandom(now() ^ getpid());
	if (d->spool->found)
		say("%zu batches are taken up from %s", (size_t)d->spool->found, d->spool->dir);
}

static int finish(struct deliver *d)
{
	const struct spool *s = d->spool;
	bool kept = s->n > s->first || s->open.size || s->sealing.at;

	if (going.body >= 0)
		curl_multi_remove_handle(going.multi, going.curl);
	close_body();
	curl_easy_cleanup(going.curl);
	curl_slist_free_all(going.headers);
	curl_multi_cleanup(going.multi);
	curl_global_cleanup();
	say_below(NULL);
	summarize("%llu lines in %llu batches were sent, after %llu retries",
		  (unsigned long long)d->lines, (unsigned long long)d->batches,
		  (unsigned long long)d->retries);
	if (kept)
		say("%llu bytes are kept in %s: the next start sends them",
		    (unsigned long long)(s->waiting + s->open.size + s->sealing.at), s->dir);
	if (d->refused)
		say("%llu batches were refused, and are in %s/refused",
		    (unsigned long long)d->refused, s->dir);
	return kept || d->refused || s->damaged ? STATUS_UNSENT : STATUS_OK;
}

void check_readable(const char *option, const char *file)
{
	if (file && access(file, R_OK))
		die(STATUS_USAGE, "--%s: %s: %s", option, file, strerror(errno));
}

void add_header(struct curl_slist **list, const char *header)
{
	struct curl_slist *longer = curl_slist_append(*list, header);

	if (!longer)
		die(STATUS_FAILED, "out of memory");
	*list = longer;
}

void deliver_set(struct deliver *d, const struct deliver_options *o, const char *tool,
		 const char *destination)
{
	if (strcmp(o->compress, "gzip") && strcmp(o->compress, "none"))
		die(STATUS_USAGE, "--compress: '%s' is neither gzip nor none", o->compress);
	check_readable("ca", o->ca);
	d->spool->dir = o->spool ? o->spool : spool_default(tool, destination);
	d->spool->max_bytes = o->max_spool;
	d->spool->gzip = *o->compress == 'g';
	d->timeout = o->timeout;
	d->drain = o->drain;
	d->ca = o->ca;
}

int deliver(struct deliver *d)
{
	bool ended = true, rejected;
	int status;

	start(d);
	if (!d->drain)
		ended = read_and_send(d);
	if (!ended)
		say("gave up on input that does not end");
	send_rest(d, ended);
	rejected = !rejects_end();
	status = finish(d);
	spool_close(d->spool);
	if (rejected || (!ended && !status))
		return STATUS_FAILED;
	return status;
}
