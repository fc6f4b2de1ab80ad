/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http-post: lines become requests, and wait until the server takes them. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/stop.h"
#include "sink/deliver.h"
#include "sink/helper.h"

#define HEADERS_MAX (64 << 10) /* bytes of a file with headers or a token */

static struct {
	const char *bearer_file, *format, *cert, *key;
	struct list headers;
	uint64_t batch, group, max_size, max_age, retry_for;
	struct deliver_options deliver;
} config = {
	.format = "ndjson",
	.batch = 10000,
	.max_size = 1 << 20,
	.max_age = 1 * SECOND,
	.retry_for = 24 * 3600 * SECOND,
	.deliver = DELIVER_DEFAULTS,
};

/* clang-format off */
#define AT(member) .offset = offsetof(__typeof__(config), member)
/* clang-format on */

static const struct option_row options[] = {
	{ "header", 'H', OPTION_LIST, "HEADER", AT(headers),
	  .help = "send HEADER too, which is 'NAME: VALUE' or @FILE with one a line" },
	{ "group", 0, OPTION_NUMBER, "N", AT(group), .min = 1, .max = UINT32_MAX,
	  .help = "N lines belong together, and are never in different requests (default 1)" },
	{ "bearer-file", 0, OPTION_STRING, "FILE", AT(bearer_file),
	  .help = "authorize with the token in FILE, which is read anew for each request" },
	{ "format", 0, OPTION_STRING, "FORMAT", AT(format),
	  .help = "ndjson, the lines as they are (default), or array, a JSON array of them" },
	{ "batch", 0, OPTION_NUMBER, "N", AT(batch), .min = 1, .max = UINT32_MAX,
	  .help = "send N lines at most in a request (default 10000)" },
	{ "max-size", 0, OPTION_SIZE, "SIZE", AT(max_size), .min = 1, .max = 1 << 30,
	  .help = "and SIZE at most, before compression (default 1M)" },
	{ "max-age", 0, OPTION_DURATION, "TIME", AT(max_age), .min = 1 * MS,
	  .help = "send what is there TIME after its first byte (default 1s)" },
	{ "retry-for", 0, OPTION_DURATION, "TIME", AT(retry_for), .min = 1 * MS,
	  .help = "put a batch aside that the server answers with errors for TIME (default 24h)" },
	{ "client-cert", 0, OPTION_STRING, "FILE", AT(cert),
	  .help = "show the server this certificate, in PEM" },
	{ "client-key", 0, OPTION_STRING, "FILE", AT(key),
	  .help = "its private key (default: in the same file)" },
	DELIVER_OPTIONS(deliver),
	{},
};

static const char *url;
static char where[300]; /* the URL without what may be secret */

/* Is there one of this name in -H? Then it stands instead of ours. */
static bool has_header(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < config.headers.n; i++)
		if (!strncasecmp(config.headers.item[i], name, len) &&
		    config.headers.item[i][len] == ':')
			return true;
	return false;
}

static bool add_bearer(struct curl_slist **headers, const char **why)
{
	static char text[300];
	char *token = file_text(config.bearer_file, HEADERS_MAX), *header;

	if (!token || !*token || strpbrk(token, "\r\n")) {
		snprintf(text, sizeof(text), "--bearer-file: %s: %s", config.bearer_file,
			 token ? "there is not one line in it" : strerror(errno));
		*why = text;
		free(token);
		return false;
	}
	header = text_of("Authorization: Bearer %s", token);
	add_header(headers, header);
	free(header);
	free(token);
	return true;
}

static enum request request(CURL *curl, const struct batch *b, int body,
			    struct curl_slist **headers, const char **why)
{
	char id[100];

