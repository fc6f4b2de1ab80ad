/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/redact.h"
#include "tests/tap.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Stands for every secret here: nothing of it may come out. */
#define SECRET "hunter2"

#define VECTOR_MAX 65535

/*
 * Running it. Nothing can be read behind the input's last byte, and nothing before its first one
 * looks like anything; the address sanitizer sees what is written outside of the output.
 */

static char *wall; /* no access from here on */

static void build_wall(void)
{
	size_t page = sysconf(_SC_PAGESIZE), room = (VECTOR_MAX / page + 2) * page;
	char *map =
		mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(map, '\xff', room);
	wall = map + room;
	mprotect(wall, page, PROT_NONE);
}

/* The redacted vector, the same where there was nothing to do. Returns its length. */
static size_t apply(char *to, const char *vector, size_t n)
{
	char *in = memcpy(wall - n, vector, n), *out = malloc(REDACT_ROOM(n) ?: 1);
	size_t len = redact(out, in, n);

	if (n > 0)
		in[-1] = '\xff';
	if (memcmp(in, vector, n))
		ok(false, "the input was written to");
	memcpy(to, len ? out : in, len ?: n);
	free(out);
	return len ?: n;
}

static size_t count_arguments(const char *vector, size_t n)
{
	size_t count = n && vector[n - 1];

	for (size_t i = 0; i < n; i++)
		count += !vector[i];
	return count;
}

/* What must hold for any vector. */
static bool is_sound(const char *vector, size_t n)
{
	static char once[3 * VECTOR_MAX], twice[3 * VECTOR_MAX];
	size_t len = apply(once, vector, n);

	if (len > 3 * n || count_arguments(once, len) != count_arguments(vector, n)) {
		tap_show("vector", vector, n);
		tap_show("became", once, len);
		return false;
	}
	/* What is cut reads otherwise once what it was cut in is gone. */
	if (len <= VECTOR_MAX && n && !vector[n - 1] &&
	    (apply(twice, once, len) != len || memcmp(twice, once, len))) {
		tap_show("vector", vector, n);
		tap_show("once  ", once, len);
		tap_show("twice ", twice, apply(twice, once, len));
		return false;
	}
	return true;
}

/*
 * Lines of a shell to vectors: words, quotes and backslashes.
 */
static size_t to_vector(char *to, const char *line)
{
	char *start = to, quote = 0;
	bool word = false;

	for (; *line; line++) {
		if (quote && *line == quote) {
			quote = 0;
		} else if (!quote && (*line == '\'' || *line == '"')) {
			quote = *line;
			word = true;
		} else if (!quote && *line == ' ') {
			if (word)
				*to++ = '\0';
			word = false;
		} else {
			if (*line == '\\' && quote != '\'' && line[1])
				line++;
			*to++ = *line;
			word = true;
		}
	}
	if (word)
		*to++ = '\0';
	return to - start;
}

static bool is_same(const char *what, const char *line, const char *got, size_t n,
		    const char *expected, size_t m)
{
	if (n == m && !memcmp(got, expected, n))
		return true;
	printf("# %s: %s\n", what, line);
	tap_show("got     ", got, n);
	tap_show("expected", expected, m);
	return false;
}

/* Whether the line's words become those of `expected`. */
static bool check_line(const char *line, const char *expected)
{
	char vector[4096], want[4096], got[3 * sizeof(vector)];
	size_t n = to_vector(vector, line), m = to_vector(want, expected);
	size_t len = apply(got, vector, n);

	return is_same("arguments", line, got, len, want, m) && is_sound(vector, n) &&
	       !memmem(got, len, SECRET, strlen(SECRET));
}

/* The same, and of the line as what a shell is told to execute. */
static bool check_command(const char *line, const char *expected)
{
	char vector[4096] = "sh\0-c\0", want[4096] = "sh\0-c\0", got[3 * sizeof(vector)];
	size_t n = stpcpy(vector + 6, line) + 1 - vector, len;
	size_t m = stpcpy(want + 6, expected) + 1 - want;

	len = apply(got, vector, n);
	return is_same("sh -c", line, got, len, want, m) && is_sound(vector, n) &&
	       !memmem(got, len, SECRET, strlen(SECRET)) && check_line(line, expected);
}

/*
 * The documented tables.
 */

static void test_rules(void)
{
	for (const struct redact_rule *rule = redact_rules; rule->what; rule++)
		ok(check_command(rule->line, rule->redacted), "%s", rule->what);
}

