/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "sink/address.h"
#include "tests/tap.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void test_parse(void)
{
	static const struct {
		const char *text;
		const char *send, *listen; /* what address_text() makes of it; NULL: refused */
	} cases[] = {
		{ "127.0.0.1:8125", "127.0.0.1:8125", "127.0.0.1:8125" },
		{ "127.0.0.1", "127.0.0.1:17", "127.0.0.1:17" },
		{ "localhost:1", "127.0.0.1:1", "127.0.0.1:1" },
		{ ":9", "127.0.0.1:9", "[::]:9" },
		{ "127.0.0.1:0", NULL, "127.0.0.1:0" },
		{ "127.0.0.1:65535", "127.0.0.1:65535", "127.0.0.1:65535" },
		{ "[::1]:5", "[::1]:5", "[::1]:5" },
		{ "[::1]", "[::1]:17", "[::1]:17" },
		{ "::1", "[::1]:17", "[::1]:17" },
		{ "2001:db8::1:2", "[2001:db8::1:2]:17", "[2001:db8::1:2]:17" },
		{ "unix:/run/a.sock", "unix:/run/a.sock", "unix:/run/a.sock" },
		{ "unix:a:b", "unix:a:b", "unix:a:b" },
		{ "" },
		{ "127.0.0.1:" },
		{ "127.0.0.1:x" },
		{ "127.0.0.1:65536" },
		{ "127.0.0.1:-1" },
		{ "[::1" },
		{ "[::1]5" },
		{ "[::1]:" },
		{ "[127.0.0.1]:5" },
		{ "[localhost]:5" },
		{ "::g" },
		{ "unix:" },
	};
	char shown[ADDRESS_TEXT], name[400];
	struct address a;

	for (size_t i = 0; i < 2 * COUNT(cases); i++) {
		const char *text = cases[i / 2].text;
		const char *expected = i % 2 ? cases[i / 2].listen : cases[i / 2].send;
		const char *wrong =
			address_parse(&a, text, "17", i % 2 ? ADDRESS_LISTEN : ADDRESS_SEND);

		ok(!wrong == !!expected, "%s '%s'", expected ? "taken:" : "refused:", text);
		if (!wrong)
			is_str(address_text(shown, &a), expected, "'%s'", text);
	}
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	ok(address_parse(&a, name, "17", ADDRESS_SEND), "refused: a name that is too long");
	memcpy(name, "unix:", 5);
	name[5 + 107] = '\0';
	ok(!address_parse(&a, name, "17", ADDRESS_SEND), "a path of 107 bytes");
	ok(address_text(shown, &a) && !strcmp(shown, name), "and its text");
	name[5 + 107] = 'x';
	name[5 + 108] = '\0';
	ok(address_parse(&a, name, "17", ADDRESS_SEND), "refused: a path of 108 bytes");
}

static void test_bind(void)
{
	struct address a, b;
	int first, second;

	address_parse(&a, "127.0.0.1:0", "17", ADDRESS_LISTEN);
	first = address_bind(&a);
	ok(first >= 0 && a.in.sin_port, "a free port is found and told");
	b = a;
	second = address_bind(&b);
	ok(second < 0 && errno == EADDRINUSE, "a port that is taken");
	close(first);
	first = address_bind(&b);
	ok(first >= 0, "and is free again");
	close(first);
}

static void test_files(void)
{
	struct address a;
	int first;

	address_parse(&a, "unix:address-test.sock", "17", ADDRESS_LISTEN);
	unlink(a.un.sun_path);
	first = address_bind(&a);
	ok(first >= 0, "a socket file is made");
	ok(address_bind(&a) < 0 && errno == EADDRINUSE, "one that somebody listens on is left");
	close(first);
	first = address_bind(&a);
	ok(first >= 0, "one that nobody listens on is replaced");
	close(first);
	unlink(a.un.sun_path);
	close(open(a.un.sun_path, O_CREAT | O_WRONLY, 0600));
	ok(address_bind(&a) < 0 && errno == EEXIST && !access(a.un.sun_path, F_OK),
	   "another file is left");
	unlink(a.un.sun_path);
	first = socket(AF_UNIX, SOCK_STREAM, 0);
	ok(!bind(first, &a.any, a.len) && !listen(first, 1) && address_bind(&a) < 0 &&
		   errno == EADDRINUSE,
	   "so is a stream that somebody listens on");
	close(first);
	unlink(a.un.sun_path);
}

int main(void)
{
	char dir[] = "/tmp/address-XXXXXX";

	test_parse();
	test_bind();
	if (!mkdtemp(dir) || chdir(dir))
		skip("no directory can be made");
	else
		test_files();
	if (!chdir("/"))
		rmdir(dir);
	return done();
}
