/* SPDX-License-Identifier: GPL-2.0-or-later */
/* s3-upload: lines become objects in a bucket, and wait until it has them. */
#include <arpa/inet.h>
#include <ctype.h>
#include <nettle/base64.h>
#include <nettle/md5.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/num.h"
#include "base/stop.h"
#include "sink/credentials.h"
#include "sink/deliver.h"
#include "sink/helper.h"
#include "sink/objectkey.h"
#include "sink/sigv4.h"
#include "sink/xml.h"

#define TAGS_MAX 10

static struct {
	const char *endpoint, *region, *profile, *key, *storage_class, *sse, *name;
	struct list tags;
	bool path_style, tee;
	uint64_t max_size, max_age;
	struct deliver_options deliver;
} config = {
	.key = "dt={date}/hour={hour}/{name}-{time}-{id}-{seq}.ndjson",
	.max_size = 16 << 20,
	.max_age = 60 * SECOND,
	.deliver = DELIVER_DEFAULTS,
};

/* clang-format off */
#define AT(member) .offset = offsetof(__typeof__(config), member)
/* clang-format on */

static const struct option_row options[] = {
	{ "endpoint", 0, OPTION_STRING, "URL", AT(endpoint),
	  .help = "of another server than Amazon's (default: $AWS_ENDPOINT_URL_S3)" },
	{ "region", 0, OPTION_STRING, "REGION", AT(region),
	  .help = "where the bucket is (default: $AWS_REGION, the profile's, us-east-1)" },
	{ "profile", 0, OPTION_STRING, "NAME", AT(profile),
	  .help = "the profile of AWS's files to use (default: $AWS_PROFILE)" },
	{ "path-style", 0, OPTION_FLAG, NULL, AT(path_style),
	  .help = "put the bucket into the path, not before the server's name" },
	{ "max-size", 0, OPTION_SIZE, "SIZE", AT(max_size), .min = 1, .max = 1 << 30,
	  .help = "put SIZE at most into an object, before compression (default 16M)" },
	{ "max-age", 0, OPTION_DURATION, "TIME", AT(max_age), .min = 1 * MS,
	  .help = "send what is there TIME after its first byte (default 60s)" },
	{ "key", 0, OPTION_STRING, "TEMPLATE", AT(key),
	  .help = "what objects are called, below the prefix: see KEYS in the manual" },
	{ "name", 0, OPTION_STRING, "NAME", AT(name),
	  .help = "what stands for {name} in keys (default: the host's)" },
	{ "storage-class", 0, OPTION_STRING, "CLASS", AT(storage_class),
	  .help = "another class than the bucket's, as STANDARD_IA" },
	{ "sse", 0, OPTION_STRING, "ALG[:KEYID]", AT(sse),
	  .help = "have the server encrypt by AES256, aws:kms or aws:kms:dsse, with this key" },
	{ "object-tag", 0, OPTION_LIST, "KEY=VALUE", AT(tags), .help = "tag each object so" },
	{ "tee", 0, OPTION_FLAG, NULL, AT(tee), .help = "pass the stream on to standard output" },
	DELIVER_OPTIONS(deliver),
	{},
};

static struct {
	char where[600];   /* s3://BUCKET/PREFIX, cut: for messages */
	char *destination; /* the same, whole */
	char *bucket, *template, *tagging, *region;
	const char *scheme; /* and "://" */
	char *host, *base;  /* the server, with its port, and the path that all others are below */
	bool amazon;	    /* the host follows from the region */
	bool in_path;	    /* the bucket is */
	bool moved;	    /* the region isn't the user's any more */
	bool conditional;   /* the server may know If-None-Match */
	char name[256], sse[20];
	const char *sse_key;
	struct credentials credentials;
} s3 = { .conditional = true };

/*
 * The request.
 */

static void set_text(CURL *curl, CURLoption option, const char *value)
{
	if (curl_easy_setopt(curl, option, value))
		die(STATUS_FAILED, "out of memory");
}

static void ask_first(CURL *curl, struct curl_slist **headers)
{
	const struct credentials *c = &s3.credentials;

	set_text(curl, CURLOPT_URL, c->ask.url);
	set_text(curl, CURLOPT_USERAGENT, "s3-upload/" VERSION);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, c->ask.direct ? 1000L : 5000L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 10000L);
	if (c->ask.direct)
		set_text(curl, CURLOPT_NOPROXY, "*");
	if (c->ask.header)
		add_header(headers, c->ask.header);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, c->ask.body ? c->ask.body : "");
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE,
			 (long)(c->ask.body ? strlen(c->ask.body) : 0));
	if (!strcmp(c->ask.method, "GET"))
		curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
	else
		set_text(curl, CURLOPT_CUSTOMREQUEST, c->ask.method);
}