static void test_keys(void)
{
	static const char *const forms[][2] = {
		{ "x --%s=" SECRET " y", "x --%s=*** y" },
		{ "x -%s=" SECRET " y", "x -%s=*** y" },
		{ "%s=" SECRET " x", "%s=*** x" },
		{ "x -Da.b.%s=" SECRET " y", "x -Da.b.%s=*** y" },
		{ "x --set db.%s=" SECRET " y", "x --set db.%s=*** y" },
		{ "x 'http://h/?%s=" SECRET "' y", "x 'http://h/?%s=***' y" },
		{ "x 'a=b&%s=" SECRET "&c=d' y", "x 'a=b&%s=***&c=d' y" },
		{ "x --%s " SECRET " y", "x --%s *** y" },
		{ "x -%s " SECRET " y", "x -%s *** y" },
		{ "x --MY_%s " SECRET " y", "x --MY_%s *** y" },
		{ "x '{\"my_%s\": \"" SECRET "\"}' y", "x '{\"my_%s\": \"***\"}' y" },
		{ "x -H %s:" SECRET " y", "x -H %s:*** y" },
		{ "x '--header=%s: " SECRET "' y", "x '--header=%s: ***' y" },
		{ "x --%s" },
		{ "x --%s -y" },
		{ "x --%s= y" },
		{ "x --no-%s y --ask-%s y --prompt_%s y" },
		{ "x --%s-file=/f --%s-stdin --%s-file f" },
		{ "x '%s: y' -v my-%s:y" },
		{ "x %s y" }, /* but for "bearer TOKEN" */
	};

	for (const struct redact_key *key = redact_keys; key->name; key++) {
		unsigned wrong = 0;

		/* As it is, in capitals, and with all that may be in the place of an underscore. */
		for (int style = 0; style < 5; style++) {
			char name[64], line[512], expected[512], *to = name;

			for (const char *c = key->name; *c; c++) {
				if (*c != '_')
					*to++ = style == 1 ? *c - 0x20 : *c;
				else if (style < 4)
					*to++ = "__-."[style];
			}
			*to = '\0';
			for (unsigned i = 0; i < COUNT(forms) - !strcmp(key->name, "bearer"); i++) {
				snprintf(line, sizeof(line), forms[i][0], name, name, name);
				snprintf(expected, sizeof(expected), forms[i][1] ?: forms[i][0],
					 name, name, name);
				wrong += !check_command(line, expected);
			}
			snprintf(line, sizeof(line), "x --my%s=joe", name);
			snprintf(expected, sizeof(expected), "x --my%s=%s", name,
				 key->whole ? "joe" : REDACTED);
			wrong += !check_command(line, expected);
		}
		is_u64(wrong, 0, "a name that ends with %s", key->name);
	}
}

/* One of the redact_options in one of its spellings. */
struct spelling {
	const struct redact_option *option;
	char program[32], name[32], letter, other;
};

/* An option that is another one's value when it follows it. */
static char other_letter(const struct redact_option *option)
{
	for (const char *c = option->others; *c; c++) {
		bool used = false;

		for (const struct redact_option *o = redact_options; o->programs; o++)
			used = used ||
			       (!strcmp(o->programs, option->programs) && strchr(o->letters, *c)) ||
			       *c == 'H';
		if (!used)
			return *c;
	}
	return '\0';
}

/* `form` with @ for the program, ^ for a long option, ~ for a letter, + for another one, % for a
 * value.
 */
static void expand(char *to, const char *form, const struct spelling *s, const char *secret)
{
	static const char *const values[] = {
		[REDACT_ALL] = "%s",
		[REDACT_ATTACHED] = "%s",
		[REDACT_AFTER_COLON] = "joe:%s",
		[REDACT_AFTER_PERCENT] = "joe%%%s",
		[REDACT_LOGIN] = "joe:%s@host:80",
		[REDACT_COOKIE] = "id=%s",
		[REDACT_HEADER] = "my-token:%s",
	};

	if (s->option->subcommand)
		to = stpcpy(to, "docker ");
	for (; *form; form++) {
		if (*form == '@')
			to = stpcpy(to, s->program);
		else if (*form == '^')
			to = stpcpy(to, s->name);
		else if (*form == '%' && s->option->part == REDACT_COOKIE && *secret == '*')
			to = stpcpy(to, secret);
		else if (*form == '%')
			to += sprintf(to, values[s->option->part], secret);
		else
			*to++ = *form == '~' ? s->letter : *form == '+' ? s->other : *form;
	}
	*to = '\0';
}

static bool check_form(const char *form, const struct spelling *s, bool redacted)
{
	char line[512], expected[512];

	expand(line, form, s, redacted ? SECRET : "x");
	expand(expected, form, s, redacted ? REDACTED : "x");
	return check_command(line, expected);
}

