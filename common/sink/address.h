/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where datagrams go to or come from: ADDR:PORT for UDP, or unix:/PATH. */
#ifndef GRAIN_ADDRESS_H
#define GRAIN_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ADDRESS_FORMS "HOST:PORT, [IPV6]:PORT or unix:/PATH"
#define ADDRESS_TEXT  160 /* room for what address_text() writes, and a NUL */

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	};
	socklen_t len;
};

enum address_use {
	ADDRESS_SEND,	/* no host is this machine (127.0.0.1); port 0 is refused */
	ADDRESS_LISTEN, /* no host is all addresses of both families; port 0 is any that is free */
};

/*
 * Reads HOST:PORT, HOST, :PORT, [IPV6]:PORT, [IPV6], IPV6 or unix:/PATH. A name is looked up, and
 * its IPv4 address preferred: most daemons listen on that only, and UDP has no answer to tell.
 * NULL, or one sentence about what is wrong with the text, to be printed behind it.
 */
const char *address_parse(struct address *to, const char *text, const char *default_port,
			  enum address_use use);

/* "127.0.0.1:8125", "[::1]:8125" or "unix:/PATH", of ADDRESS_TEXT bytes at most. Returns `to`. */
const char *address_text(char *to, const struct address *a);

/*
 * A datagram socket that is bound to it (blocking, closed on exec). The socket file that nobody
 * listens on any more is replaced; its mode is that of the umask. `a` gets the port that was free.
 * -1 and errno: EADDRINUSE when another process listens there, EEXIST when the file is no socket.
 */
int address_bind(struct address *a);

#endif