	(void)body;
	/* The same each time that the batch is sent: draft-ietf-httpapi-idempotency-key-header. */
	snprintf(id, sizeof(id), "Idempotency-Key: %s-%llu", b->id, (unsigned long long)b->seq);
	if (config.bearer_file && !add_bearer(headers, why))
		return REQUEST_LATER;
	add_header(headers, id);
	add_header(headers, "Expect:"); /* no question before each body */
	if (!has_header("Content-Type"))
		add_header(headers, b->array ? "Content-Type: application/json"
					     : "Content-Type: application/x-ndjson");
	if (b->gzip)
		add_header(headers, "Content-Encoding: gzip");
	for (size_t i = 0; i < config.headers.n; i++)
		add_header(headers, config.headers.item[i]);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "http-post/" VERSION);
	if (config.cert)
		curl_easy_setopt(curl, CURLOPT_SSLCERT, config.cert);
	if (config.cert)
		curl_easy_setopt(curl, CURLOPT_SSLKEY, config.key ? config.key : config.cert);
	return REQUEST_MADE;
}

static const struct helper helper = {
	.name = "http-post",
	.summary = "Post the lines of standard input to an HTTP server, and keep them until it "
		   "has them.",
	.operands = "URL",
	.options = options,
	.config = &config,
};

static void check_header(const char *header, const char *from)
{
	size_t name = strspn(header, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"); /* RFC 9110, 5.6.2 */

	if (!name || header[name] != ':' || strpbrk(header, "\r\n"))
		die(STATUS_USAGE, "--header: %s is no 'NAME: VALUE'", from);
}

static void read_headers(void)
{
	struct list all = {};

	for (size_t i = 0; i < config.headers.n; i++) {
		const char *item = config.headers.item[i];
		char *text, *line;

		if (*item != '@') {
			check_header(item, "what is given");
			list_add(&all, item);
			continue;
		}
		text = file_text(item + 1, HEADERS_MAX);
		if (!text)
			die(STATUS_USAGE, "--header: %s: %s", item + 1, strerror(errno));
		while ((line = strsep(&text, "\n"))) {
			if (!*line)
				continue;
			check_header(line, item);
			list_add(&all, line);
		}
	}
	free(config.headers.item);
	config.headers = all;
}

static void read_url(const struct list *operands)
{
	const char *host;
	size_t len;

	if (operands->n != 1)
		die(STATUS_USAGE, "one URL is needed, and %zu are given", operands->n);
	url = operands->item[0];
	if (strncasecmp(url, "http://", 7) && strncasecmp(url, "https://", 8))
		die(STATUS_USAGE, "the URL begins with neither http:// nor https://");
	host = strstr(url, "://") + 3;
	len = strcspn(host, "/?#");
	if (memchr(host, '@', len))
		die(STATUS_USAGE,
		    "the URL has a name or a password in it, which all users can see: "
		    "use --header @FILE");
	snprintf(where, sizeof(where), "%.*s", (int)strcspn(url, "?#"), url);
	for (char *c = where; *c; c++)
		if (!isgraph((unsigned char)*c))
			die(STATUS_USAGE, "the URL has a space or another byte that must be %%NN");
}

static void read_options(int argc, char **argv)
{
	struct list operands = {};

	helper_options(&helper, argc, argv, &operands);
	read_url(&operands);
	free(operands.item);
	read_headers();
	if (strcmp(config.format, "ndjson") && strcmp(config.format, "array"))
		die(STATUS_USAGE, "--format: '%s' is neither ndjson nor array", config.format);
	if (config.key && !config.cert)
		die(STATUS_USAGE, "--client-key needs --client-cert");
	check_readable("bearer-file", config.bearer_file);
	check_readable("client-cert", config.cert);
	check_readable("client-key", config.key);
}

int main(int argc, char **argv)
{
	struct spool spool = {};
	struct deliver d = { .spool = &spool, .where = where, .request = request };

	read_options(argc, argv);
	deliver_set(&d, &config.deliver, helper.name, url);
	spool.batch_bytes = config.max_size;
	spool.batch_lines = config.batch;
	spool.age = config.max_age;
	spool.group = config.group;
	spool.form = *config.format == 'a' ? SPOOL_ARRAY : SPOOL_LINES;
	d.retry_for = config.retry_for;
	stop_on_signals(false);
	spool_open(&spool, d.drain ? -1 : STDIN_FILENO);
	return deliver(&d);
}
