/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/address.h"

#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"

/* HOST and PORT of a text, where they are told apart. */
struct parts {
	char host[256]; /* "": none */
	const char *port;
	bool ipv6; /* in brackets, or with several colons */
};

static const char *parse_path(struct address *to, const char *path)
{
	size_t len = strlen(path);

	if (!len)
		return "needs a path behind unix:";
	if (len >= sizeof(to->un.sun_path))
		return "has a path of more than 107 bytes, which a socket can't have";
	*to = (struct address){ .un.sun_family = AF_UNIX };
	memcpy(to->un.sun_path, path, len + 1);
	to->len = offsetof(struct sockaddr_un, sun_path) + len + 1;
	return NULL;
}

static const char *split(struct parts *to, const char *text, const char *default_port)
{
	const char *colon = strchr(text, ':'), *host = text, *end;

	to->ipv6 = *text == '[' || (colon && strchr(colon + 1, ':'));
	if (*text == '[') {
		host = text + 1;
		end = strchr(host, ']');
		if (!end || (end[1] && end[1] != ':'))
			return "has an opening bracket, but not [IPV6] or [IPV6]:PORT";
		to->port = end[1] ? end + 2 : default_port;
	} else if (to->ipv6 || !colon) {
		end = text + strlen(text);
		to->port = default_port;
	} else {
		end = colon;
		to->port = colon + 1;
	}
	if (end - host >= (ssize_t)sizeof(to->host))
		return "has a host name that is too long";
	*(char *)mempcpy(to->host, host, end - host) = '\0';
	return NULL;
}

static const char *look_up(struct address *to, const struct parts *parts, enum address_use use)
{
	const struct addrinfo hints = {
		.ai_family = parts->ipv6 ? AF_INET6 : AF_UNSPEC,
		.ai_socktype = SOCK_DGRAM,
		.ai_flags = parts->ipv6 ? AI_NUMERICHOST : 0,
	};
	struct addrinfo *found, *best;
	int wrong;

	*to = (struct address){};
	if (!*parts->host && use == ADDRESS_LISTEN) {
		to->in6.sin6_family = AF_INET6;
		to->len = sizeof(to->in6);
		return NULL;
	}
	if (!*parts->host) {
		to->in.sin_family = AF_INET;
		to->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		to->len = sizeof(to->in);
		return NULL;
	}
	wrong = getaddrinfo(parts->host, NULL, &hints, &found);
	if (wrong && parts->ipv6)
		return "is no IPv6 address";
	if (wrong)
		return wrong == EAI_SYSTEM ? strerror(errno) : gai_strerror(wrong);
	best = found;
	for (struct addrinfo *i = found; i && best->ai_family != AF_INET; i = i->ai_next)
		if (i->ai_family == AF_INET)
			best = i;
	memcpy(&to->any, best->ai_addr, best->ai_addrlen);
	to->len = best->ai_addrlen;
	freeaddrinfo(found);
	return NULL;
}

const char *address_parse(struct address *to, const char *text, const char *default_port,
			  enum address_use use)
{
	struct parts parts;
	uint64_t port;
	const char *wrong;

	if (!strncmp(text, "unix:", 5))
		return parse_path(to, text + 5);
	if (!*text)
		return "is empty: " ADDRESS_FORMS " is allowed";
	wrong = split(&parts, text, default_port);
	if (wrong)
		return wrong;
	if (!parse_u64(parts.port, use == ADDRESS_SEND, 65535, &port))
		return use == ADDRESS_SEND ? "has a port that is not a number from 1 to 65535"
					   : "has a port that is not a number from 0 to 65535";
	wrong = look_up(to, &parts, use);
	if (wrong)
		return wrong;
	to->in.sin_port = htons(port); /* sin6_port is at the same place */
	return NULL;
}

const char *address_text(char *to, const struct address *a)
{
	char host[40], scope[IF_NAMESIZE + 1] = "";
	bool ipv6 = a->any.sa_family == AF_INET6;

	if (a->any.sa_family == AF_UNIX) {
		snprintf(to, ADDRESS_TEXT, "unix:%s", a->un.sun_path);
		return to;
	}
	*put_addr(host, ipv6 ? (void *)&a->in6.sin6_addr : (void *)&a->in.sin_addr, ipv6 ? 16 : 4) =
		'\0';
	if (ipv6 && a->in6.sin6_scope_id && if_indextoname(a->in6.sin6_scope_id, scope + 1))
		*scope = '%';
	snprintf(to, ADDRESS_TEXT, ipv6 ? "[%s%s]:%u" : "%s%s:%u", host, scope,
		 ntohs(a->in.sin_port));
	return to;
}

/* After bind(2) said that the path is taken: removes what nobody listens on. Returns 0 or errno. */
static int remove_stale(const struct address *a)
{
	struct stat st;
	int fd, error;

	if (lstat(a->un.sun_path, &st))
		return errno == ENOENT ? 0 : errno;
	if (!S_ISSOCK(st.st_mode))
		return EEXIST;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	error = connect(fd, &a->any, a->len) ? errno : EADDRINUSE;
	close(fd);
	if (error == EPROTOTYPE) /* somebody's stream */
		error = EADDRINUSE;
	if (error != ECONNREFUSED)
		return error == ENOENT ? 0 : error;
	return unlink(a->un.sun_path) && errno != ENOENT ? errno : 0;
}

/* Both families at once, where the machine has IPv6. */
static int open_socket(struct address *a)
{
	int fd = socket(a->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), off = 0;
	in_port_t port = a->in.sin_port;

	if (a->any.sa_family != AF_INET6 || !IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr))
		return fd;
	if (fd >= 0) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
		return fd;
	}
	if (errno != EAFNOSUPPORT)
		return -1;
	*a = (struct address){ .in = { .sin_family = AF_INET, .sin_port = port },
			       .len = sizeof(a->in) };
	return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

int address_bind(struct address *a)
{
	int fd = open_socket(a), error = 0;

	if (fd < 0)
		return -1;
	if (bind(fd, &a->any, a->len)) {
		error = errno;
		if (error == EADDRINUSE && a->any.sa_family == AF_UNIX) {
			error = remove_stale(a);
			if (!error && bind(fd, &a->any, a->len))
				error = errno;
		}
	}
	if (!error && a->any.sa_family != AF_UNIX) {
		socklen_t len = sizeof(a->in6);

		error = getsockname(fd, &a->any, &len) ? errno : 0;
	}
	if (!error)
		return fd;
	close(fd);
	errno = error;
	return -1;
}
