/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where credentials are found, in which order, and what is made of answers. */
#include "sink/credentials.h"

#include <stdlib.h>
#include <unistd.h>

#include "tests/tap.h"

#define NOW	     1795842000 /* 2026-11-28T05:00:00Z */
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static char dir[] = "/tmp/credentials-XXXXXX";

static const char *file(const char *name, const char *text)
{
	static char path[4][100];
	static unsigned turn;
	char *to = path[turn++ % 4];
	FILE *f;

	snprintf(to, sizeof(*path), "%s/%s", dir, name);
	f = fopen(to, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		exit(1);
	return to;
}

/* "found KEY SECRET TOKEN", "ask METHOD URL HEADER BODY" or why not. */
static const char *find(struct credentials *c, int64_t now)
{
	static char text[2000];
	const char *why = "";

	switch (credentials_find(c, now, &why)) {
	case CREDENTIALS_FOUND:
		snprintf(text, sizeof(text), "found %s %s %s", c->key, c->secret,
			 c->token ? c->token : "-");
		break;
	case CREDENTIALS_ASK:
		snprintf(text, sizeof(text), "ask %s %s %s %s%s", c->ask.method, c->ask.url,
			 c->ask.header ? c->ask.header : "-", c->ask.body ? c->ask.body : "-",
			 c->ask.direct ? " direct" : "");
		break;
	case CREDENTIALS_NONE:
		snprintf(text, sizeof(text), "%s", why);
		break;
	}
	return text;
}

/* "taken", or why not. */
static const char *answer(struct credentials *c, int64_t now, long status, const char *text)
{
	const char *why = "";
	bool taken = credentials_answer(c, now, status, text, strlen(text), &why);

	return taken ? "taken" : why;
}

static void fresh(struct credentials *c)
{
	credentials_free(c);
	*c = (struct credentials){};
	clearenv();
	setenv("HOME", dir, 1);
}

static void check_parse(void)
{
	static const char text[] = "key = outside\n"
				   "# [default]\n"
				   "[default]\n"
				   "key=first\n"
				   "  key = nested\n"
				   "#key = comment\n"
				   ";key = comment\n"
				   "other = a#b ; a comment\n"
				   "empty =\n"
				   "sharp =#b;c\n"
				   "no equals sign\n"
				   "= no key\n"
				   "[profile two]\r\n"
				   "key = 2\r\n"
				   "\tkey = nested\n"
				   "[ default ]\n"
				   "spaced   =   a b   \n"
				   "[unfinished\n"
				   "key = last";
	static const struct {
		const char *section, *key, *value;
	} cases[] = {
		{ "default", "key", "first" },	 { "default", "other", "a#b" },
		{ "default", "empty", "" },	 { "default", "sharp", "#b;c" },
		{ "default", "spaced", "a b" },	 { "profile two", "key", "2" },
		{ "unfinished", "key", "last" }, { "none", "key", NULL },
		{ "default", "none", NULL },	 { "default", "no equals sign", NULL },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char *value = credentials_parse(text, cases[i].section, cases[i].key);

		is_str(value, cases[i].value, "[%s] %s", cases[i].section, cases[i].key);
		free(value);
	}
}

static void check_files(struct credentials *c)
{
	char *region;

	fresh(c);
	setenv("AWS_SHARED_CREDENTIALS_FILE",
	       file("credentials",
		    "[default]\naws_access_key_id = K\naws_secret_access_key = S/+=\n"
		    "[two]\naws_access_key_id = K2\naws_secret_access_key = S2\n"
		    "aws_session_token = T2\n"
		    "[half]\naws_access_key_id = K3\n"),
	       1);
	setenv("AWS_CONFIG_FILE",
	       file("config", "[default]\nregion = r1\n[profile two]\nregion = r2\n"
			      "aws_access_key_id = not this one\n"
			      "[profile sso]\nsso_session = x\n"
			      "[profile web]\nrole_arn = arn:a\nweb_identity_token_file = /nosuch\n"
			      "[profile only]\naws_access_key_id = K4\naws_secret_access_key = S4"),
	       1);
	is_str(find(c, NOW), "found K S/+= -", "the default profile");
	region = credentials_setting(NULL, "region");
	is_str(region, "r1", "its region");
	free(region);
	setenv("AWS_PROFILE", "two", 1);
	is_str(find(c, NOW), "found K2 S2 T2", "$AWS_PROFILE");
	region = credentials_setting(NULL, "region");
	is_str(region, "r2", "its region");
	free(region);
	setenv("AWS_ACCESS_KEY_ID", "E", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "ES", 1);
	is_str(find(c, NOW), "found E ES -", "the environment is first");
	c->profile = "only";
	is_str(find(c, NOW), "found K4 S4 -", "a profile that is given is before it");
	c->profile = "sso";
	is_str(find(c, NOW), "profile 'sso' has sso_session, which is not supported here", "sso");
	c->profile = "web";
	is_str(find(c, NOW), "the web identity's token, /nosuch: No such file or directory", "web");
	c->profile = "half";
	is_str(find(c, NOW), "there is no profile 'half' with credentials in AWS's files", "half");
	c->profile = NULL;
	unsetenv("AWS_SECRET_ACCESS_KEY");
	is_str(find(c, NOW), "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are only good together",
	       "half an environment");
	setenv("AWS_SECRET_ACCESS_KEY", "a\r\nX-Evil: 1", 1);
	is_str(find(c, NOW), "the credentials of the environment have a control character in them",
	       "a header more");
	unsetenv("AWS_ACCESS_KEY_ID");
	unsetenv("AWS_SECRET_ACCESS_KEY");
	unsetenv("AWS_PROFILE");
	file("credentials", "[default]\naws_access_key_id = N\naws_secret_access_key = NS\n");
	is_str(find(c, NOW), "found N NS -", "files are read anew");
}

static void check_web_identity(struct credentials *c)
{
	static const char xml[] =
		"<AssumeRoleWithWebIdentityResponse "
		"xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
		"<AssumeRoleWithWebIdentityResult><Credentials><SessionToken>T&amp;/+=</"
		"SessionToken>"
		"<SecretAccessKey>S</SecretAccessKey><Expiration>2026-11-28T06:00:00Z</Expiration>"
		"<AccessKeyId>K</AccessKeyId></Credentials></AssumeRoleWithWebIdentityResult>"
		"</AssumeRoleWithWebIdentityResponse>";

	fresh(c);
	setenv("AWS_WEB_IDENTITY_TOKEN_FILE", file("token", "a.b+c\n"), 1);
	is_str(find(c, NOW), "AWS_WEB_IDENTITY_TOKEN_FILE is only good with AWS_ROLE_ARN",
	       "no role");
	setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/r", 1);
	is_str(find(c, NOW),
	       "ask POST https://sts.amazonaws.com/ - "
	       "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1"
	       "%3Arole%2Fr&RoleSessionName=s3-upload&WebIdentityToken=a.b%2Bc",
	       "STS is asked");
	c->region = "cn-north-1";
	ok(strstr(find(c, NOW), "https://sts.cn-north-1.amazonaws.com.cn/ "), "of China");
	c->region = "eu-west-1";
	ok(strstr(find(c, NOW), "https://sts.eu-west-1.amazonaws.com/ "), "of a region");
	setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1", 1);
	ok(strstr(find(c, NOW), "http://127.0.0.1:1/ "), "another STS");
	is_str(answer(c, NOW, 200, xml), "taken", "its answer");
	is_str(find(c, NOW), "found K S T&/+=", "what it gave");
	is_str(find(c, NOW + 3299), "found K S T&/+=", "until shortly before it expires");
	ok(strstr(find(c, NOW + 3300), "ask POST"), "then it is asked again");
	is_str(answer(c, NOW + 3300, 500, ""), "taken",
	       "a failure doesn't matter as long as they are good");
	is_str(find(c, NOW + 3301), "found K S T&/+=", "and is not tried at once");
	ok(strstr(find(c, NOW + 3331), "ask POST"), "but later");
	is_str(answer(c, NOW + 3600, 0, "Timeout"),
	       "there are no credentials: http://127.0.0.1:1/: Timeout", "and then they are not");
	is_str(answer(c, NOW + 3600, 400,
		      "<ErrorResponse><Error><Code>ExpiredTokenException</Code></Error>"),
	       "there are no credentials: http://127.0.0.1:1/: ExpiredTokenException, status 400",
	       "its error");
	is_str(answer(c, NOW + 3600, 200, xml),
	       "http://127.0.0.1:1/ gave credentials that have expired", "late");
	is_str(answer(c, NOW + 3600, 200, "<AccessKeyId>K</AccessKeyId>"),
	       "http://127.0.0.1:1/ gave no credentials that can be read", "half an answer");
	is_str(answer(c, NOW + 3500, 200, xml), "taken", "they expire soon");
	is_str(find(c, NOW + 3500), "found K S T&/+=", "and are used, once more");
	credentials_refused(c);
	ok(strstr(find(c, NOW + 3500), "ask POST"), "refused ones are not used again");
}

static void check_container(struct credentials *c)
{
	static const struct {
		const char *url;
		bool allowed;
	} urls[] = {
		{ "http://127.0.0.1:80/x", true },
		{ "http://127.1.2.3/x", true },
		{ "http://localhost/x", true },
		{ "http://[::1]:8/x", true },
		{ "http://169.254.170.2/x", true },
		{ "http://169.254.170.23/x", true },
		{ "http://[fd00:ec2::23]/x", true },
		{ "https://example.org/x", true },
		{ "http://example.org/x", false },
		{ "http://169.254.169.254/x", false },
		{ "http://127.0.0.1@example.org/", false },
		{ "http://127.0.0.1.example.org/", false },
		{ "http://localhost.example.org/", false },
		{ "http://1270.0.0.1/", false },
		{ "ftp://127.0.0.1/", false },
		{ "http://2130706433/", false },
		{ "http://", false },
		{ "http://[::1", false },
	};

	fresh(c);
	setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x", 1);
	is_str(find(c, NOW), "ask GET http://169.254.170.2/v2/x - - direct", "relative");
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "tok", 1);
	is_str(find(c, NOW), "ask GET http://169.254.170.2/v2/x Authorization: tok - direct",
	       "token");
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file("token", "Bearer of\n"), 1);
	is_str(find(c, NOW), "ask GET http://169.254.170.2/v2/x Authorization: Bearer of - direct",
	       "a file's token");
	file("token", "a\r\nb");
	is_str(find(c, NOW), "the container's token has a control character in it", "two lines");
	unsetenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	unsetenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	for (size_t i = 0; i < COUNT(urls); i++) {
		setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", urls[i].url, 1);
		ok(!strncmp(find(c, NOW), "ask GET", 7) == urls[i].allowed, "%s", urls[i].url);
	}
	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/c", 1);
	find(c, NOW);
	is_str(answer(c, NOW, 200,
		      "{\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"S\\/\",\"Token\":\"T\","
		      "\"Expiration\":\"2026-11-28T06:00:00.123Z\"}"),
	       "taken", "its answer");
	is_str(find(c, NOW), "found K S/ T", "what it gave");
	is_str(answer(c, NOW, 200, "{\"AccessKeyId\":\"K\\u0000\",\"SecretAccessKey\":\"S\"}"),
	       "taken", "an answer that is none");
	credentials_refused(c);
	is_str(answer(c, NOW, 200, "{\"AccessKeyId\":\"K\\n\",\"SecretAccessKey\":\"S\"}"),
	       "the credentials of http://localhost/c have a control character in them",
	       "an answer with a header more");
	is_str(answer(c, NOW, 200, "[]"), "http://localhost/c gave no credentials that can be read",
	       "no object");
	is_str(answer(c, NOW, 200, "{\"AccessKeyId\":1,\"SecretAccessKey\":\"S\"}"),
	       "http://localhost/c gave no credentials that can be read", "a number");
	is_str(answer(c, NOW, 404, "<html>"),
	       "there are no credentials: http://localhost/c: status 404", "an error");
}

