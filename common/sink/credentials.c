/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/credentials.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/message.h"
#include "sink/json.h"
#include "sink/sigv4.h"
#include "sink/xml.h"

#define EARLY	  300 /* s before they expire that others are asked for */
#define AGAIN	  30
#define VALUE_MAX (8 << 10) /* of a key or token in an answer */

#define INSTANCE "http://169.254.169.254"
#define ROLES	 "/latest/meta-data/iam/security-credentials/"
#define ECS	 "http://169.254.170.2"

/* What a link of the chain has to say. */
enum link {
	LINK_FOUND,
	LINK_ASK,
	LINK_NEXT,
	LINK_WRONG, /* c->why says why, and no other is tried */
};

static void wipe(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

static enum link __attribute__((format(printf, 2, 3)))
wrong(struct credentials *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(c->why, sizeof(c->why), format, args);
	va_end(args);
	return LINK_WRONG;
}

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* What goes into a header must not begin another one. */
static bool is_plain(const char *s)
{
	while (isprint((unsigned char)*s))
		s++;
	return !*s;
}

static void ask(struct credentials *c, const char *method, char *url, char *header, char *body)
{
	wipe(&c->ask.url);
	wipe(&c->ask.header);
	wipe(&c->ask.body);
	c->ask.method = method;
	c->ask.url = url;
	c->ask.header = header;
	c->ask.body = body;
	c->ask.direct = c->source != CREDENTIALS_WEB_IDENTITY;
}

/*
 * Files.
 */

/* The part of a line without white space around it; terminates it. */
static char *trimmed(char *s)
{
	char *end;

	s += strspn(s, " \t\r");
	end = s + strlen(s);
	while (end > s && strchr(" \t\r", end[-1]))
		end--;
	*end = '\0';
	return s;
}

/* In a value, a comment begins behind white space. */
static void cut_comment(char *s)
{
	for (; *s; s++)
		if ((*s == '#' || *s == ';') && (s[-1] == ' ' || s[-1] == '\t')) {
			*s = '\0';
			return;
		}
}

char *credentials_parse(const char *text, const char *section, const char *key)
{
	char *copy = strdup(text), *rest = copy, *line, *found = NULL;
	bool inside = false;

	if (!copy)
		die(STATUS_FAILED, "out of memory");
	while ((line = strsep(&rest, "\n"))) {
		char *equals = strchr(line, '=');

		if (*line == '[') {
			line[strcspn(line, "]")] = '\0';
			inside = !strcmp(trimmed(line + 1), section);
		} else if (inside && equals && !strchr(" \t#;", *line)) {
			*equals = '\0';
			if (strcmp(trimmed(line), key))
				continue;
			cut_comment(equals + 1);
			free(found);
			found = text_of("%s", trimmed(equals + 1));
		}
	}
	explicit_bzero(copy, strlen(text));
	free(copy);
	return found;
}

static char *of_file(const char *path_variable, const char *name, const char *section,
		     const char *key)
{
	/* Files are read for each request, but what is wrong with one is said once. */
	static int said_credentials, said_config;
	int error, *said = strcmp(name, "config") ? &said_credentials : &said_config;
	const char *path = variable(path_variable), *home = variable("HOME");
	char *own = NULL, *text, *value;

	if (!path && !home)
		return NULL;
	if (!path)
		path = own = text_of("%s/.aws/%s", home, name);
	text = file_text(path, CREDENTIALS_FILE_MAX);
	error = text || errno == ENOENT || errno == ENOTDIR ? 0 : errno;
	if (error && error != *said)
		say("%s: %s", path, strerror(error));
	*said = error;
	free(own);
	if (!text)
		return NULL;
	value = credentials_parse(text, section, key);
	wipe(&text);
	return value;
}

static const char *profile_name(const char *profile)
{
	if (!profile)
		profile = variable("AWS_PROFILE");
	return profile ? profile : "default";
}

char *credentials_setting(const char *profile, const char *key)
{
	char *section, *value;

	profile = profile_name(profile);
	value = of_file("AWS_SHARED_CREDENTIALS_FILE", "credentials", profile, key);
	if (value)
		return value;
	section = text_of("%s%s", strcmp(profile, "default") ? "profile " : "", profile);
	value = of_file("AWS_CONFIG_FILE", "config", section, key);
	free(section);
	return value;
}

/*
 * The chain.
 */

/* Takes over what is given. */
static enum link use(struct credentials *c, char *key, char *secret, char *token, bool asked,
		     const char *where)
{
	c->asked = asked;
	credentials_refused(c);
	c->key = key;
	c->secret = secret;
	c->token = token;
	if (is_plain(key) && is_plain(secret) && (!token || is_plain(token)))
		return LINK_FOUND;
	credentials_refused(c);
	return wrong(c, "the credentials of %s have a control character in them", where);
}

static enum link from_environment(struct credentials *c)
{
	const char *key = variable("AWS_ACCESS_KEY_ID"),
		   *secret = variable("AWS_SECRET_ACCESS_KEY"),
		   *token = variable("AWS_SESSION_TOKEN");

	if (!key && !secret)
		return LINK_NEXT;
	if (!key || !secret)
		return wrong(c,
			     "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are only good together");
	return use(c, text_of("%s", key), text_of("%s", secret),
		   token ? text_of("%s", token) : NULL, false, "the environment");
}

/* https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html */
static enum link ask_sts(struct credentials *c, const char *file, const char *role,
			 const char *session)
{
	const char *endpoint = variable("AWS_ENDPOINT_URL_STS"), *region = c->region;
	char *token = file_text(file, CREDENTIALS_FILE_MAX), *body, *to;
	bool china = region && !strncmp(region, "cn-", 3);

	if (!token)
		return wrong(c, "the web identity's token, %s: %s", file, strerror(errno));
	if (!session)
		session = "s3-upload";
	body = malloc(200 + 3 * (strlen(role) + strlen(session) + strlen(token)));
	if (!body)
		die(STATUS_FAILED, "out of memory");
	to = stpcpy(body, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=");
	to = sigv4_encode(to, role, strlen(role), false);
	to = stpcpy(to, "&RoleSessionName=");
	to = sigv4_encode(to, session, strlen(session), false);
	to = stpcpy(to, "&WebIdentityToken=");
	*sigv4_encode(to, token, strlen(token), false) = '\0';
	wipe(&token);
	c->source = CREDENTIALS_WEB_IDENTITY;
	ask(c, "POST",
	    endpoint ? text_of("%s/", endpoint)
	    : region ? text_of("https://sts.%s.amazonaws.com%s/", region, china ? ".cn" : "")
		     : text_of("https://sts.amazonaws.com/"),
	    NULL, body);
	return LINK_ASK;
}

static enum link from_web_identity(struct credentials *c)
{
	const char *file = variable("AWS_WEB_IDENTITY_TOKEN_FILE"),
		   *role = variable("AWS_ROLE_ARN");

	if (!file)
		return LINK_NEXT;
	if (!role)
		return wrong(c, "AWS_WEB_IDENTITY_TOKEN_FILE is only good with AWS_ROLE_ARN");
	return ask_sts(c, file, role, variable("AWS_ROLE_SESSION_NAME"));
}

/* What profiles can say in other tools, and mean nothing here. */
static enum link no_such_profile(struct credentials *c)
{
	static const char *const others[] = { "role_arn", "credential_process", "sso_session",
					      "sso_start_url" };
	const char *name = profile_name(c->profile);

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		char *value = credentials_setting(c->profile, others[i]);

		free(value);
		if (value)
			return wrong(c, "profile '%s' has %s, which is not supported here", name,
				     others[i]);
	}
	if (c->profile || variable("AWS_PROFILE"))
		return wrong(c, "there is no profile '%s' with credentials in AWS's files", name);
	return LINK_NEXT;
}

static enum link from_files(struct credentials *c)
{
	char *key = credentials_setting(c->profile, "aws_access_key_id"),
	     *secret = credentials_setting(c->profile, "aws_secret_access_key"), *file, *role;
	enum link link;

	if (key && secret)
		return use(c, key, secret, credentials_setting(c->profile, "aws_session_token"),
			   false, "AWS's files");
	wipe(&key);
	wipe(&secret);
	file = credentials_setting(c->profile, "web_identity_token_file");
	role = credentials_setting(c->profile, "role_arn");
	link = file && role ? ask_sts(c, file, role, NULL) : no_such_profile(c);
	free(file);
	free(role);
	return link;
}

/* Over http only to those that AWS's SDKs take: this machine, ECS and EKS. */
static bool may_be_asked(const char *url)
{
	const char *host;
	char name[64];
	struct in_addr address;
	size_t len;

	if (!strncmp(url, "https://", 8))
		return true;
	if (strncmp(url, "http://", 7))
		return false;
	host = url + 7;
	len = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
	if (len >= sizeof(name) || strcspn(host, "@") < strcspn(host, "/?#"))
		return false;
	memcpy(name, host, len);
	name[len] = '\0';
	if (!strcmp(name, "localhost") || !strcmp(name, "[::1]") || !strcmp(name, "[fd00:ec2::23]"))
		return true;
	return inet_pton(AF_INET, name, &address) == 1 &&
	       (ntohl(address.s_addr) >> 24 == 127 || !strcmp(name, "169.254.170.2") ||
		!strcmp(name, "169.254.170.23"));
}

/* https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html */
static enum link from_container(struct credentials *c)
{
	const char *relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
		   *full = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
		   *file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
		   *given = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
	char *token, *header = NULL;

	if (!relative && !full)
		return LINK_NEXT;
	if (!relative && !may_be_asked(full))
		return wrong(c, "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https:// nor an "
				"address that may be asked over http://");
	token = file ? file_text(file, CREDENTIALS_FILE_MAX) : given ? text_of("%s", given) : NULL;
	if (file && !token)
		return wrong(c, "the container's token, %s: %s", file, strerror(errno));
	if (token && !is_plain(token)) {
		wipe(&token);
		return wrong(c, "the container's token has a control character in it");
	}
	if (token)
		header = text_of("Authorization: %s", token);
	wipe(&token);
	c->source = CREDENTIALS_CONTAINER;
	ask(c, "GET", relative ? text_of(ECS "%s", relative) : text_of("%s", full), header, NULL);
	return LINK_ASK;
}

/* A token, the role's name, its credentials: docs.aws.amazon.com/AWSEC2/latest/UserGuide,
 * "Use the Instance Metadata Service", version 2. */
static enum link from_instance(struct credentials *c)
{
	const char *endpoint = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT"),
		   *disabled = variable("AWS_EC2_METADATA_DISABLED");
	size_t len;

	if (disabled && !strcasecmp(disabled, "true"))
		return LINK_NEXT;
	if (!endpoint)
		endpoint = INSTANCE;
	len = strlen(endpoint);
	len -= len && endpoint[len - 1] == '/';
	c->source = CREDENTIALS_INSTANCE;
	if (!c->instance_token)
		ask(c, "PUT", text_of("%.*s/latest/api/token", (int)len, endpoint),
		    text_of("X-aws-ec2-metadata-token-ttl-seconds: 21600"), NULL);
	else
		ask(c, "GET",
		    text_of("%.*s" ROLES "%s", (int)len, endpoint, c->role ? c->role : ""),
		    text_of("X-aws-ec2-metadata-token: %s", c->instance_token), NULL);
	return LINK_ASK;
}

static enum credentials_state go_through(struct credentials *c, const char **why)
{
	static enum link (*const chain[])(struct credentials * c) = {
		from_environment, from_web_identity, from_files, from_container, from_instance,
	};
	enum link link = LINK_NEXT;

	if (c->profile)
		link = from_files(c);
	for (size_t i = 0; link == LINK_NEXT && i < sizeof(chain) / sizeof(*chain); i++)
		link = chain[i](c);
	if (link == LINK_NEXT)
		wrong(c, "there are no credentials, neither in the environment nor in AWS's files");
	*why = c->why;
	if (link == LINK_FOUND)
		return CREDENTIALS_FOUND;
	return link == LINK_ASK ? CREDENTIALS_ASK : CREDENTIALS_NONE;
}

/* Those that were asked for, until they expire. */
static bool is_good(const struct credentials *c, int64_t now)
{
	return c->key && c->asked && (!c->expires || now < c->expires);
}

enum credentials_state credentials_find(struct credentials *c, int64_t now, const char **why)
{
	enum credentials_state state;

	if (is_good(c, now) && (!c->expires || now + EARLY < c->expires || now < c->again))
		return CREDENTIALS_FOUND;
	state = go_through(c, why);
	return state == CREDENTIALS_NONE && is_good(c, now) ? CREDENTIALS_FOUND : state;
}

/*
 * Answers.
 */

/* "2026-11-21T19:00:00Z", maybe with a fraction; 0: it is no such time. */
static int64_t parse_time(const char *text)
{
	struct tm tm = {};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	if (end && *end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	if (!end || (strcmp(end, "Z") && strcmp(end, "+00:00")))
		return 0;
	return timegm(&tm);
}

/* The texts of an answer, in VALUE_MAX bytes each. */
struct texts {
	char key[VALUE_MAX], secret[VALUE_MAX], token[VALUE_MAX], expires[64];
};

static bool of_json(const struct json_object *o, const char *name, char *to, size_t room)
{
	const struct json_value *v = json_find(o, name, strlen(name));

	if (!v || v->type != JSON_STRING || v->len >= room)
		return false;
	to[json_text(v, to)] = '\0';
	return true;
}

static bool parse_json(struct texts *t, const char *text, size_t len)
{
	struct json_object o = {};
	bool whole;

	whole = json_scan(&o, text, len) && of_json(&o, "AccessKeyId", t->key, sizeof(t->key)) &&
		of_json(&o, "SecretAccessKey", t->secret, sizeof(t->secret));
	of_json(&o, "Token", t->token, sizeof(t->token));
	of_json(&o, "Expiration", t->expires, sizeof(t->expires));
	json_free(&o);
	return whole;
}

static bool parse_xml(struct texts *t, const char *text, size_t len)
{
	return xml_text(text, len, "AccessKeyId", t->key, sizeof(t->key)) &&
	       xml_text(text, len, "SecretAccessKey", t->secret, sizeof(t->secret)) &&
	       xml_text(text, len, "SessionToken", t->token, sizeof(t->token)) &&
	       xml_text(text, len, "Expiration", t->expires, sizeof(t->expires));
}

static void forget_instance(struct credentials *c)
{
	wipe(&c->instance_token);
	wipe(&c->role);
}

static enum link take_credentials(struct credentials *c, int64_t now, const char *text, size_t len)
{
	struct texts *t = calloc(1, sizeof(*t));
	enum link link = LINK_WRONG;
	int64_t expires = 0;

	if (!t)
		die(STATUS_FAILED, "out of memory");
	if (!(c->source == CREDENTIALS_WEB_IDENTITY ? parse_xml : parse_json)(t, text, len))
		wrong(c, "%s gave no credentials that can be read", c->ask.url);
	else if (*t->expires && (expires = parse_time(t->expires)) <= now)
		wrong(c, "%s gave credentials that have expired", c->ask.url);
	else
		link = use(c, text_of("%s", t->key), text_of("%s", t->secret),
			   *t->token ? text_of("%s", t->token) : NULL, true, c->ask.url);
	c->expires = link == LINK_FOUND ? expires : c->expires;
	explicit_bzero(t, sizeof(*t));
	free(t);
	forget_instance(c); /* another role and token by next time */
	return link;
}

/* A short text of the metadata service: its first line. */
static enum link take_line(struct credentials *c, char **to, const char *text, size_t len)
{
	const char *end = memchr(text, '\n', len);

	len = end ? (size_t)(end - text) : len;
	wipe(to);
	*to = strndup(text, len);
	if (!*to)
		die(STATUS_FAILED, "out of memory");
	if (**to && len < VALUE_MAX && is_plain(*to) && !(to == &c->role && strpbrk(*to, "/?# ")))
		return LINK_FOUND;
	return wrong(c, "%s gave what can't be read", c->ask.url);
}

static enum link take_answer(struct credentials *c, int64_t now, long status, const char *text,
			     size_t len)
{
	char code[64] = "";

	if (status == 200 && c->source == CREDENTIALS_INSTANCE && !c->instance_token)
		return take_line(c, &c->instance_token, text, len);
	if (status == 200 && c->source == CREDENTIALS_INSTANCE && !c->role)
		return take_line(c, &c->role, text, len);
	if (status == 200)
		return take_credentials(c, now, text, len);
	if (!status && c->source == CREDENTIALS_INSTANCE)
		return wrong(c, "there are no credentials, neither in the environment nor in AWS's "
				"files, and no metadata service of an instance");
	if (!status)
		return wrong(c, "there are no credentials: %s: %.*s", c->ask.url, (int)len, text);
	if (xml_text(text, len, "Code", code, sizeof(code)) && is_plain(code))
		return wrong(c, "there are no credentials: %s: %s, status %ld", c->ask.url, code,
			     status);
	return wrong(c, "there are no credentials: %s: status %ld", c->ask.url, status);
}

bool credentials_answer(struct credentials *c, int64_t now, long status, const char *text,
			size_t len, const char **why)
{
	*why = c->why;
	c->again = now + AGAIN;
	if (take_answer(c, now, status, text, len) == LINK_FOUND)
		return true;
	forget_instance(c);
	return is_good(c, now);
}

void credentials_refused(struct credentials *c)
{
	wipe(&c->key);
	wipe(&c->secret);
	wipe(&c->token);
}

void credentials_free(struct credentials *c)
{
	credentials_refused(c);
	wipe(&c->ask.url);
	wipe(&c->ask.header);
	wipe(&c->ask.body);
	forget_instance(c);
}
