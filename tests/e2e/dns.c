/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A DNS server and a client, which say what they send and receive, and who they are: a JSON object
 * for each message, with the keys of dnssnoop's events.
 *
 *	dns serve [OPTION...] ADDRESS PORT		answers; says "ready" first
 *	dns ask [OPTION...] ADDRESS PORT NAME...	asks, one after the other
 *	dns send [OPTION...] ADDRESS PORT HEX...	sends bytes, and waits for nothing
 *
 *	-t		over TCP
 *	-w N		serve: N processes take turns at the socket; with TCP one is started for
 *			each connection, which this one has accepted
 *	-u UID		serve: as this user, once the port is taken
 *	-s SIZE		serve: answers of about this many bytes
 *	-d MS		serve: takes that long
 *	-c RCODE	serve: says that
 *	-a		serve: with an authority record and an additional one
 *	-n		serve: nothing; ask: don't wait for an answer
 *	-q TYPE		ask: a number; default 1, which is A
 *	-r N		ask: the same question N times before the answer is waited for
 *	-1		ask: over TCP, one byte a segment
 *	-p		ask: all questions in one segment; over UDP, where they must be of one size,
 *			in one call, and the kernel splits what it is given (UDP_SEGMENT)
 *	-g		wait for a line on standard input once the socket is there
 *	-f N		ask: N times the same, saying nothing
 */
#include <arpa/inet.h>
#include <errno.h>
#include <error.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	A = 1,
	NS = 2,
	TXT = 16
};
enum {
	ANSWERS = 6,
	AUTHORITY = 8,
	ADDITIONAL = 10
}; /* where the header counts them */

static struct {
	int tcp, all, silent, bytewise, pipelined, gated;
	int workers, uid, size, delay, rcode, type, repeat, flood;
} o = { .uid = -1, .type = A, .repeat = 1 };

static uint8_t message[65536];
static int message_len;

static long must(long result, const char *what)
{
	if (result < 0)
		error(1, errno, "%s", what);
	return result;
}

/*
 * Messages. In front of one that goes over TCP there is room for its length.
 */

static void put(const void *bytes, int n)
{
	if (message_len + n > (int)sizeof(message))
		error(1, 0, "the message is too long");
	memcpy(message + message_len, bytes, n);
	message_len += n;
}

static void put16(int n)
{
	put((uint8_t[]){ n >> 8, n }, 2);
}

static void set16(int at, int n)
{
	message[at] = n >> 8;
	message[at + 1] = n;
}

static int get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static void make_question(const char *name, int id)
{
	message_len = 0;
	put16(id);
	put16(0x0100); /* RD */
	put16(1);
	put((uint8_t[6]){}, 6);
	for (const char *label = name; *label;) {
		int n = strcspn(label, ".");

		put(&(uint8_t){ n }, 1);
		put(label, n);
		label += n + (label[n] == '.');
	}
	put16(0 << 8 | o.type >> 8); /* the root's label, and half of the type */
	put(&(uint8_t){ o.type }, 1);
	put16(1);
}

/* The name that a message asks for, and where its question ends. */
static const char *question(int *end)
{
	static char name[256];
	int at = 12, n = 0;

	while (at < message_len && message[at]) {
		memcpy(name + n, message + at + 1, message[at]);
		n += message[at];
		name[n++] = '.';
		at += 1 + message[at];
	}
	name[n ? n - 1 : 0] = '\0';
	*end = at + 5;
	return name;
}

static void put_record(int section, int type, const void *data, int n)
{
	put16(0xc00c); /* the question's name */
	put16(type);
	put16(1);
	put((uint8_t[]){ 0, 0, 0, 60 }, 4);
	put16(n);
	put(data, n);
	set16(section, get16(message + section) + 1);
}

static void make_answer(void)
{
	uint8_t text[201] = { 200 };
	int end;

	question(&end);
	message_len = end;
	message[2] |= 0x80;
	message[3] = 0x80 | o.rcode;
	memset(message + 6, 0, 6);
	memset(text + 1, 'x', 200);
	if (!o.rcode && !o.size)
		put_record(ANSWERS, A, (uint8_t[]){ 192, 0, 2, 1 }, 4);
	while (message_len + 213 <= o.size)
		put_record(ANSWERS, TXT, text, sizeof(text));
	if (o.all) {
		put_record(AUTHORITY, NS, (uint8_t[]){ 0xc0, 12 }, 2);
		put_record(ADDITIONAL, A, (uint8_t[]){ 192, 0, 2, 2 }, 4);
	}
}

