/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The signatures that AWS publishes: the examples of S3's documentation, and its test suite. */
#include "sink/sigv4.h"

#include <stdlib.h>

#include "tests/tap.h"

#define EMPTY	     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HOST	     "examplebucket.s3.amazonaws.com"
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* The signature, and whether these headers are listed. */
static void check(struct sigv4 s, const char *names, const char *signature, const char *name)
{
	char *header = sigv4_authorization(&s), *end = header ? strstr(header, "Signature=") : NULL;
	char list[300];

	snprintf(list, sizeof(list), "SignedHeaders=%s, ", names);
	ok(header && strstr(header, list), "%s: headers", name);
	is_str(end ? end + 10 : NULL, signature, "%s", name);
	free(header);
}

static void check_s3(void)
{
	struct sigv4_pair header[5] = { { "Host", HOST }, { "x-amz-date", "20130524T000000Z" } };
	const struct sigv4_pair lifecycle = { "lifecycle", "" },
				list[] = { { "prefix", "J" }, { "max-keys", "2" } };
	static const char payload[] =
		"44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
	struct sigv4 s = {
		.method = "GET",
		.path = "/test.txt",
		.header = header,
		.headers = 4,
		.payload = EMPTY,
		.time = "20130524T000000Z",
		.region = "us-east-1",
		.service = "s3",
		.key = "AKIAIOSFODNN7EXAMPLE",
		.secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	};
	char *whole;

	header[2] = (struct sigv4_pair){ "x-amz-content-sha256", EMPTY };
	header[3] = (struct sigv4_pair){ "Range", "bytes=0-9" };
	check(s, "host;range;x-amz-content-sha256;x-amz-date",
	      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41", "GET object");
	whole = sigv4_authorization(&s);
	is_str(whole,
	       "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"
	       "aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
	       "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
	       "all of the header");
	free(whole);

	s.headers = 3;
	s.path = "/";
	s.query = &lifecycle;
	s.queries = 1;
	check(s, "host;x-amz-content-sha256;x-amz-date",
	      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543", "GET lifecycle");
	s.query = list;
	s.queries = 2;
	check(s, "host;x-amz-content-sha256;x-amz-date",
	      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7", "list objects");

	s.method = "PUT";
	s.path = "/test%24file.text";
	s.payload = payload;
	s.queries = 0;
	s.headers = 5;
	header[2].value = payload;
	header[3] = (struct sigv4_pair){ "x-amz-storage-class", "REDUCED_REDUNDANCY" };
	header[4] = (struct sigv4_pair){ "Date", "Fri, 24 May 2013 00:00:00 GMT" };
	check(s, "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
	      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd", "PUT object");
}

/* aws-sig-v4-test-suite */
static void check_suite(void)
{
	static const char token[] =
		"AQoDYXdzEPT//////////"
		"wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMi"
		"cRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/"
		"kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZamp"
		"KsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+"
		"xo0rKwT38xVqr7ZD"
		"0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/"
		"oLx"
		"BA==";
	const struct sigv4_pair by_key[] = { { "Param2", "value2" }, { "Param1", "value1" } };
	const struct sigv4_pair by_value[] = { { "Param1", "value2" }, { "Param1", "Value1" } };
	struct sigv4_pair header[4] = { { "Host", "example.amazonaws.com" },
					{ "X-Amz-Date", "20150830T123600Z" } };
	struct sigv4 s = {
		.method = "GET",
		.path = "/",
		.header = header,
		.headers = 2,
		.payload = EMPTY,
		.time = "20150830T123600Z",
		.region = "us-east-1",
		.service = "service",
		.key = "AKIDEXAMPLE",
		.secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
	};

	check(s, "host;x-amz-date",
	      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", "get-vanilla");
	s.queries = 2;
	s.query = by_key;
	check(s, "host;x-amz-date",
	      "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
	      "get-vanilla-query-order-key-case");
	s.query = by_value;
	check(s, "host;x-amz-date",
	      "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1",
	      "get-vanilla-query-order-key");
	s.queries = 0;
	header[2] = (struct sigv4_pair){ "My-Header2", "\"a   b   c\"" };
	header[3] = (struct sigv4_pair){ "My-Header1", " value1" };
	s.headers = 4;
	check(s, "host;my-header1;my-header2;x-amz-date",
	      "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
	      "get-header-value-trim");
	s.method = "POST";
	s.headers = 2;
	check(s, "host;x-amz-date",
	      "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b", "post-vanilla");
	header[2] = (struct sigv4_pair){ "My-Header1", "VALUE1" };
	s.headers = 3;
	check(s, "host;my-header1;x-amz-date",
	      "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
	      "post-header-value-case");
	header[2] = (struct sigv4_pair){ "X-Amz-Security-Token", token };
	check(s, "host;x-amz-date;x-amz-security-token",
	      "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
	      "post-sts-header-before");
}

static void check_encoding(void)
{
	static const struct {
		const char *text, *path, *value;
	} cases[] = {
		{ "", "", "" },
		{ "a/b.c-d_e~f", "a/b.c-d_e~f", "a%2Fb.c-d_e~f" },
		{ "a b+c%d=e", "a%20b%2Bc%25d%3De", "a%20b%2Bc%25d%3De" },
		{ "!'()*", "%21%27%28%29%2A", "%21%27%28%29%2A" },
		{ "\"\\<>^`{|}", "%22%5C%3C%3E%5E%60%7B%7C%7D", "%22%5C%3C%3E%5E%60%7B%7C%7D" },
		{ "//a/", "//a/", "%2F%2Fa%2F" },
		{ "\303\251\377\1", "%C3%A9%FF%01", "%C3%A9%FF%01" },
		{ "?#[]@:&$,;", "%3F%23%5B%5D%40%3A%26%24%2C%3B",
		  "%3F%23%5B%5D%40%3A%26%24%2C%3B" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].text);
		char to[100];

		*sigv4_encode(to, cases[i].text, len, true) = '\0';
		is_str(to, cases[i].path, "path %zu", i);
		*sigv4_encode(to, cases[i].text, len, false) = '\0';
		is_str(to, cases[i].value, "value %zu", i);
	}
	char to[3];
	is_u64(sigv4_encode(to, "", 1, true) - to, 3, "NUL");
}

int main(void)
{
	char time[SIGV4_TIME];

	check_s3();
	check_suite();
	check_encoding();
	sigv4_time(time, 1369353600);
	is_str(time, "20130524T000000Z", "time");
	return done();
}