static bool check_letter(const struct spelling *s)
{
	bool next = s->option->part != REDACT_ATTACHED;

	return check_form("@ -~% db", s, true) && check_form("@ -q -~% db", s, true) &&
	       check_form("/usr/local/bin/@ -~% db", s, true) &&
	       check_form("sudo -u root @ -~% db", s, true) &&
	       check_form("sudo /usr/bin/@ -~% x", s, true) && check_form("@ -~ % db", s, next) &&
	       check_form("@ -~", s, false) && check_form("@ x -y %", s, false) &&
	       (!s->other || check_form("@ -+~%", s, false));
}

static bool check_name(const struct spelling *s)
{
	return check_form("@ --^ % db", s, true) && check_form("@ --^=% db", s, true) &&
	       check_form("@ --not-^=% --^s=%", s, false);
}

/* Nobody but the program has the option. */
static bool check_no_program(const struct spelling *s)
{
	return check_form("cat -~% db", s, false) && check_form("cat -~ % db", s, false) &&
	       check_form("find /var/lib/@ -~% db", s, false) &&
	       check_form("cat -name @ -~% db", s, false) &&
	       check_form("cat @-x -~% x-@ -~% db", s, false);
}

static void test_options(void)
{
	for (const struct redact_option *o = redact_options; o->programs; o++) {
		struct spelling s = { o, "cat", .other = other_letter(o) };
		unsigned wrong = 0;

		/* What is particular about htpasswd has cases of its own. */
		if (o->part == REDACT_OPERAND)
			continue;
		for (const char *program = o->programs, *end; program;
		     program = *end ? end + 1 : NULL) {
			end = strchrnul(program, ' ');
			if (end > program)
				snprintf(s.program, sizeof(s.program), "%.*s", (int)(end - program),
					 program);
			/* A name of three letters ends too many words. */
			wrong += *o->programs && strlen(s.program) < 4;
			for (const char *letter = o->letters; *letter; letter++) {
				s.letter = *letter;
				wrong += !check_letter(&s);
				wrong += *o->programs && !check_no_program(&s);
			}
			for (const char *name = o->names, *to; *name; name = to + (*to == ' ')) {
				to = strchrnul(name, ' ');
				snprintf(s.name, sizeof(s.name), "%.*s", (int)(to - name), name);
				wrong += !check_name(&s);
			}
		}
		is_u64(wrong, 0, "options -%s %s of %s", o->letters, o->names, o->programs);
	}
}

/* Adds n characters that the token may have. */
static char *put_token(char *to, const struct redact_token *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*to++ = t->capital ? "A7Z"[i % 3] : "aZ7_-"[i % 5];
	return to;
}

static void test_tokens(void)
{
	static const char *const before[] = { "", "x", "/a/", "a.b.", "K:", "é", "A7" };

	for (const struct redact_token *t = redact_tokens; t->prefix; t++) {
		unsigned wrong = 0;

		/* Nothing shorter is looked for; and these characters show which words are. */
		wrong += strlen(t->prefix) + t->least < 17 || !strpbrk(t->prefix, "IJ_-");
		for (unsigned i = 0; i < 2 * COUNT(before); i++) {
			bool redacted = i < COUNT(before);
			char line[512], expected[512], *to = line;

			to = stpcpy(stpcpy(stpcpy(to, "x "), before[i % COUNT(before)]), t->prefix);
			strcpy(stpcpy(mempcpy(expected, line, to - line), REDACTED), " y");
			to = put_token(to, t, t->least - !redacted);
			for (unsigned dot = 0; dot < t->dots; dot++)
				to = put_token(stpcpy(to, "."), t, 10);
			strcpy(to, " y");
			wrong += !check_command(line, redacted ? expected : line);
			/* One that is cut is redacted, however short. */
			if (redacted || !t->dots) {
				char vector[512], want[512], got[3 * sizeof(vector)];
				size_t n = to_vector(vector, line) - strlen("0y0");
				size_t m = to_vector(want, expected) - strlen("0y0");

				n = apply(got, vector, n);
				wrong += !is_same("cut", line, got, n, want, m);
			}
		}
		is_u64(wrong, 0, "a token that begins with %s", t->prefix);
	}
}

/*
 * Cases: a line, and what becomes of it; NULL where nothing is to.
 */
struct example {
	const char *line, *redacted;
};