static void say(bool sent)
{
	bool answer = message[2] & 0x80;
	char comm[16], line[1024];
	int end;

	prctl(PR_GET_NAME, comm);
	snprintf(line, sizeof(line),
		 "{\"event\":\"dns.%s\",\"direction\":\"%s\",\"proto\":\"%s\",\"query\":\"%s\","
		 "\"bytes\":%d,\"id\":%d,\"pid\":%d,\"ppid\":%d,\"uid\":%d,\"comm\":\"%s\"}\n",
		 answer ? "answer" : "query", sent ? "out" : "in", o.tcp ? "tcp" : "udp",
		 question(&end), message_len, get16(message), getpid(), getppid(), getuid(), comm);
	must(write(1, line, strlen(line)), "write");
}

/*
 * Ways.
 */

static union {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
} peer;
static socklen_t peer_len;

static int make_socket(const char *address, const char *port)
{
	bool six = strchr(address, ':');

	peer_len = six ? sizeof(peer.v6) : sizeof(peer.v4);
	peer.any.sa_family = six ? AF_INET6 : AF_INET;
	if (inet_pton(peer.any.sa_family, address,
		      six ? (void *)&peer.v6.sin6_addr : &peer.v4.sin_addr) != 1)
		error(1, 0, "%s is no address", address);
	peer.v4.sin_port = htons(atoi(port)); /* where IPv6 has it, too */
	return must(socket(peer.any.sa_family, o.tcp ? SOCK_STREAM : SOCK_DGRAM, 0), "socket");
}

static void wait_for_line(void)
{
	char c;

	while (o.gated && read(0, &c, 1) == 1 && c != '\n')
		;
}

static bool read_all(int fd, uint8_t *to, int n)
{
	ssize_t got;

	for (; n; n -= got, to += got)
		if ((got = read(fd, to, n)) <= 0)
			return false;
	return true;
}

static void write_all(int fd, const uint8_t *from, int n)
{
	for (ssize_t sent; n; n -= sent, from += sent)
		sent = must(write(fd, from, o.bytewise ? 1 : n), "write");
}

static bool receive(int fd)
{
	uint8_t len[2];

	if (!o.tcp) {
		message_len = recvfrom(fd, message, sizeof(message), 0, &peer.any, &peer_len);
		return message_len >= 0;
	}
	if (!read_all(fd, len, 2))
		return false;
	message_len = get16(len);
	return read_all(fd, message, message_len);
}

/* A message and its length go in one piece. */
static void transmit(int fd)
{
	static uint8_t framed[2 + sizeof(message)];

	if (!o.tcp) {
		must(sendto(fd, message, message_len, 0, &peer.any, peer_len), "sendto");
		return;
	}
	framed[0] = message_len >> 8;
	framed[1] = message_len;
	memcpy(framed + 2, message, message_len);
	write_all(fd, framed, 2 + message_len);
}

/*
 * The server.
 */

static void answer(int fd)
{
	say(false);
	if (o.silent)
		return;
	usleep(o.delay * 1000);
	make_answer();
	say(true);
	transmit(fd);
}

/* Each takes one, and lets the next one have a go: bytes in a ring of pipes. */
static void take_turns(int fd, int from, int to)
{
	char baton;

	while (read(from, &baton, 1) == 1 && receive(fd)) {
		must(write(to, &baton, 1), "pipe");
		answer(fd);
	}
	_exit(0);
}

static void start_workers(int fd)
{
	int pipes[16][2];

	for (int i = 0; i < o.workers; i++)
		must(pipe(pipes[i]), "pipe");
	for (int i = 0; i < o.workers; i++)
		if (!must(fork(), "fork"))
			take_turns(fd, pipes[i][0], pipes[(i + 1) % o.workers][1]);
	must(write(pipes[0][1], "", 1), "pipe");
	pause();
}

static void serve_connection(int fd)
{
	while (receive(fd))
		answer(fd);
	close(fd);
}

