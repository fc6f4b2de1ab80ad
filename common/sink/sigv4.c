/* SPDX-License-Identifier: GPL-2.0-or-later */
/* https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
#include "sink/sigv4.h"

#include <ctype.h>
#include <nettle/hmac.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/num.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define SCOPE	  "aws4_request"
#define DATE	  8 /* the first bytes of a time */

static void feed(struct sha256_ctx *sha, const char *s)
{
	sha256_update(sha, strlen(s), (const uint8_t *)s);
}

static void digest(struct sha256_ctx *sha, char to[SIGV4_HASH])
{
	uint8_t hash[SHA256_DIGEST_SIZE];

	sha256_digest(sha, sizeof(hash), hash);
	*put_hex(to, hash, sizeof(hash)) = '\0';
}

void sigv4_time(char to[SIGV4_TIME], int64_t seconds)
{
	time_t t = seconds;
	struct tm tm;

	gmtime_r(&t, &tm);
	if (!strftime(to, SIGV4_TIME, "%Y%m%dT%H%M%SZ", &tm))
		*to = '\0';
}

char *sigv4_encode(char *to, const char *s, size_t len, bool keep_slashes)
{
	for (; len; len--, s++) {
		uint8_t c = *s;

		if (c < 0x80 &&
		    (isalnum(c) || (c && strchr("-._~", c)) || (c == '/' && keep_slashes))) {
			*to++ = c;
			continue;
		}
		*to++ = '%';
		*to++ = "0123456789ABCDEF"[c >> 4];
		*to++ = "0123456789ABCDEF"[c & 15];
	}
	return to;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted by name, then value, as encoded; \1 between them is less than what either can have. */
static bool feed_query(struct sha256_ctx *sha, const struct sigv4 *s)
{
	char *text[SIGV4_MAX] = {};
	bool memory = true;

	for (size_t i = 0; i < s->queries; i++) {
		const struct sigv4_pair *q = &s->query[i];
		size_t name = strlen(q->name), value = strlen(q->value);
		char *to = text[i] = malloc(3 * (name + value) + 2);

		if (!to) {
			memory = false;
			break;
		}
		to = sigv4_encode(to, q->name, name, false);
		*to++ = '\1';
		*sigv4_encode(to, q->value, value, false) = '\0';
	}
	if (memory)
		qsort(text, s->queries, sizeof(*text), compare_texts);
	for (size_t i = 0; i < s->queries && memory; i++) {
		*strchr(text[i], '\1') = '=';
		feed(sha, i ? "&" : "");
		feed(sha, text[i]);
	}
	for (size_t i = 0; i < s->queries; i++)
		free(text[i]);
	return memory;
}

static int compare_names(const void *a, const void *b)
{
	return strcasecmp(((const struct sigv4_pair *)a)->name,
			  ((const struct sigv4_pair *)b)->name);
}

/* Without spaces around it, and one for each run of them. */
static void feed_value(struct sha256_ctx *sha, const char *value)
{
	value += strspn(value, " \t");
	while (*value) {
		size_t word = strcspn(value, " \t");

		sha256_update(sha, word, (const uint8_t *)value);
		value += word;
		value += strspn(value, " \t");
		feed(sha, *value ? " " : "");
	}
}

/* The headers, and in `names` a list of them. */
static void feed_headers(struct sha256_ctx *sha, const struct sigv4 *s, FILE *names)
{
	struct sigv4_pair sorted[SIGV4_MAX];

	memcpy(sorted, s->header, s->headers * sizeof(*sorted));
	qsort(sorted, s->headers, sizeof(*sorted), compare_names);
	for (size_t i = 0; i < s->headers; i++) {
		if (i)
			fputc(';', names);
		for (const char *c = sorted[i].name; *c; c++) {
			uint8_t lower = tolower((unsigned char)*c);

			sha256_update(sha, 1, &lower);
			fputc(lower, names);
		}
		feed(sha, ":");
		feed_value(sha, sorted[i].value);
		feed(sha, "\n");
	}
}

/* The hash of the canonical request; the list of its headers, to be freed. NULL: out of memory. */
static char *hash_request(const struct sigv4 *s, char to[SIGV4_HASH])
{
	struct sha256_ctx sha;
	char *names = NULL;
	size_t len;
	FILE *list = open_memstream(&names, &len);
	bool memory;

	if (!list)
		return NULL;
	sha256_init(&sha);
	feed(&sha, s->method);
	feed(&sha, "\n");
	feed(&sha, s->path);
	feed(&sha, "\n");
	memory = feed_query(&sha, s);
	feed(&sha, "\n");
	feed_headers(&sha, s, list);
	memory = !fclose(list) && memory;
	if (!memory) {
		free(names);
		return NULL;
	}
	feed(&sha, "\n");
	feed(&sha, names);
	feed(&sha, "\n");
	feed(&sha, s->payload);
	digest(&sha, to);
	return names;
}

static void hmac(uint8_t key[SHA256_DIGEST_SIZE], const char *s, size_t len)
{
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, SHA256_DIGEST_SIZE, key);
	hmac_sha256_update(&ctx, len, (const uint8_t *)s);
	hmac_sha256_digest(&ctx, SHA256_DIGEST_SIZE, key);
}

/* A key for one day, region and service is made of the secret. */
static bool derive_key(const struct sigv4 *s, uint8_t key[SHA256_DIGEST_SIZE])
{
	struct hmac_sha256_ctx ctx;
	size_t len = strlen(s->secret);
	char *first = malloc(4 + len);

	if (!first)
		return false;
	memcpy(first, "AWS4", 4);
	memcpy(first + 4, s->secret, len);
	hmac_sha256_set_key(&ctx, 4 + len, (const uint8_t *)first);
	explicit_bzero(first, 4 + len);
	free(first);
	hmac_sha256_update(&ctx, DATE, (const uint8_t *)s->time);
	hmac_sha256_digest(&ctx, SHA256_DIGEST_SIZE, key);
	hmac(key, s->region, strlen(s->region));
	hmac(key, s->service, strlen(s->service));
	hmac(key, SCOPE, strlen(SCOPE));
	return true;
}

char *sigv4_authorization(const struct sigv4 *s)
{
	char hash[SIGV4_HASH], signature[SIGV4_HASH], *names = hash_request(s, hash);
	char *scope = NULL, *text = NULL, *header = NULL;
	uint8_t key[SHA256_DIGEST_SIZE];
	int len;

	if (!names ||
	    asprintf(&scope, "%.*s/%s/%s/%s", DATE, s->time, s->region, s->service, SCOPE) < 0)
		goto out;
	len = asprintf(&text, "%s\n%s\n%s\n%s", ALGORITHM, s->time, scope, hash);
	if (len < 0 || !derive_key(s, key))
		goto out;
	hmac(key, text, len);
	*put_hex(signature, key, sizeof(key)) = '\0';
	if (asprintf(&header, ALGORITHM " Credential=%s/%s, SignedHeaders=%s, Signature=%s", s->key,
		     scope, names, signature) < 0)
		header = NULL;
out:
	free(names);
	free(scope);
	free(text);
	return header;
}