/* As arguments, and in a command line that is one argument. */
static const struct example cases[] = {
	/* NAME=VALUE */
	{ "docker run -e MYSQL_ROOT_PASSWORD=hunter2 --name db mysql:8",
	  "docker run -e MYSQL_ROOT_PASSWORD=*** --name db mysql:8" },
	{ "java -Djavax.net.ssl.trustStorePassword=hunter2 -jar x.jar",
	  "java -Djavax.net.ssl.trustStorePassword=*** -jar x.jar" },
	{ "kubectl create secret generic s --from-literal=password=hunter2",
	  "kubectl create secret generic s --from-literal=password=***" },
	{ "mount -o username=joe,password=hunter2 //h/s /mnt",
	  "mount -o username=joe,password=*** //h/s /mnt" },
	{ "npm config set //registry.npmjs.org/:_authToken=hunter2",
	  "npm config set //registry.npmjs.org/:_authToken=***" },
	{ "AWS_SECRET_ACCESS_KEY=hunter2 aws s3 ls", "AWS_SECRET_ACCESS_KEY=*** aws s3 ls" },
	{ "x 'AccountName=joe;AccountKey=hunter2;Suffix=y'",
	  "x 'AccountName=joe;AccountKey=***;Suffix=y'" },
	{ "x 'Server=db;Uid=sa;Pwd=hunter2;'", "x 'Server=db;Uid=sa;Pwd=***;'" },
	{ "MYSQL_PWD=/hunter2 mysql", "MYSQL_PWD=*** mysql" },
	{ "x --pwd=/hunter2 -pwd /hunter2", "x --pwd=*** -pwd ***" },
	{ "PWD=hunter2 x", "PWD=*** x" },
	{ "x --PassWord=hunter2 --API-key=hunter2", "x --PassWord=*** --API-key=***" },
	{ "x --password==hunter2", "x --password=***" },
	{ "x --password='my hunter2' y", "x --password=*** y" },
	{ "x --password='\"hunter2\" it`s $hunter2; hunter2' y", "x --password=*** y" },
	{ "x --password=\"hunter2\\\" hunter2\" y", "x --password=*** y" },
	{ "x '--password=a hunter2' y", "x '--password=***' y" },
	{ "x --password=hunter2' 'hunter2\" \"hunter2 y", "x --password=*** y" },
	{ "x --password=hunter2\\ hunter2 y", "x --password=*** y" },
	{ "x OPTIONS='--password hunter2 -v' y", "x OPTIONS='--password *** -v' y" },
	{ "x 'OPTIONS=-v --password hunter2' y", "x 'OPTIONS=-v --password ***' y" },
	{ "x PASS=hunter2 DB_PASS=hunter2", "x PASS=*** DB_PASS=***" },
	{ "x --credentials=hunter2", "x --credentials=***" },
	{ "python3 -c 'login(password=\"hunter2\", x=1)'", "python3 -c 'login(password=*** x=1)'" },
	{ "PWD=/home/joe OLDPWD=/ ls", NULL },
	{ "x PWD='/home/joe'", NULL },
	{ "x --password-file=/x --password-stdin --token-file x --secret-name=y --token-ttl 5",
	  NULL },
	{ "x --no-password joe --ask-pass all --prompt-password joe", NULL },
	{ "x SSH_ASKPASS=/usr/bin/x --bypass=y COMPASS=z --lowpass 300 --by-pass-x=1", NULL },
	{ "ffmpeg -pass 1 --pass=2 --pass 2", NULL },
	{ "x GOOGLE_APPLICATION_CREDENTIALS=/etc/x.json --credentials ~/x", NULL },
	{ "x --credentials=./x --credentials ../x", NULL },
	{ "x --max-tokens=5 --tokenizer=x --tokens 6", NULL },
	{ "git commit -m 'Token: say which password is meant, secret or not'", NULL },
	{ "docker run -v secret:/run/secret joe/app-token:1.2", NULL },
	{ "grep -e password= -e token f", NULL },
	{ "vault token lookup", NULL },
	{ "passwd joe", NULL },
	{ "ssh-add key", NULL },
	/* --NAME VALUE */
	{ "gpg --batch --passphrase hunter2 -d f", "gpg --batch --passphrase *** -d f" },
	{ "x --token 'my hunter2' y", "x --token '***' y" },
	{ "x --token my\" hunter2\" y", "x --token *** y" },
	{ "x '--token' \"hunter2\" y", "x '--token' \"***\" y" },
	{ "curl --oauth2-bearer hunter2 http://h", "curl --oauth2-bearer *** http://h" },
	{ "x --password -v y", NULL },
	{ "x --password", NULL },
	{ "x --password '' y", NULL },
	{ "x --no_secret y --no-my-token z", NULL },
	/* JSON */
	{ "x '{\"a\":{\"my-secret\" : \"hunter2 \\\" hunter2\"},\"b\":1}'",
	  "x '{\"a\":{\"my-secret\" : \"***\"},\"b\":1}'" },
	{ "x '{\"token\":5463728,\"b\":1}'", "x '{\"token\":***,\"b\":1}'" },
	{ "x \"{'password': 'hunter2'}\"", "x \"{'password': '***'}\"" },
	{ "x '{\\\"password\\\": \\\"hunter2\\\\\\\" hunter2\\\", \\\"b\\\":1}'",
	  "x '{\\\"password\\\": \\\"***\\\", \\\"b\\\":1}'" },
	{ "x '{\"Authorization\":\"Basic hunter2\"}'", "x '{\"Authorization\":\"***\"}'" },
	{ "x '{\"credentials\":{\"user\":\"joe\",\"password\":\"hunter2\"}}'",
	  "x '{\"credentials\":{\"user\":\"joe\",\"password\":\"***\"}}'" },
	{ "x '{\"password_file\":\"joe\",\"tokens\":[\"a\"],\"secret\":[]}'", NULL },
	/* headers */
	{ "curl -H 'Authorization: Basic hunter2 hunter2' http://h",
	  "curl -H 'Authorization: ***' http://h" },
	{ "curl -sH \"authorization:hunter2\" http://h",
	  "curl -sH \"authorization:***\" http://h" },
	{ "curl -H'Proxy-Authorization: Basic hunter2' -H 'Cookie: a=hunter2; b=hunter2' http://h",
	  "curl -H'Proxy-Authorization: ***' -H 'Cookie: ***' http://h" },
	{ "curl --header='Set-Cookie: a=hunter2; b=hunter2' http://h",
	  "curl --header='Set-Cookie: ***' http://h" },
	{ "http h X-Vault-Token:hunter2", "http h X-Vault-Token:***" },
	{ "http h 'x-amz-security-token: hunter2'", "http h 'x-amz-security-token: ***'" },
	{ "curl -H 'apikey: hunter2' -H 'DD-API-KEY:hunter2' http://h",
	  "curl -H 'apikey: ***' -H 'DD-API-KEY:***' http://h" },
	{ "curl -H 'Accept: */*' -H 'X-Request-Id: 5' -H 'Key: x' http://h", NULL },
	{ "echo 'the author: joe' 'authorization of joe'", NULL },
	/* Bearer */
	{ "echo 'Bearer hunter2'", "echo 'Bearer ***'" },
	{ "x 'a=b, bearer  hunter2, c'", "x 'a=b, bearer  *** c'" },
	{ "x Bearer", NULL },
	{ "x 'forbearer joe'", NULL },
	/* URLs */
	{ "psql postgres://joe:hunter2@db:5432/x?y=z", "psql postgres://joe:***@db:5432/x?y=z" },
	{ "redis-cli -u redis://:hunter2@db", "redis-cli -u redis://:***@db" },
	{ "x 'http://joe:hunter2@@hunter2@h/a@b' y", "x 'http://joe:***@h/a@b' y" },
	{ "x http://joe:hunter2#/hunter2?@h/a y", "x http://joe:***@h/a y" },
	{ "x mongodb+srv://joe:hunter2@a:1,b:2/x http://h http://u:hunter2@h",
	  "x mongodb+srv://joe:***@a:1,b:2/x http://h http://u:***@h" },
	{ "x --url=ftp://joe:hunter2@h/", "x --url=ftp://joe:***@h/" },
	{ "x https://joe@h/ http://h:8080/a@b http://[fe80::1]/a@b http://[::1]:80/@", NULL },
	{ "x http://joe:@h git@h:a/b joe:x@h docker://r/a:b@sha256:c file:///a:b@c", NULL },
	/* openssl */
	{ "openssl req -passout pass:'my hunter2'", "openssl req -passout pass:***" },
	{ "openssl req -passout env:PW -passin file:/x", NULL },
	{ "git commit -m 'pass: two'", NULL },
	/* options of programs */
	{ "mysql -phunter2", "mysql -p***" },
	{ "mysql -u root -p'my hunter2' db", "mysql -u root -p*** db" },
	{ "mysql -u root '-pmy hunter2' db", "mysql -u root '-p***' db" },
	{ "mysqldump -hdb-prod -uprod -Dprod --opt -phunter2",
	  "mysqldump -hdb-prod -uprod -Dprod --opt -p***" },
	{ "mysql -Nsphunter2 -e 'select 1; select 2'", "mysql -Nsp*** -e 'select 1; select 2'" },
	{ "mysql -e 'select 1; select 2' -phunter2", "mysql -e 'select 1; select 2' -p***" },
	{ "docker exec db mysqladmin -phunter2 ping", "docker exec db mysqladmin -p*** ping" },
	{ "mysql -p -h db -P3306 -P 3306 prod", NULL },
	{ "mkdir -pv x", NULL },
	{ "docker run --name mysql -p3306:3306 mysql:8", NULL },
	{ "sudo ./mysql -phunter2", "sudo ./mysql -p***" },
	{ "sudo /opt/curl/curl -u joe:hunter2", "sudo /opt/curl/curl -u joe:***" },
	{ "find / -name mysql -print", NULL },
	{ "sudo find / -path curl -u joe:x -print", NULL },
	{ "find . -exec sudo mysql -phunter2 '{}' ';'", "find . -exec sudo mysql -p*** '{}' ';'" },
	{ "find /var/lib/mysql -print0", NULL },
	{ "sshpass -p hunter2 ssh -p 22 h -pseudo", "sshpass -p *** ssh -p 22 h -pseudo" },
	{ "sshpass -vphunter2 scp -P22 f h:", "sshpass -vp*** scp -P22 f h:" },
	{ "sshpass -f f ssh -p 22 h", NULL },
	{ "curl -u 'joe:my hunter2' h", "curl -u 'joe:***' h" },
	{ "curl -sSfujoe:hunter2:hunter2 h", "curl -sSfujoe:*** h" },
	{ "curl -sk --user=joe:hunter2 --proxy-user joe:hunter2 h",
	  "curl -sk --user=joe:*** --proxy-user joe:*** h" },
	{ "curl -x joe:hunter2@proxy:3128 h", "curl -x joe:***@proxy:3128 h" },
	{ "curl -x http://joe:hunter2@proxy:3128 h", "curl -x http://joe:***@proxy:3128 h" },
	{ "curl -b a=hunter2 --cookie 'b=hunter2; c' h", "curl -b *** --cookie '***' h" },
	{ "curl -o mysql -u joe:hunter2 h/curl/x", "curl -o mysql -u joe:*** h/curl/x" },
	{ "curl -u joe -u joe: -b jar.txt -x proxy:3128 -x http://proxy:3128 -o u:v h", NULL },
	{ "id -u joe:x", NULL },
	{ "wget --user=joe --http-password=hunter2 h", "wget --user=joe --http-password=*** h" },
	{ "ldapsearch -xw hunter2 -D cn=joe -b dc=x", "ldapsearch -xw *** -D cn=joe -b dc=x" },
	{ "ldapsearch -x -W -D cn=joe -s sub -a never", NULL },
	{ "ldappasswd -s hunter2 -a hunter2", "ldappasswd -s *** -a ***" },
	{ "redis-cli -h db -a hunter2 --pass hunter2 ping",
	  "redis-cli -h db -a *** --pass *** ping" },
	{ "smbclient -U 'joe%my hunter2' //h/s", "smbclient -U 'joe%***' //h/s" },
	{ "smbclient -Ujoe%hunter2 --user=dom/joe%hunter2 //h/s",
	  "smbclient -Ujoe%*** --user=dom/joe%*** //h/s" },
	{ "smbclient -U joe //h/s", NULL },
	{ "htpasswd -b f joe hunter2", "htpasswd -b f joe ***" },
	{ "htpasswd -cbB -C 10 f joe hunter2", "htpasswd -cbB -C 10 f joe ***" },
	{ "htpasswd -nb joe hunter2", "htpasswd -nb joe ***" },
	{ "htpasswd -n -b joe hunter2", "htpasswd -n -b joe ***" },
	{ "htpasswd -c f joe x", NULL },
	{ "docker login -u joe -p hunter2 r", "docker login -u joe -p *** r" },
	{ "docker run -p 80:80 x", NULL },
	{ "login -p joe", NULL },
	{ "ssh-keygen -t rsa -N '' -f f", NULL },
	{ "ssh-keygen -t rsa -N 'my hunter2' -f f", "ssh-keygen -t rsa -N '***' -f f" },
	/* tokens */
	{ "x AKIAHUNTER2HUNTER234 y", "x AKIA*** y" },
	{ "x a/xoxb-hunter2-hunter2-x/y", "x a/xoxb-***/y" },
	{ "x eyJhbGciOiJIUzI1NiJ9.hunter2hunter2.hunter2_hunter2-x y", "x eyJ*** y" },
	{ "x eyJhunter.2 AKIAHUNTER ASIAxxxxxxxxxxxxxxxx ghp_short ghp- AIzaSy sk_test_1", NULL },
	{ "x eyJhbGciOiJIUzI1NiJ9eyJhbGciOiJIUzI1NiJ9.x eyJ.eyJ.eyJ", NULL },
	/* keys */
	{ "x '-----BEGIN CERTIFICATE-----abc-----END CERTIFICATE-----' '-----BEGIN PUBLIC "
	  "KEY-----a-----END'",
	  NULL },
	{ "x '-----BEGIN PGP PRIVATE KEY BLOCK-----\nhunter2\n-----END PGP PRIVATE KEY "
	  "BLOCK-----\n'",
	  "x '-----BEGIN PGP PRIVATE KEY BLOCK-----***-----END PGP PRIVATE KEY BLOCK-----\n'" },
	/* command lines */
	{ "sudo sh -c 'mysql -phunter2 db < f; mkdir -pv d && curl -u a:hunter2 h | (curl -u "
	  "a:hunter2 h)'",
	  "sudo sh -c 'mysql -p*** db < f; mkdir -pv d && curl -u a:*** h | (curl -u a:*** h)'" },
	{ "bash -lc 'PGPASSWORD=hunter2 psql -h db x'", "bash -lc 'PGPASSWORD=*** psql -h db x'" },
	{ "bash -c 'mysql \\\n-phunter2 \\\n db'", "bash -c 'mysql \\\n-p*** \\\n db'" },
	{ "bash -c 'x=`mysql -phunter2`; y=$(curl -u a:hunter2 h); z --password \"hunter2 "
	  "hunter2\"'",
	  "bash -c 'x=`mysql -p***`; y=$(curl -u a:*** h); z --password \"***\"'" },
	{ "ssh h 'mysql -p\"my hunter2\" db'", "ssh h 'mysql -p*** db'" },
	{ "bash -c 'ssh h \"mysql -p\\\"my hunter2\\\" db\"'",
	  "bash -c 'ssh h \"mysql -p*** db\"'" },
	{ "bash -c 'echo don\"t worry; mysql -phunter2'",
	  "bash -c 'echo don\"t worry; mysql -p***'" },
	{ "watch 'curl -s --user \"joe:hunter2\" h'", "watch 'curl -s --user \"joe:***\" h'" },
	{ "sh -c 'curl -u \"joe\":\"hunter2\" h'", "sh -c 'curl -u *** h'" },
	{ "find . -exec mysql -phunter2 '{}' ';'", "find . -exec mysql -p*** '{}' ';'" },
};

