/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/datagram.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"

#define PATIENCE SECOND

/*
 * UDP doesn't tell when the receiver's buffer is full, which by default has room for some 90
 * datagrams: 2,000 of them a second is what daemons take, the slowest ones too.
 */
#define BURST 8
#define PAUSE (4 * MS)

static void lose(struct sender *s, unsigned lines, int error)
{
	s->lost += lines;
	if (!lines || (s->said && now() - s->said < SECOND))
		return;
	s->said = now();
	say("%s: %s: %llu metrics lost so far", s->where, strerror(error),
	    (unsigned long long)s->lost);
}

/* The last datagram has not arrived. */
static void take_back(struct sender *s, int error)
{
	lose(s, s->lines_sent, error);
	s->sent -= s->lines_sent;
	s->datagrams--;
	s->lines_sent = 0;
}

static void close_socket(struct sender *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->lines_sent = 0;
}

/* Connected, so that the kernel tells of a port that nobody listens on. 0 or errno. */
static int open_socket(struct sender *s)
{
	int error;

	s->fd = socket(s->to.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd >= 0 && !connect(s->fd, &s->to.any, s->to.len))
		return 0;
	error = errno;
	close_socket(s);
	return error;
}

static void pause_between_bursts(struct sender *s)
{
	if (s->to.any.sa_family == AF_UNIX || ++s->burst < BURST)
		return;
	s->burst = 0;
	nanosleep(&(struct timespec){ .tv_nsec = PAUSE }, NULL);
}

/* One attempt. 0, or what went wrong. */
static int try(struct sender *s)
{
	int error = s->fd < 0 ? open_socket(s) : 0;

	if (error)
		return error;
	if (send(s->fd, s->bytes, s->used, MSG_NOSIGNAL) >= 0)
		return 0;
	return errno;
}

/* Waits until the socket takes more; false once patience is over. */
static bool wait_for_room(struct sender *s)
{
	struct pollfd out = { .fd = s->fd, .events = POLLOUT };

	if (!s->patience)
		s->patience = now() + PATIENCE;
	if (now() >= s->patience)
		return false;
	/* A socket may be writable for the kernel and its receiver's queue full all the same. */
	if (poll(&out, 1, timeout_until(s->patience)) > 0)
		nanosleep(&(struct timespec){ .tv_nsec = MS / 10 }, NULL);
	return true;
}

/* Until it is sent, there is no use in trying, or patience is over. 0 or errno. */
static int try_until_sent(struct sender *s)
{
	bool again = true;
	int error;

	while ((error = try(s))) {
		if (error == EAGAIN || error == ENOBUFS) {
			if (!wait_for_room(s))
				break;
		} else if (error == ECONNREFUSED && s->lines_sent) {
			take_back(s, error); /* it is about the one before, and gone now */
		} else if (error != EINTR) {
			/* The receiver or the network has gone, and maybe another one has come. */
			close_socket(s);
			if (!again)
				break;
			again = false;
		}
	}
	return error;
}

static void send_datagram(struct sender *s)
{
	int error;

	if (!s->used)
		return;
	error = try_until_sent(s);
	if (error) {
		lose(s, s->lines, error);
	} else {
		s->sent += s->lines;
		s->lines_sent = s->to.any.sa_family == AF_UNIX ? 0 : s->lines;
		s->datagrams++;
		pause_between_bursts(s);
	}
	s->used = 0;
	s->lines = 0;
}

bool sender_add(struct sender *s, const char *line, size_t len, unsigned n)
{
	if (len > s->mtu) {
		lose(s, n, EMSGSIZE);
		return false;
	}
	if (s->used + !!s->used + len > s->mtu)
		send_datagram(s);
	if (s->used)
		s->bytes[s->used++] = '\n';
	memcpy(s->bytes + s->used, line, len);
	s->used += len;
	s->lines += n;
	return true;
}

void sender_flush(struct sender *s)
{
	int error = 0;
	socklen_t size = sizeof(error);

	send_datagram(s);
	s->patience = 0;
	s->burst = 0;
	if (s->fd >= 0 && !getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &size) && error &&
	    s->lines_sent)
		take_back(s, error);
	/* Next time another process may listen at this path, and the old one not be gone. */
	if (s->to.any.sa_family == AF_UNIX)
		close_socket(s);
}