static bool asked(const struct answer *a, const char **why)
{
	const char *error = curl_easy_strerror(a->result);

	if (a->result)
		return credentials_answer(&s3.credentials, time(NULL), 0, error, strlen(error),
					  why);
	return credentials_answer(&s3.credentials, time(NULL), a->status, a->text, a->len, why);
}

#define MD5_TEXT (BASE64_ENCODE_RAW_LENGTH(MD5_DIGEST_SIZE) + 1)

/* Both sums of a body. */
static void sum(int body, char hash[SIGV4_HASH], char md5_text[MD5_TEXT])
{
	static uint8_t bytes[64 << 10];
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx sha;
	struct md5_ctx md5;
	uint64_t at = 0;
	ssize_t n;

	sha256_init(&sha);
	md5_init(&md5);
	while ((n = pread(body, bytes, sizeof(bytes), at)) > 0) {
		sha256_update(&sha, n, bytes);
		md5_update(&md5, n, bytes);
		at += n;
	}
	sha256_digest(&sha, sizeof(digest), digest);
	*put_hex(hash, digest, sizeof(digest)) = '\0';
	md5_digest(&md5, MD5_DIGEST_SIZE, digest);
	base64_encode_raw(md5_text, MD5_DIGEST_SIZE, digest);
	md5_text[MD5_TEXT - 1] = '\0';
}

struct headers {
	struct sigv4_pair pair[SIGV4_MAX];
	size_t n;
};

static void add(struct headers *h, const char *name, const char *value)
{
	if (value)
		h->pair[h->n++] = (struct sigv4_pair){ name, value };
}

/* No Content-Encoding: an object that is called .gz is a compressed file, and whoever reads it by
 * its name would else decompress it twice. */
static const char *content_type(const struct batch *b)
{
	size_t len = strlen(s3.template);

	if (b->gzip)
		return "application/gzip";
	return len > 7 && !strcmp(s3.template + len - 7, ".ndjson") ? "application/x-ndjson"
								    : "text/plain; charset=utf-8";
}

/* All headers are signed. */
static void sign(CURL *curl, const struct batch *b, int body, const char *host, const char *path,
		 struct curl_slist **list)
{
	const struct credentials *c = &s3.credentials;
	char time_text[SIGV4_TIME], hash[SIGV4_HASH], md5[MD5_TEXT], *authorization, *line;
	struct headers h = {};

	sigv4_time(time_text, time(NULL));
	sum(body, hash, md5);
	add(&h, "Host", host);
	add(&h, "Content-MD5", md5);
	add(&h, "Content-Type", content_type(b));
	add(&h, "If-None-Match", s3.conditional ? "*" : NULL);
	add(&h, "x-amz-content-sha256", hash);
	add(&h, "x-amz-date", time_text);
	add(&h, "x-amz-security-token", c->token);
	add(&h, "x-amz-storage-class", config.storage_class);
	add(&h, "x-amz-server-side-encryption", *s3.sse ? s3.sse : NULL);
	add(&h, "x-amz-server-side-encryption-aws-kms-key-id", s3.sse_key);
	add(&h, "x-amz-tagging", s3.tagging);
	const struct sigv4 s = {
		.method = "PUT",
		.path = path,
		.header = h.pair,
		.headers = h.n,
		.payload = hash,
		.time = time_text,
		.region = s3.region,
		.service = "s3",
		.key = c->key,
		.secret = c->secret,
	};
	authorization = sigv4_authorization(&s);
	if (!authorization)
		die(STATUS_FAILED, "out of memory");
	add(&h, "Authorization", authorization);
	for (size_t i = 0; i < h.n; i++) {
		line = text_of("%s: %s", h.pair[i].name, h.pair[i].value);
		add_header(list, line);
		free(line);
	}
	free(authorization);
	add_header(list, "Expect:"); /* no question before each body */
	set_text(curl, CURLOPT_CUSTOMREQUEST, "PUT");
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	set_text(curl, CURLOPT_USERAGENT, "s3-upload/" VERSION);
}