/* As arguments only: what is quoted once more would be something else. */
static const struct example argument_cases[] = {
	{ "x 'a -----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\nhunter2\n'",
	  "x 'a -----BEGIN OPENSSH PRIVATE KEY-----***'" },
	{ "x --password=\"it's hunter2 & hunter2\" y", "x --password=*** y" },
	{ "x \"--password=it's hunter2\" y", "x --password=*** y" },
	{ "x --password \"it's hunter2 & hunter2\" y", "x --password *** y" },
	{ "mysql -p\"it's hunter2\" y", "mysql -p*** y" },
	{ "curl -u \"joe:it's hunter2\" h", "curl -u joe:*** h" },
	{ "curl -H \"Authorization: it's hunter2\" h", "curl -H 'Authorization: ***' h" },
	{ "bash -c \"echo it's; mysql -phunter2 x; echo it's\"",
	  "bash -c \"echo it's; mysql -p*** x; echo it's\"" },
	{ "bash -c \"echo it's; mysql -e 'it''s' -phunter2 'x\"",
	  "bash -c \"echo it's; mysql -e 'it''s' -p*** 'x\"" },
	{ "bash -c \"curl -u 'joe:hunter2 h\"", "bash -c \"curl -u 'joe:***\"" },
	{ "x 'http://joe:hunter2'\"'\"'hunter2@h'", "x 'http://joe:***@h'" },
};