static void check_instance(struct credentials *c)
{
	fresh(c);
	is_str(find(c, NOW),
	       "ask PUT http://169.254.169.254/latest/api/token "
	       "X-aws-ec2-metadata-token-ttl-seconds: 21600 - direct",
	       "a token first");
	is_str(answer(c, NOW, 0, ""),
	       "there are no credentials, neither in the environment nor in AWS's files, and no "
	       "metadata service of an instance",
	       "no instance");
	setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1/", 1);
	is_str(find(c, NOW),
	       "ask PUT http://127.0.0.1:1/latest/api/token "
	       "X-aws-ec2-metadata-token-ttl-seconds: 21600 - direct",
	       "another endpoint");
	is_str(answer(c, NOW, 200, "TOK=="), "taken", "the token");
	is_str(find(c, NOW),
	       "ask GET http://127.0.0.1:1/latest/meta-data/iam/security-credentials/ "
	       "X-aws-ec2-metadata-token: TOK== - direct",
	       "the role then");
	is_str(answer(c, NOW, 200, "../x"),
	       "http://127.0.0.1:1/latest/meta-data/iam/"
	       "security-credentials/ gave what can't be read",
	       "no role");
	ok(strstr(find(c, NOW), "ask PUT"), "all again");
	answer(c, NOW, 200, "TOK");
	find(c, NOW);
	is_str(answer(c, NOW, 200, "web\nmore"), "taken", "the role");
	is_str(find(c, NOW),
	       "ask GET http://127.0.0.1:1/latest/meta-data/iam/security-credentials/web "
	       "X-aws-ec2-metadata-token: TOK - direct",
	       "its credentials then");
	is_str(answer(c, NOW, 200,
		      "{\"Code\":\"Success\",\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"S\","
		      "\"Token\":\"T\",\"Expiration\":\"2026-11-28T06:00:00Z\"}"),
	       "taken", "the credentials");
	is_str(find(c, NOW), "found K S T", "what it gave");
	ok(strstr(find(c, NOW + 3590), "ask PUT"), "all again, before they expire");
	is_str(find(c, NOW + 3590), find(c, NOW + 3590), "and again");
	setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
	is_str(find(c, NOW + 3700),
	       "there are no credentials, neither in the environment nor in AWS's files",
	       "disabled");
}

int main(void)
{
	struct credentials c = {};
	char command[100];

	if (!mkdtemp(dir))
		return 1;
	check_parse();
	check_files(&c);
	check_web_identity(&c);
	check_container(&c);
	check_instance(&c);
	credentials_free(&c);
	snprintf(command, sizeof(command), "/bin/rm -r %s", dir);
	return system(command) ? 1 : done();
}