static void put_object(CURL *curl, const struct batch *b, int body, struct curl_slist **list)
{
	char key[OBJECTKEY_MAX + 1], encoded[3 * OBJECTKEY_MAX + 1], *host, *path, *url;
	const char *why;

	if (!objectkey_make(key, s3.template, s3.name, b, &why))
		die(STATUS_FAILED, "--key: %s", why);
	*sigv4_encode(encoded, key, strlen(key), true) = '\0';
	host = text_of("%s%s%s", s3.in_path ? "" : s3.bucket, s3.in_path ? "" : ".", s3.host);
	path = text_of("%s/%s%s%s", s3.base, s3.in_path ? s3.bucket : "", s3.in_path ? "/" : "",
		       encoded);
	url = text_of("%s%s%s", s3.scheme, host, path);
	set_text(curl, CURLOPT_URL, url);
	sign(curl, b, body, host, path, list);
	free(host);
	free(path);
	free(url);
}

static enum request request(CURL *curl, const struct batch *b, int body,
			    struct curl_slist **headers, const char **why)
{
	switch (credentials_find(&s3.credentials, time(NULL), why)) {
	case CREDENTIALS_FOUND:
		put_object(curl, b, body, headers);
		return REQUEST_MADE;
	case CREDENTIALS_ASK:
		ask_first(curl, headers);
		return REQUEST_FIRST;
	case CREDENTIALS_NONE:
		break;
	}
	return REQUEST_LATER;
}

/*
 * The answer: docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */

static const char *header_of(const struct answer *a, const char *name)
{
	struct curl_header *h;

	return curl_easy_header(a->curl, name, 0, CURLH_HEADER, -1, &h) ? NULL : h->value;
}

static void use_region(const char *region)
{
	free(s3.region);
	s3.region = text_of("%s", region);
	s3.credentials.region = s3.region;
	if (!s3.amazon)
		return;
	free(s3.host);
	s3.host = text_of("s3.%s.amazonaws.com%s", region, strncmp(region, "cn-", 3) ? "" : ".cn");
}

static bool is_region(const char *s)
{
	size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len && len < 64 && !s[len];
}

/* The bucket is in another region, and the server says in which. Once: it could be mistaken. */
static bool move(const struct answer *a)
{
	char text[64] = "";
	const char *region = header_of(a, "x-amz-bucket-region");

	if (!region && xml_text(a->text, a->len, "Region", text, sizeof(text)))
		region = text;
	if (s3.moved || !region || !is_region(region) || !strcmp(region, s3.region))
		return false;
	s3.moved = true;
	say("%s is in region %s, not %s: it goes on there", s3.where, region, s3.region);
	use_region(region);
	return true;
}

/* How wrong the clock is. */
static void tell_skew(const struct answer *a, char more[DELIVER_WHAT])
{
	const char *date = header_of(a, "Date");
	time_t there = date ? curl_getdate(date, NULL) : -1, here = time(NULL);
	char text[20];

	if (there < 0)
		return;
	*put_duration(text, llabs(here - there) * SECOND) = '\0';
	snprintf(more, DELIVER_WHAT, ": the clock here is %s %s the server's", text,
		 here < there ? "behind" : "ahead of");
}

/* The length of a sentence without its full stop. */
static size_t sentence(const char *s)
{
	size_t len = strlen(s);

	return len - (len && s[len - 1] == '.');
}

static bool is_one_of(const char *code, const char *const *list)
{
	while (*list && strcmp(code, *list))
		list++;
	return *list;
}

/*
 * The server never looks into a batch, so that no answer is about what is in it: all are tried
 * again, with what the user may have put right by then, but for one that is too large.
 */
static enum verdict judge(const struct answer *a, char what[DELIVER_WHAT], char more[DELIVER_WHAT])
{
	static const char *const stale[] = { "ExpiredToken",	     "ExpiredTokenException",
					     "InvalidToken",	     "InvalidAccessKeyId",
					     "TokenRefreshRequired", NULL };
	char code[64] = "", message[200] = "";