static void test_cases(void)
{
	for (unsigned i = 0; i < COUNT(cases); i++)
		ok(check_command(cases[i].line, cases[i].redacted ?: cases[i].line), "%s",
		   cases[i].line);
	for (unsigned i = 0; i < COUNT(argument_cases); i++)
		ok(check_line(argument_cases[i].line,
			      argument_cases[i].redacted ?: argument_cases[i].line),
		   "%s", argument_cases[i].line);
}

/* Odd bytes in front of a secret do not save it; nor does it matter where the vector is cut. */
static void test_odd_bytes(void)
{
	static const char *const odd[] = { "\xff",     "\xc3",	       "\xf0\x9f", "\x01",
					   "\x1b[31m", "\xe2\x80\xae", "\\x41",	   "\xed\xa0\x80" };
	static const char *const forms[][2] = {
		{ "x -%s--password=" SECRET, "x -%s--password=***" },
		{ "x %spassword=" SECRET, "x %spassword=***" },
		{ "x %s --token " SECRET, "x %s --token ***" },
		{ "x -%s-token " SECRET, "x -%s-token ***" },
		{ "x '%sAuthorization: " SECRET "'", "x '%sAuthorization: ***'" },
		{ "x '%s bearer " SECRET "'", "x '%s bearer ***'" },
		{ "x http://%s:" SECRET "%s@h", "x http://%s:***@h" },
		{ "x '%s\"token\":\"" SECRET "\"'", "x '%s\"token\":\"***\"'" },
		{ "mysql %s -p" SECRET "%s", "mysql %s -p***" },
		{ "sh -c '%s; mysql -p" SECRET "'", "sh -c '%s; mysql -p***'" },
		{ "x %sghp_" SECRET SECRET SECRET SECRET, "x %sghp_***" },
	};
	unsigned wrong = 0;

	for (unsigned i = 0; i < COUNT(odd) * COUNT(forms); i++) {
		char line[512], expected[512], vector[512], got[2048];
		const char *bytes = odd[i % COUNT(odd)];
		size_t n;

		snprintf(line, sizeof(line), forms[i / COUNT(odd)][0], bytes, bytes);
		snprintf(expected, sizeof(expected), forms[i / COUNT(odd)][1], bytes, bytes);
		wrong += !check_line(line, expected);
		/* From where the secret begins on, each part of it. */
		n = to_vector(vector, line);
		for (size_t cut = (char *)memmem(vector, n, SECRET, 7) - vector + 1; cut < n; cut++)
			wrong += !memmem(got, apply(got, vector, cut), REDACTED, 3);
	}
	is_u64(wrong, 0, "odd bytes before a secret, cut secrets");
}