static void serve(const char *address, const char *port)
{
	int fd = make_socket(address, port), connection;

	must(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)), "setsockopt");
	/* What a slow server has no room for the kernel drops, unseen. */
	must(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &(int){ 64 << 20 }, sizeof(int)), "buffer");
	must(bind(fd, &peer.any, peer_len), "bind");
	if (o.tcp)
		must(listen(fd, 16), "listen");
	if (o.uid >= 0)
		must(setuid(o.uid), "setuid");
	must(write(1, "\"ready\"\n", 8), "write");
	wait_for_line();
	if (!o.tcp && o.workers)
		start_workers(fd);
	while (!o.tcp && receive(fd))
		answer(fd);
	for (;;) {
		connection = must(accept(fd, NULL, NULL), "accept");
		if (o.workers && must(fork(), "fork")) {
			close(connection);
			continue;
		}
		serve_connection(connection);
		if (o.workers)
			_exit(0);
	}
}

/*
 * The client.
 */

static void ask_one(int fd, const char *name, int id)
{
	make_question(name, id);
	for (int i = 0; i < o.repeat; i++) {
		say(true);
		transmit(fd);
	}
	if (o.silent)
		return;
	do
		if (!receive(fd))
			error(1, errno, "no answer");
	while (get16(message) != id);
	say(false);
}

/* All questions, then all answers. */
static void ask_pipelined(int fd, char **names)
{
	static uint8_t all[65536];
	int n = 0, id;

	for (id = 1; names[id - 1]; id++) {
		make_question(names[id - 1], id);
		say(true);
		if (o.tcp) {
			all[n++] = message_len >> 8;
			all[n++] = message_len;
		}
		memcpy(all + n, message, message_len);
		n += message_len;
	}
	if (!o.tcp) {
		must(setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &message_len, sizeof(int)),
		     "segment");
		must(sendto(fd, all, n, 0, &peer.any, peer_len), "sendto");
		must(setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &(int){ 0 }, sizeof(int)), "segment");
	} else {
		write_all(fd, all, n);
	}
	while (--id) {
		if (!receive(fd))
			error(1, errno, "no answer");
		say(false);
	}
}

static int make_client(const char *address, const char *port)
{
	int fd = make_socket(address, port);

	if (o.tcp) {
		must(connect(fd, &peer.any, peer_len), "connect");
		must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int)), "nodelay");
	}
	wait_for_line();
	return fd;
}

static void ask(char **args)
{
	int fd = make_client(args[0], args[1]);

	for (int i = 0; i < o.flood; i++) {
		make_question(args[2], i);
		transmit(fd);
	}
	if (o.flood)
		return;
	if (o.pipelined)
		ask_pipelined(fd, args + 2);
	for (int i = 2; args[i] && !o.pipelined; i++)
		ask_one(fd, args[i], i + getpid() % 60000);
}

static void send_bytes(char **args)
{
	int fd = make_client(args[0], args[1]);

	for (char **hex = args + 2; *hex; hex++) {
		message_len = strlen(*hex) / 2;
		for (int i = 0; i < message_len; i++)
			sscanf(*hex + 2 * i, "%2hhx", &message[i]);
		transmit(fd);
	}
}

int main(int argc, char **argv)
{
	static int *const values[128] = {
		['a'] = &o.all,	  ['t'] = &o.tcp,    ['w'] = &o.workers,  ['u'] = &o.uid,
		['s'] = &o.size,  ['d'] = &o.delay,  ['c'] = &o.rcode,	  ['n'] = &o.silent,
		['q'] = &o.type,  ['r'] = &o.repeat, ['1'] = &o.bytewise, ['p'] = &o.pipelined,
		['g'] = &o.gated, ['f'] = &o.flood,
	};
	const char *what = argv[1];
	int c;

	if (argc < 2)
		return 2;
	signal(SIGCHLD, SIG_IGN);
	while ((c = getopt(argc - 1, argv + 1, "+atw:u:s:d:c:nq:r:1pgf:")) != -1) {
		if (c == '?')
			return 2;
		*values[c] = optarg ? atoi(optarg) : 1;
	}
	argv += 1 + optind;
	if (argc - 1 - optind < 2)
		error(2, 0, "usage: dns serve|ask|send [OPTION...] ADDRESS PORT [NAME...]");
	if (!strcmp(what, "serve"))
		serve(argv[0], argv[1]);
	else if (!strcmp(what, "ask"))
		ask(argv);
	else
		send_bytes(argv);
	return 0;
}