	if (a->status >= 200 && a->status < 300)
		return VERDICT_TAKEN;
	/* Its key is no other batch's: it arrived before, and its answer was lost. */
	if (a->status == 412 && s3.conditional)
		return VERDICT_TAKEN;
	if (a->status == 501 && s3.conditional) {
		s3.conditional = false;
		return VERDICT_AGAIN;
	}
	if (a->status < 500 && move(a))
		return VERDICT_AGAIN;
	if (!xml_text(a->text, a->len, "Code", code, sizeof(code)) ||
	    code[strspn(code, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.")])
		*code = '\0';
	snprintf(what, DELIVER_WHAT, "%s: %s%sstatus %ld", s3.where, code, *code ? ", " : "",
		 a->status);
	if (xml_text(a->text, a->len, "Message", message, sizeof(message)) && *message)
		*put_text(stpcpy(more, ": "), message, sentence(message), NULL) = '\0';
	if (!strcmp(code, "RequestTimeTooSkewed"))
		tell_skew(a, more);
	if (is_one_of(code, stale))
		credentials_refused(&s3.credentials);
	return a->status == 413 || !strcmp(code, "EntityTooLarge") ? VERDICT_REFUSED
								   : VERDICT_LATER;
}

/*
 * What is given.
 */

static const struct helper helper = {
	.name = "s3-upload",
	.summary = "Put the lines of standard input into objects of an S3 bucket, and keep them "
		   "until it has them.",
	.operands = "[s3://BUCKET[/PREFIX]]",
	.options = options,
	.config = &config,
};

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static void read_bucket(const struct list *operands)
{
	const char *url = operands->n ? operands->item[0] : NULL,
		   *bucket = variable("AWS_S3_BUCKET"), *prefix = "";
	size_t len;

	if (operands->n > 1 || (!url && !bucket))
		die(STATUS_USAGE, "one s3:// URL is needed, and %zu are given", operands->n);
	if (url && strncmp(url, "s3://", 5))
		die(STATUS_USAGE, "the URL begins not with s3://");
	if (url)
		bucket = url + 5;
	len = strcspn(bucket, "/");
	if (len < 3 || len > 255 ||
	    strspn(bucket, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") <
		    len ||
	    !isalnum((unsigned char)*bucket))
		die(STATUS_USAGE, "no bucket can be called so: '%.*s'", (int)len, bucket);
	if (bucket[len])
		prefix = bucket + len + 1;
	s3.bucket = text_of("%.*s", (int)len, bucket);
	len = strlen(prefix);
	if (strpbrk(prefix, "{}"))
		die(STATUS_USAGE, "braces can't be in the prefix");
	s3.template =
		text_of("%s%s%s", prefix, len && prefix[len - 1] != '/' ? "/" : "", config.key);
	s3.destination = text_of("s3://%s%s%s", s3.bucket, len ? "/" : "", prefix);
	snprintf(s3.where, sizeof(s3.where), "s3://%s%s%.*s", s3.bucket, len ? "/" : "", 40,
		 prefix);
}

/* The host of a URL, with its port unless it is the scheme's own. */
static char *host_of(const char *host, size_t len, const char *port)
{
	size_t plen = strlen(port);

	if (len > plen && !memcmp(host + len - plen, port, plen))
		len -= plen;
	return text_of("%.*s", (int)len, host);
}

/* Certificates are for one label before the server's name, and addresses have no names before. */
static bool bucket_fits_host(void)
{
	struct in_addr address;
	char name[20];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(s3.host, ":"), s3.host);
	return *s3.host != '[' && inet_pton(AF_INET, name, &address) != 1 &&
	       strcmp(name, "localhost") &&
	       !s3.bucket[strspn(s3.bucket, "abcdefghijklmnopqrstuvwxyz0123456789-")];
}

/* What goes into a header. */
static void check_header_value(const char *option, const char *value)
{
	for (const char *c = value ? value : ""; *c; c++)
		if (!isgraph((unsigned char)*c))
			die(STATUS_USAGE, "--%s: there is a space or another such byte in it",
			    option);
}

static void read_endpoint(void)
{
	const char *url = config.endpoint, *host;
	size_t len;

	if (!url)
		url = variable("AWS_ENDPOINT_URL_S3");
	if (!url)
		url = variable("AWS_ENDPOINT_URL");
	s3.amazon = !url;
	s3.scheme = "https://";
	s3.base = text_of("%s", "");
	use_region(config.region);
	if (url) {
		if (!strncasecmp(url, "http://", 7))
			s3.scheme = "http://";
		else if (strncasecmp(url, "https://", 8))
			die(STATUS_USAGE,
			    "--endpoint: it begins with neither http:// nor https://");
		check_header_value("endpoint", url);
		host = strstr(url, "://") + 3;
		len = strcspn(host, "/");
		if (!len || strpbrk(url, "?#@"))
			die(STATUS_USAGE, "--endpoint: it is not https://HOST[:PORT][/PATH]");
		s3.host = host_of(host, len, *s3.scheme && s3.scheme[4] == 's' ? ":443" : ":80");
		free(s3.base);
		s3.base = text_of("%s", host + len);
		for (len = strlen(s3.base); len && s3.base[len - 1] == '/';)
			s3.base[--len] = '\0';
	}
	s3.in_path = config.path_style || !bucket_fits_host();
}

static void read_region(void)
{
	if (!config.region)
		config.region = variable("AWS_REGION");
	if (!config.region)
		config.region = variable("AWS_DEFAULT_REGION");
	if (!config.region)
		config.region = credentials_setting(config.profile, "region");
	if (!config.region)
		config.region = "us-east-1";
	if (!is_region(config.region))
		die(STATUS_USAGE, "--region: no region is called '%s'", config.region);
}

static void read_name(void)
{
	if (!config.name) {
		gethostname(s3.name, sizeof(s3.name) - 1);
		for (char *c = s3.name; *c; c++)
			if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
				*c = '_';
		return;
	}
	if (strlen(config.name) >= sizeof(s3.name) || strchr(config.name, '/'))
		die(STATUS_USAGE, "--name: it has a slash, or more than 255 bytes");
	strcpy(s3.name, config.name);
}

static void check_key(void)
{
	const struct batch b = {
		.seq = UINT32_MAX,
		.id = "0123456789abcdef",
		.ms = 1ull << 40,
		.gzip = true,
	};
	char key[OBJECTKEY_MAX + 1];
	const char *why;

	if (!objectkey_make(key, s3.template, s3.name, &b, &why))
		die(STATUS_USAGE, "--key, --name and the prefix make no good key: %s", why);
}

static void read_sse(void)
{
	static const char *const known[] = { "aws:kms:dsse", "aws:kms", "AES256" };
	size_t len = 0;

	check_header_value("sse", config.sse);
	for (size_t i = 0; config.sse && !len && i < sizeof(known) / sizeof(*known); i++) {
		len = strlen(known[i]);
		if (strncmp(config.sse, known[i], len) || !strchr(":", config.sse[len]))
			len = 0;
	}
	if (config.sse &&
	    (!len || (config.sse[len] && (*config.sse == 'A' || !config.sse[len + 1]))))
		die(STATUS_USAGE,
		    "--sse: '%s' is neither AES256 nor aws:kms[:KEYID] nor "
		    "aws:kms:dsse[:KEYID]",
		    config.sse);
	snprintf(s3.sse, sizeof(s3.sse), "%.*s", (int)len, config.sse ? config.sse : "");
	s3.sse_key = len && config.sse[len] ? config.sse + len + 1 : NULL;
}

/* As the query of a URL. */
static void read_tags(void)
{
	size_t room = 1;
	char *to;

	for (size_t i = 0; i < config.tags.n; i++) {
		const char *tag = config.tags.item[i];

		if (!strchr(tag, '=') || *tag == '=' || !valid_utf8(tag, strlen(tag)))
			die(STATUS_USAGE, "--object-tag: '%s' is no KEY=VALUE", tag);
		room += 3 * strlen(tag) + 1;
	}
	if (config.tags.n > TAGS_MAX)
		die(STATUS_USAGE, "--object-tag: an object has %d at most", TAGS_MAX);
	if (!config.tags.n)
		return;
	to = s3.tagging = malloc(room);
	if (!to)
		die(STATUS_FAILED, "out of memory");
	for (size_t i = 0; i < config.tags.n; i++) {
		const char *tag = config.tags.item[i], *value = strchr(tag, '=') + 1;

		to = sigv4_encode(to, tag, value - 1 - tag, false);
		*to++ = '=';
		to = sigv4_encode(to, value, strlen(value), false);
		*to++ = '&';
	}
	to[-1] = '\0';
}

static void read_options(int argc, char **argv)
{
	struct list operands = {};

	helper_options(&helper, argc, argv, &operands);
	read_bucket(&operands);
	free(operands.item);
	read_region();
	read_endpoint();
	read_name();
	check_key();
	check_header_value("storage-class", config.storage_class);
	read_sse();
	read_tags();
	s3.credentials.profile = config.profile;
	if (!config.deliver.ca)
		config.deliver.ca = variable("AWS_CA_BUNDLE");
}

int main(int argc, char **argv)
{
	struct spool spool = {};
	struct deliver d = {
		.spool = &spool,
		.where = s3.where,
		.request = request,
		.asked = asked,
		.judge = judge,
	};
	struct writer out = { .fd = STDOUT_FILENO, .what = "standard output" };
	char *destination;
	int status;

	read_options(argc, argv);
	destination = text_of("%s%s %s", s3.amazon ? "" : s3.host, s3.base, s3.destination);
	deliver_set(&d, &config.deliver, helper.name, destination);
	free(destination);
	spool.batch_bytes = config.max_size;
	spool.batch_lines = UINT64_MAX;
	spool.age = config.max_age;
	out.grace = shared.grace;
	spool.tee = config.tee ? &out : NULL;
	stop_on_signals(false);
	spool_open(&spool, d.drain ? -1 : STDIN_FILENO);
	status = deliver(&d);
	credentials_free(&s3.credentials);
	return out.failed && !status ? STATUS_FAILED : status;
}