/*
 * Random vectors, of what rules are made of.
 */

static size_t random_vector(char *to, size_t max)
{
	static const char *const pieces[] = {
		"password",
		"--token",
		"-storepass",
		"PWD",
		"--no-",
		"_key",
		"api",
		"pass:",
		"bearer ",
		"Authorization:",
		"X-",
		"Cookie: ",
		"mysql",
		"curl",
		"sshpass",
		"htpasswd",
		"docker login",
		"/usr/bin/",
		"smbclient",
		"-p",
		"-u ",
		"-b",
		"-H",
		"--user=",
		"joe:",
		"joe%",
		"://",
		"http://",
		"@",
		"@h",
		"/",
		"?",
		"=",
		"=",
		":",
		": ",
		"\"",
		"'",
		"\\\"",
		"\\'",
		"\\",
		"\"",
		"'",
		" ",
		" ",
		" ",
		"\n",
		";",
		"|",
		"(",
		")",
		"`",
		"<",
		"\\\n",
		"{\"secret\":",
		"\": \"",
		",",
		"}",
		"[",
		"***",
		"*",
		"ghp_",
		"AKIA",
		"eyJ",
		".",
		"ABCDEFGHIJKLMNOPQRST",
		"-----BEGIN PRIVATE KEY-----",
		"-----END",
		"sh",
		"bash",
		"-c",
		"\xff",
		"\xc3\xa9",
		"\x1b[0m",
		"\x01",
		"-",
		"--",
		"x",
		"1",
		SECRET,
		SECRET,
	};
	char *start = to;
	int nuls = 2 + random() % 10;

	for (size_t n = 1 + random() % (max / 32); n; n--) {
		if (random() % nuls == 0)
			*to++ = '\0';
		else if (random() % 12)
			to = stpcpy(to, pieces[random() % COUNT(pieces)]);
		else
			*to++ = random();
	}
	if (random() % 8)
		*to++ = '\0';
	return to - start;
}

/* Whether no secret is missed by the first look, without which the rules are not even tried. */
static bool is_seen(const char *vector, size_t n)
{
	static char looked_at[VECTOR_MAX], without[3 * VECTOR_MAX], with[3 * VECTOR_MAX];
	static const char reason[] = "-token"; /* to look, no value of anything, and no secret */
	size_t len, more;

	if (!n || vector[n - 1])
		return true;
	memcpy(mempcpy(looked_at, vector, n), reason, sizeof(reason));
	len = apply(without, vector, n);
	more = apply(with, looked_at, n + sizeof(reason));
	if (more >= len && !memcmp(without, with, len))
		return true;
	tap_show("vector", vector, n);
	tap_show("missed", with, more);
	return false;
}

static void test_fuzz(void)
{
	static char vector[VECTOR_MAX];
	unsigned wrong = 0, redacted = 0, rounds = 30000;

	for (unsigned i = 0; i < rounds && wrong < 5; i++) {
		char out[REDACT_ROOM(2000)];
		size_t n = random_vector(vector, i % 2 ? 300 : 2000);

		wrong += !is_sound(vector, n) || !is_seen(vector, n);
		if (n < 2000)
			redacted += redact(out, vector, n) > 0;
	}
	is_u64(wrong, 0, "random vectors");
	ok(redacted > rounds / 3, "most have a secret: %u", redacted);
	for (unsigned i = 0; i < 2000 && wrong < 5; i++) {
		size_t n = random() % 64;

		for (size_t k = 0; k < n; k++)
			vector[k] = random();
		wrong += !is_sound(vector, n);
	}
	is_u64(wrong, 0, "random bytes");
}

int main(void)
{
	build_wall();
	srandom(1);
	test_rules();
	test_keys();
	test_options();
	test_tokens();
	test_cases();
	test_odd_bytes();
	test_fuzz();
	return done();
}
