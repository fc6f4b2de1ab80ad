/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/redact.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

const struct redact_rule redact_rules[] = {
	{ "NAME=VALUE, --NAME=VALUE, -NAME=VALUE: to the end of the argument, but for "
	  "pwd=/DIRECTORY",
	  "env PGPASSWORD=hunter2 psql -h db --token=hunter2",
	  "env PGPASSWORD=*** psql -h db --token=***" },
	{ "--NAME VALUE, -NAME VALUE: unless VALUE begins with -, or NAME with no-, ask- or "
	  "prompt-",
	  "keytool -list -storepass hunter2 --no-password all",
	  "keytool -list -storepass *** --no-password all" },
	{ "\"NAME\": \"VALUE\": as in JSON",
	  "curl -d '{\"user\":\"joe\",\"password\":\"hunter2\"}' http://db",
	  "curl -d '{\"user\":\"joe\",\"password\":\"***\"}' http://db" },
	{ "-H NAME:VALUE, --header=NAME:VALUE", "curl -H 'PRIVATE-TOKEN: hunter2' http://db",
	  "curl -H 'PRIVATE-TOKEN: ***' http://db" },
	{ "Authorization:, Proxy-Authorization:, Cookie:, Set-Cookie:, X-...-Key:, X-...-Token: "
	  "all that follows in the argument",
	  "http GET db 'Authorization: Basic hunter2' 'x-api-key: hunter2'",
	  "http GET db 'Authorization: ***' 'x-api-key: ***'" },
	{ "Bearer TOKEN", "echo 'use bearer hunter2 for it'", "echo 'use bearer *** for it'" },
	{ "scheme://user:PASSWORD@host", "git clone https://joe:hunter2@db/repo.git",
	  "git clone https://joe:***@db/repo.git" },
	{ "pass:PASSWORD, of openssl", "openssl rsa -in key.pem -passin pass:hunter2",
	  "openssl rsa -in key.pem -passin pass:***" },
	{ "options of some programs, listed below", "mysqldump -uroot -phunter2 -P3306 -p db",
	  "mysqldump -uroot -p*** -P3306 -p db" },
	{ "tokens that show for themselves by their beginning, listed below: all but that",
	  "echo ghp_hunter2hunter2hunter2hunter2hunter2", "echo ghp_***" },
	{ "private keys in PEM: what is between the lines that begin and end them",
	  "echo '-----BEGIN RSA PRIVATE KEY-----hunter2-----END RSA PRIVATE KEY-----'",
	  "echo '-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----'" },
	{ "an argument with blanks, quotes or separators of a shell: the same within it, word by "
	  "word",
	  "sh -c 'mysql -phunter2 db; curl -u \"joe:hunter2\" http://db'",
	  "sh -c 'mysql -p*** db; curl -u \"joe:***\" http://db'" },
	{},
};

const struct redact_key redact_keys[] = {
	{ "password" },
	{ "passwd" },
	{ "passphrase" },
	{ "pass", .whole = true, .except = "a single digit: which pass of two" },
	{ "storepass" }, /* of Java's keytool */
	{ "keypass" },
	{ "pwd", .except = "a PWD or OLDPWD that begins with /" },
	{ "secret" },
	{ "token" },
	{ "bearer" },
	{ "api_key" },
	{ "access_key" }, /* AWS_SECRET_ACCESS_KEY */
	{ "account_key" },
	{ "auth_key" },
	{ "encryption_key" },
	{ "master_key" },
	{ "private_key" },
	{ "secret_key" },
	{ "shared_key" },
	{ "signing_key" },
	{ "credential", .except = "a file: it begins with / ./ ../ or ~/" },
	{ "credentials", .except = "a file: it begins with / ./ ../ or ~/" },
	{},
};

#define MYSQL                                                                                      \
	"mysql mysql_upgrade mysqladmin mysqlbinlog mysqlcheck mysqldump mysqlimport mysqlpump "   \
	"mysqlsh mysqlshow mysqlslap mariadb mariadb-admin mariadb-backup mariadb-binlog "         \
	"mariadb-check mariadb-dump mariadb-import mariadb-show mariadb-slap mariadb-upgrade"
#define MONGO                                                                                      \
	"mongo mongosh mongodump mongoexport mongofiles mongoimport mongorestore mongostat "       \
	"mongotop"
#define LDAP	     "ldapadd ldapcompare ldapdelete ldapexop ldapmodify ldapmodrdn ldapsearch ldapwhoami"
#define SAMBA	     "smbclient rpcclient smbcacls smbcquotas smbget smbtree winexe"
#define CURL_LETTERS "AbcCdDeEFhHKmoPQrtTuUwxXyYz"

const struct redact_option redact_options[] = {
	{ "curl", "uUE", "user proxy-user cert proxy-cert", REDACT_AFTER_COLON, CURL_LETTERS },
	{ "curl", "x", "proxy preproxy socks4 socks4a socks5 socks5-hostname", REDACT_LOGIN,
	  CURL_LETTERS },
	{ "curl", "b", "cookie", REDACT_COOKIE, CURL_LETTERS },
	{ "", "H", "header proxy-header", REDACT_HEADER, CURL_LETTERS },
	{ "http https", "a", "auth", REDACT_AFTER_COLON, "Aops" },
	{ MYSQL, "p", "", REDACT_ATTACHED, "cDehOPrSTuw" },
	{ MONGO, "p", "", REDACT_ALL, "cdfhoqu" },
	{ "sqlcmd", "P", "", REDACT_ALL, "abcdDEhHiKlmoqQrsStUvVwyY" },
	{ "redis-cli valkey-cli", "a", "", REDACT_ALL, "dDhinprstuX" },
	{ LDAP, "w", "", REDACT_ALL, "abdDeEfFhHloOpPRsSTUXyYz" },
	{ "ldappasswd", "asw", "", REDACT_ALL, "dDeEfhHoOpPRtTUXyYz" },
	{ SAMBA, "U", "user", REDACT_AFTER_PERCENT, "AbcdDEiIlLmMnOpRsStTW" },
	{ "sshpass", "p", "", REDACT_ALL, "dfP", .before_operand = true },
	{ "ssh-keygen", "NP", "", REDACT_ALL, "abCDEfFGIjmMnOrRsStTUVwWxYzZ" },
	/* of docker, podman, helm, oc, az */
	{ "login", "p", "", REDACT_ALL, "u", .subcommand = true },
	{ "htpasswd", "b", "", REDACT_OPERAND, "Cr" },
	{ "useradd usermod groupadd groupmod", "p", "", REDACT_ALL, "bcCdefFgGkKlPRsuvVwWZ" },
	{ "ipmitool", "P", "", REDACT_ALL, "AbBCdDeEfHIkKlLmNoOpRStTUyYz" },
	{},
};

const struct redact_token redact_tokens[] = {
	{ "AKIA", 16, .capital = true }, /* ids of access keys of AWS */
	{ "ASIA", 16, .capital = true },
	{ "ghp_", 20 },
	{ "gho_", 20 },
	{ "ghu_", 20 },
	{ "ghs_", 20 },
	{ "ghr_", 20 },
	{ "github_pat_", 20 },
	{ "glpat-", 16 },
	{ "xoxa-", 12 }, /* Slack */
	{ "xoxb-", 12 },
	{ "xoxp-", 12 },
	{ "xoxs-", 12 },
	{ "sk_live_", 16 }, /* Stripe */
	{ "rk_live_", 16 },
	{ "sk-ant-", 20 },
	{ "sk-proj-", 20 },
	{ "AIza", 35 }, /* Google */
	{ "npm_", 30 },
	{ "dckr_pat_", 20 },
	{ "eyJ", 14, .dots = 2 }, /* JSON web tokens: base64 of {" */
	{},
};

/*
 * Characters.
 */

enum {
	ALNUM = 1 << 0,
	BLANK = 1 << 1,
	ENDS_WORD = 1 << 2,    /* in a shell */
	ENDS_COMMAND = 1 << 3, /* in a shell */
	QUOTE = 1 << 4,
	BACKSLASH = 1 << 5,
	IN_NAME = 1 << 6,   /* of a program, an option or a header, or in a token */
	CAPITAL = 1 << 7,   /* or a digit */
	TOKEN_HAS = 1 << 8, /* one of these stands in each prefix of redact_tokens */
};

#define SEPARATOR (ENDS_WORD | ENDS_COMMAND)

static const uint16_t class_of[256] = {
	['0' ... '9'] = ALNUM | IN_NAME | CAPITAL,
	['A' ... 'H'] = ALNUM | IN_NAME | CAPITAL,
	['K' ... 'Z'] = ALNUM | IN_NAME | CAPITAL,
	['a' ... 'z'] = ALNUM | IN_NAME,
	['I' ... 'J'] = ALNUM | IN_NAME | CAPITAL | TOKEN_HAS,
	['-'] = IN_NAME | TOKEN_HAS,
	['_'] = IN_NAME | TOKEN_HAS,
	[' '] = BLANK | ENDS_WORD,
	['\t'] = BLANK | ENDS_WORD,
	['\n'] = BLANK | SEPARATOR,
	['\v'] = BLANK | ENDS_WORD,
	['\f'] = BLANK | ENDS_WORD,
	['\r'] = BLANK | ENDS_WORD,
	['<'] = ENDS_WORD,
	['>'] = ENDS_WORD,
	[';'] = SEPARATOR,
	['&'] = SEPARATOR,
	['|'] = SEPARATOR,
	['('] = SEPARATOR,
	[')'] = SEPARATOR,
	['`'] = SEPARATOR,
	['"'] = QUOTE,
	['\''] = QUOTE,
	['\\'] = BACKSLASH,
};

static inline bool is(char c, unsigned class)
{
	return class_of[(uint8_t)c] & class;
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* The first character of one of these classes; `end` where there is none. */
static inline const char *find_class(const char *s, const char *end, unsigned class)
{
	while (s < end && !is(*s, class))
		s++;
	return s;
}

/* The first that is of none of them. */
static inline const char *skip_class(const char *s, const char *end, unsigned class)
{
	while (s < end && is(*s, class))
		s++;
	return s;
}

/* Whether the text [s, end) begins with `prefix`, in small letters. */
static bool starts_with(const char *s, const char *end, const char *prefix)
{
	for (; *prefix; s++, prefix++)
		if (s == end || lower(*s) != *prefix)
			return false;
	return true;
}

/*
 * What nearly all command lines are done with: is there anything that a rule could begin with?
 */

#define EACH(byte)  (0x0101010101010101u * (byte))
#define EACH4(byte) (0x01010101u * (byte))

/* Four bytes, with small letters for capitals. (Some other bytes change too; that does no harm.) */
static inline uint32_t load_four(const char *s)
{
	uint32_t v;

	memcpy(&v, s, 4);
	return le32toh(v) | EACH4(0x20);
}

#define THREE(a, b, c) ((a) | (b) << 8 | (c) << 16)

/* Sets of such four bytes, filled from the tables. An element that is 0 is none. */
#define SET_BITS 9
struct set {
	uint32_t element[1 << SET_BITS];
};

static struct set key_ends, token_starts;

static inline unsigned set_index(uint32_t v)
{
	return v * 0x9e3779b1u >> (32 - SET_BITS);
}

static inline bool set_has(const struct set *set, uint32_t v)
{
	unsigned i = set_index(v);

	for (; set->element[i]; i = (i + 1) % (1 << SET_BITS))
		if (set->element[i] == v)
			return true;
	return false;
}

static void set_add(struct set *set, uint32_t v)
{
	unsigned i = set_index(v);

	while (set->element[i] && set->element[i] != v)
		i = (i + 1) % (1 << SET_BITS);
	set->element[i] = v;
}

/*
 * Whether a secret's or a program's name may end with three letters, the upper ones of a
 * load_four(). One word in fifty or so is said to, and looked at more closely.
 */
#define ENDS_BITS 11
static bool name_ends[1 << ENDS_BITS];

static inline bool *name_end(uint32_t v)
{
	return &name_ends[(v >> 8) * 0x9e3779b1u >> (32 - ENDS_BITS)];
}

/* The programs that rules know, by their names. */
#define PROGRAMS     256
#define PROGRAM_LONG 16
#define SHELL	     (1u << 31) /* its option -c takes a command line */
#define FIND	     (1u << 30) /* its operands are no programs, before -exec or -ok */
#define OPTIONS	     (FIND - 1)
static struct program {
	const char *name;
	size_t len;
	uint32_t options; /* bit N: redact_options[N] is one of its options */
} programs[PROGRAMS];

_Static_assert(sizeof(redact_options) / sizeof(*redact_options) <= 30, "bits of .options");

/* The program of this name, or the free place for it. */
static struct program *find_program(const char *name, size_t len)
{
	unsigned i = len;

	for (size_t k = 0; k < len; k++)
		i = i * 31 + (uint8_t)name[k];
	for (;; i++) {
		struct program *p = &programs[i % PROGRAMS];

		if (!p->name || (p->len == len && !memcmp(p->name, name, len)))
			return p;
	}
}

static uint32_t options_of(const char *name, size_t len)
{
	return len - 1 < PROGRAM_LONG ? find_program(name, len)->options : 0;
}

static uint32_t any_program; /* redact_options that are not of certain programs */
static uint32_t subcommands; /* those whose program is the argument of another one */

static void add_programs(const char *names, uint32_t options)
{
	for (const char *name = names, *end; *name; name = end + (*end == ' ')) {
		struct program *p;

		end = strchrnul(name, ' ');
		p = find_program(name, end - name);
		p->name = name;
		p->len = end - name;
		p->options |= options;
		if (p->len >= 4 && options & OPTIONS)
			*name_end(load_four(end - 4)) = true;
	}
}

static void add_key(const char *name)
{
	uint32_t v = load_four(name + strlen(name) - 4);

	set_add(&key_ends, v);
	*name_end(v) = true;
}

__attribute__((constructor)) static void fill_sets(void)
{
	for (const struct redact_key *key = redact_keys; key->name; key++)
		if (strlen(key->name) >= 4)
			add_key(key->name);
	add_key("authorization");
	add_key("cookie");
	add_key("private"); /* key */
	*name_end(THREE('k', 'e', 'y') << 8) = *name_end(THREE('p', 'w', 'd') << 8) = true;
	for (unsigned i = 0; redact_options[i].programs; i++) {
		add_programs(redact_options[i].programs, 1u << i);
		if (!*redact_options[i].programs)
			any_program |= 1u << i;
		if (redact_options[i].subcommand)
			subcommands |= 1u << i;
	}
	add_programs("sh ash bash csh dash fish ksh mksh tcsh zsh su runuser script flock", SHELL);
	add_programs("find", FIND);
	for (const struct redact_token *t = redact_tokens; t->prefix; t++)
		if (strlen(t->prefix) >= 4)
			set_add(&token_starts, load_four(t->prefix));
}

/* Whether what ends with these four bytes may be the name of a secret. */
static inline bool is_key_end(uint32_t v)
{
	/* In front of these two may be anything. */
	return v >> 8 == THREE('k', 'e', 'y') || v >> 8 == THREE('p', 'w', 'd') ||
	       set_has(&key_ends, v);
}

/* Whether the word that ends before s[end], with the four bytes v, is the name of a secret, or of a
 * program. */
static bool is_name(const char *s, size_t start, size_t end, uint32_t v)
{
	const char *name = s + end;

	if (is_key_end(v))
		return true;
	while (name > s + start && is(name[-1], IN_NAME))
		name--;
	return s[end] != ':' && options_of(name, s + end - name) & OPTIONS;
}

/* The upper bit of each byte of x that a name may end before: up to ')', from ':' to '@',
 * backslash. */
static inline uint64_t name_stops(uint64_t x)
{
	uint64_t y = x & EACH(0x7f);
	uint64_t low = ~(y + EACH(0x7f - ')'));
	uint64_t middle = (y + EACH(0x80 - ':')) & ~(y + EACH(0x7f - '@'));
	uint64_t backslash = ~((y ^ EACH('\\')) + EACH(0x7f));

	return (low | middle | backslash) & ~x & EACH(0x80);
}

/* Whether one of redact_tokens may begin at s, which has four bytes. */
static inline bool is_token_start(const char *s)
{
	uint32_t v = load_four(s);

	return set_has(&token_starts, v) || (v & 0xffffff) == THREE('e', 'y', 'j');
}

/* A token is at least so long. */
#define TOKEN_LEAST 17

/* Whether [s, end) has a word that is long enough for a token and begins like one. */
static bool has_token(const char *s, const char *end)
{
	while (end - s >= TOKEN_LEAST) {
		const char *p = s + TOKEN_LEAST;

		while (p > s && is(p[-1], IN_NAME))
			p--;
		if (p > s) {
			s = p;
			continue;
		}
		p = skip_class(s + TOKEN_LEAST, end, IN_NAME);
		if (find_class(s, p, TOKEN_HAS) < p)
			for (; p - s >= TOKEN_LEAST; s++)
				if (is_token_start(s))
					return true;
		s = p;
	}
	return false;
}

/* Whether one of the rules may have something to do with the vector. */
static bool is_suspect(const char *s, size_t n)
{
	char head[4 + 8] = "";
	size_t start = 0;
	bool url = false;

	/* What is cut may be cut within a secret, where that no longer looks like one. */
	if (s[n - 1])
		return true;
	if (n < 8)
		memcpy(head + 4, s, n);
	else
		memcpy(head + 4, s, 8);
	for (size_t i = 0; i < n; i += 8) {
		/* There are four bytes before each of these. */
		const char *at = i ? s + i : head + 4;
		uint64_t x;

		if (n - i >= 8 || !i) {
			memcpy(&x, at, 8);
			x = le64toh(x);
		} else {
			memcpy(&x, s + n - 8, 8);
			x = le64toh(x) >> 8 * (8 - (n - i));
		}
		for (x = name_stops(x); x; x &= x - 1) {
			unsigned k = __builtin_ctzll(x) / 8;
			size_t end = i + k;
			uint32_t v = load_four(at + k - 4);

			if (end >= n)
				break;
			if (*name_end(v) && is_name(s, start, end, v))
				return true;
			if (end - start >= TOKEN_LEAST && has_token(s + start, s + end))
				return true;
			if (s[end] >= ':') {
				if (s[end] == '@' && url)
					return true;
				url = url || (s[end] == ':' && s[end + 1] == '/');
			}
			start = end + 1;
		}
	}
	return false;
}

/*
 * The rules themselves. They mark what is secret and put '*' in its place, until nothing more is
 * found: so a line that is redacted once more stays as it is.
 */

struct redact {
	char *s, *end; /* a copy of the vector */
	char *secret;  /* for each byte whether it is (part of) one */
	bool cut;      /* the end is not that of the last argument */
	bool again;    /* something was found */
};

/* Part of an argument: a word as rules see it. */
struct word {
	const char *s, *end;  /* a value reaches up to here */
	const char *plain;    /* the first blank, separator or quote */
	const char *text_end; /* of the text that it is a word of */
	bool quotes;	      /* quotes in it are a shell's */
};

/* What the earlier words of a command say of the next one. */
struct command {
	uint32_t options; /* bit N: redact_options[N] is to be looked for */
	const struct redact_option *option;
	const struct redact_key *key;	    /* the next word is the value of one of these */
	bool started;			    /* has had its first word */
	bool line;			    /* the next word is a command line */
	bool pattern;			    /* the next word is a name: --name mysql */
	bool no_file, last_is_secret, skip; /* htpasswd */
	unsigned operands;
};

static void hide(struct redact *r, const char *from, const char *to)
{
	char *secret = r->secret + (from - r->s);

	if (from >= to || !memchr(secret, 0, to - from))
		return;
	memset(secret, 1, to - from);
	memset(r->s + (from - r->s), '*', to - from);
	r->again = true;
}

/* The first c, NULL where there is none. */
static inline const char *find(const char *s, const char *end, char c)
{
	return memchr(s, c, end - s);
}

/* Where the text [s, end) begins to be `name`, which ends it; NULL where it does not. */
static const char *match_end(const char *s, const char *end, const char *name)
{
	for (const char *c = name + strlen(name); c > name;) {
		if (*--c == '_') {
			if (end > s && strchr("-_.", end[-1]))
				end--;
			continue;
		}
		if (end == s || lower(end[-1]) != *c)
			return NULL;
		end--;
	}
	return end;
}

/* The key that the text [s, end) ends with. */
static const struct redact_key *key_before(const char *s, const char *end)
{
	if (end - s >= 4 && !is_key_end(load_four(end - 4)))
		return NULL;
	for (const struct redact_key *key = redact_keys; key->name; key++) {
		const char *name = match_end(s, end, key->name);

		if (name && (!key->whole || name == s || !is(name[-1], ALNUM)))
			return key;
	}
	return NULL;
}

/* Whether [s, end), just before a '=', is the name that a shell has for its directory. */
static bool is_directory(const char *s, const char *end)
{
	const char *name = match_end(s, end, "pwd"), *old;

	old = name ? match_end(s, name, "old") : NULL;
	if (old)
		name = old;
	return name && (name == s || (!is(name[-1], IN_NAME) && name[-1] != '.'));
}

/* What the table calls .except. [s, end) is where the name is, behind which the value begins. */
static bool is_excepted(const struct redact_key *key, const char *s, const char *end,
			const char *value, const char *value_end)
{
	if (!key->except)
		return false;
	if (value < value_end && is(*value, QUOTE))
		value++;
	if (!strcmp(key->name, "pass"))
		return value_end - value == 1 && is_digit(*value);
	if (!strcmp(key->name, "pwd"))
		return starts_with(value, value_end, "/") && is_directory(s, end);
	return starts_with(value, value_end, "/") || starts_with(value, value_end, "./") ||
	       starts_with(value, value_end, "../") || starts_with(value, value_end, "~/");
}

/* Whether the text [s, colon) ends with the name of a header that is a secret's. */
static bool is_secret_header(const char *s, const char *colon)
{
	const char *name = colon;
	bool x = false;

	if (match_end(s, colon, "authorization") || match_end(s, colon, "cookie"))
		return true;
	if (!key_before(s, colon) && !match_end(s, colon, "-key"))
		return false;
	while (name > s && is(name[-1], IN_NAME)) {
		name--;
		x = x || (lower(*name) == 'x' && name[1] == '-');
	}
	return x;
}

/*
 * What may stand anywhere in an argument [s, end).
 */

/* What has been found out while going through an argument, so that it is not looked at again. */
struct seen {
	const char *no_token; /* no token of those with dots begins before this */
	const char *run_end;  /* the first character that no URL has */
	const char *last_at;  /* the last @ before it */
};

/* scheme://user:PASSWORD@host. All these return where to go on. */
static const char *redact_url(struct redact *r, struct seen *seen, const char *s, const char *p,
			      const char *end)
{
	const char *login = p + 3, *login_end, *colon, *host, *digits;

	if (p == s || !is(p[-1], ALNUM) || end - p < 4 || p[1] != '/' || p[2] != '/')
		return p;
	if (!seen->run_end || login >= seen->run_end) {
		seen->run_end = login;
		while (seen->run_end < end && !is(*seen->run_end, BLANK) && *seen->run_end != '"')
			seen->run_end++;
		seen->last_at = memrchr(login, '@', seen->run_end - login);
	}
	for (login_end = login; login_end < seen->run_end; login_end++)
		if (*login_end == '/' || *login_end == '?' || *login_end == '#')
			break;
	host = memrchr(login, '@', login_end - login);
	colon = memchr(login, ':', (host ?: login_end) - login);
	if (!colon)
		return p;
	if (!host) {
		/* A port, or a password with one of these three, or one that is cut? */
		for (digits = colon + 1; digits < login_end && is_digit(*digits);)
			digits++;
		if (digits == login_end || *login == '[')
			return p;
		if (seen->last_at > login_end)
			host = seen->last_at;
		else if (r->cut && seen->run_end == r->end)
			host = r->end;
		else
			return p;
	}
	hide(r, colon + 1, host);
	return host;
}

static const char *redact_bearer(struct redact *r, const char *s, const char *p, const char *end)
{
	const char *token = p + strlen("bearer"), *token_end;

	if (!starts_with(p, end, "bearer") || (p > s && is(p[-1], IN_NAME)))
		return p;
	if (token < end && *token == '\\')
		token++;
	if (token == end || !is(*token, BLANK))
		return p;
	token = skip_class(token, end, BLANK);
	token_end = find_class(token, end, ENDS_WORD | QUOTE | BACKSLASH);
	hide(r, token, token_end);
	return token_end;
}

/* The backslashes before p: quotes within quotes have some. */
static size_t backslashes(const char *s, const char *p)
{
	const char *from = p;

	while (from > s && from[-1] == '\\')
		from--;
	return p - from;
}

/* "KEY": "VALUE" where p is the quote behind KEY; each of the quotes may have backslashes. */
static const char *redact_json(struct redact *r, const char *s, const char *p, const char *end)
{
	const char *name_end = p - backslashes(s, p), *value;
	size_t escape = 0;
	char quote;

	if (!key_before(s, name_end) && !is_secret_header(s, name_end))
		return p;
	value = skip_class(p + 1, end, BLANK);
	if (value == end || *value != ':')
		return p;
	value = skip_class(value + 1, end, BLANK);
	while (value + escape < end && value[escape] == '\\')
		escape++;
	if (value + escape == end)
		return p;
	quote = value[escape];
	if (is(quote, QUOTE)) {
		value += escape + 1;
		for (const char *to = value; (to = memchr(to, quote, end - to)); to++) {
			size_t n = backslashes(value, to);

			if (n % (2 * (escape + 1)) != escape)
				continue;
			hide(r, value, to - escape);
			return to;
		}
		hide(r, value, end);
		return end - 1;
	}
	/* A number, say. An object may have more names in it. */
	if (escape || quote == '{' || quote == '[')
		return p;
	p = value;
	while (p < end && !is(*p, ENDS_WORD | QUOTE | BACKSLASH) && !strchr(",]}", *p))
		p++;
	hide(r, value, p);
	return p - 1;
}

static const char *redact_key_block(struct redact *r, const char *p, const char *end)
{
	static const char begin[] = "-----BEGIN ", finish[] = "-----END";
	const char *label = p + sizeof(begin) - 1, *body, *to;

	if ((size_t)(end - p) < sizeof(begin) - 1 || memcmp(p, begin, sizeof(begin) - 1))
		return p;
	body = skip_class(label, end, ALNUM | BLANK);
	if (!memmem(label, body - label, "PRIVATE KEY", strlen("PRIVATE KEY")))
		return p;
	while (body < end && *body == '-')
		body++;
	to = memmem(body, end - body, finish, sizeof(finish) - 1) ?: end;
	hide(r, body, to);
	return to - 1;
}

static const char *redact_token(struct redact *r, struct seen *seen, const char *p, const char *end)
{
	for (const struct redact_token *t = redact_tokens; t->prefix; t++) {
		size_t len = strlen(t->prefix);
		const char *token = p + len, *to = token;
		unsigned dots = 0;

		if ((size_t)(end - p) < len || memcmp(p, t->prefix, len))
			continue;
		if (t->dots && seen->no_token > p)
			return p;
		while (to < end && is(*to, IN_NAME) && (!t->capital || is(*to, CAPITAL)))
			to++;
		if (to - token < t->least && !(r->cut && to == r->end))
			return p;
		for (; !t->capital && to < end && (is(*to, IN_NAME) || *to == '.'); to++)
			dots += *to == '.';
		if (dots < t->dots && !(r->cut && to == r->end)) {
			seen->no_token = to;
			return p;
		}
		hide(r, token, to);
		return to - 1;
	}
	return p;
}

static void redact_anywhere(struct redact *r, const char *s, const char *end)
{
	struct seen seen = {};

	for (const char *p = s; p < end; p++) {
		switch (*p) {
		case ':':
			p = redact_url(r, &seen, s, p, end);
			break;
		case 'B':
		case 'b':
			p = redact_bearer(r, s, p, end);
			break;
		case '"':
		case '\'':
			p = redact_json(r, s, p, end);
			break;
		case '-':
			p = redact_key_block(r, p, end);
			break;
		default:
			if (end - p < 4 || !is_token_start(p))
				break;
			p = redact_token(r, &seen, p, end);
			break;
		}
	}
}

/*
 * Words.
 */

/* The quote that ends what the one at p begins, NULL where there is none. */
static const char *quote_end(const char *p, const char *end)
{
	char quote = *p;

	for (p++; p < end && *p != quote; p++)
		if (quote == '"' && *p == '\\' && p + 1 < end)
			p++;
	return p < end ? p : NULL;
}

/* The same for \" or \', one that has a backslash too. */
static const char *escaped_end(const char *p, const char *end)
{
	char quote;

	if (end - p < 2 || *p != '\\' || !is(p[1], QUOTE))
		return NULL;
	quote = p[1];
	for (const char *to = p + 2; to + 1 < end; to++)
		if (*to == '\\' && to[1] == quote)
			return to;
	return NULL;
}

/*
 * One step through a shell's word: past a character, or all that is within quotes. *text, where not
 * NULL, is set to where that begins and *text_end to where it ends, NULL where it is none.
 */
static const char *next_part(const char *s, const char *p, const char *end, const char **text,
			     const char **text_end)
{
	*text = NULL;
	if (is(*p, QUOTE)) {
		*text = p + 1;
		*text_end = quote_end(p, end);
		if (*text_end)
			return *text_end + 1;
		*text_end = end;
		return end;
	}
	if (*p != '\\' || p + 1 == end)
		return p + 1;
	/* Not the one in 'it'\''s'. */
	*text_end = p == s || !is(p[-1], QUOTE) ? escaped_end(p, end) : NULL;
	if (!*text_end)
		return p + 2;
	*text = p + 2;
	return *text_end + 2;
}

/* A backslash before a newline is no character at all. */
static bool is_continued(const char *p, const char *end)
{
	return *p == '\\' && p + 1 < end && p[1] == '\n';
}

static const char *word_end(const char *s, const char *end)
{
	const char *p = s, *text, *text_end;

	while (p < end && !is(*p, ENDS_WORD) && !is_continued(p, end))
		p = next_part(s, p, end, &text, &text_end);
	return p;
}

static const char *plain_end(const char *s, const char *end)
{
	return find_class(s, end, ENDS_WORD | QUOTE);
}

/* Hides the part of an option's value, from s to the end of w, that is secret. */
static bool redact_part(struct redact *r, const struct word *w, const char *s,
			enum redact_part part)
{
	const char *from = s, *end = w->end, *text, *text_end, *p;
	bool odd = false;

	if (s == end)
		return false;
	if (part == REDACT_ALL || part == REDACT_ATTACHED) {
		hide(r, s, end);
		return true;
	}
	/* Quotes around it stay; what has others is not taken apart. */
	if (w->quotes) {
		if (next_part(s, s, end, &text, &text_end) == end && text) {
			from = text;
			end = text_end;
		}
		odd = find(from, end, '"') || find(from, end, '\'');
	}
	switch (part) {
	case REDACT_AFTER_COLON:
		from = find(from, end, ':');
		break;
	case REDACT_AFTER_PERCENT:
		from = find(from, end, '%');
		break;
	case REDACT_LOGIN:
		for (p = end; p > from && p[-1] != '@';)
			p--;
		end = p - (p > from);
		from = find(from, end, ':');
		/* A whole URL has been seen already. */
		if (from && end - from > 1 && from[1] == '/')
			from = NULL;
		break;
	case REDACT_COOKIE:
		from = find(from, end, '=') ? from - 1 : NULL;
		break;
	case REDACT_HEADER:
		p = find(from, end, ':');
		from = p && key_before(from, p) ? skip_class(p + 1, end, BLANK) - 1 : NULL;
		break;
	default:
		return false;
	}
	if (!from || from + 1 >= end)
		return false;
	if (odd)
		hide(r, s, w->end);
	else
		hide(r, from + 1, end);
	return true;
}

/* Whether `list`, names separated by spaces, has the `len` bytes at s. */
static bool list_has(const char *list, const char *s, size_t len)
{
	for (const char *name = list, *end; len && *name; name = end + (*end == ' ')) {
		end = strchrnul(name, ' ');
		if ((size_t)(end - name) == len && !memcmp(name, s, len))
			return true;
	}
	return false;
}

/* A word that begins with '-'. */
static bool redact_option(struct redact *r, struct command *c, const struct word *w)
{
	const char *name = w->s, *equals, *name_end, *p;
	bool whole = w->plain == w->end;
	size_t dashes;

	while (name < w->plain && *name == '-')
		name++;
	dashes = name - w->s;
	equals = find(name, w->plain, '=');
	name_end = equals ?: w->plain;

	for (uint32_t options = (c->options | any_program) & OPTIONS; options;
	     options &= options - 1) {
		const struct redact_option *o = &redact_options[__builtin_ctz(options)];

		if (dashes > 1) {
			if (!list_has(o->names, name, name_end - name))
				continue;
			if (equals && redact_part(r, w, equals + 1, o->part))
				return true;
			if (whole && !equals)
				c->option = o;
			continue;
		}
		if (o->part == REDACT_OPERAND) {
			c->last_is_secret = c->last_is_secret || find(name, w->plain, 'b');
			c->no_file = c->no_file || find(name, w->plain, 'n');
			c->skip = strchr(o->others, w->plain[-1]);
			continue;
		}
		for (p = name; p < w->plain && !strchr(o->letters, *p); p++)
			if (!is(*p, ALNUM) || strchr(o->others, *p))
				break;
		if (p == w->plain || !strchr(o->letters, *p))
			continue;
		if (redact_part(r, w, p + 1, o->part))
			return true;
		if (p + 1 == w->end && o->part != REDACT_ATTACHED)
			c->option = o;
	}
	if (!whole || equals)
		return false;
	c->line = c->options & SHELL && dashes == 1 && w->end[-1] == 'c' && w->end - name <= 5;
	c->pattern = match_end(name, w->end, "name");
	if (list_has("exec execdir ok okdir", name, w->end - name))
		c->options &= ~FIND;
	for (p = name; p < w->end && is(*p, ALNUM);)
		p++;
	if (!match_end(name, p, "no") && !match_end(name, p, "ask") &&
	    !match_end(name, p, "prompt"))
		c->key = key_before(name, w->end);
	return false;
}

/* A word that is no option: an operand, or the name of a program. */
static bool redact_operand(struct redact *r, struct command *c, const struct word *w, bool first,
			   bool pattern)
{
	const char *name;

	for (uint32_t options = c->options & OPTIONS; options; options &= options - 1) {
		const struct redact_option *o = &redact_options[__builtin_ctz(options)];

		if (o->before_operand)
			c->options &= ~(options & -options);
		if (o->part == REDACT_OPERAND && !c->skip &&
		    ++c->operands == (c->no_file ? 2 : 3) && c->last_is_secret) {
			hide(r, w->s, w->end);
			return true;
		}
	}
	c->skip = false;
	/* Any operand may be a program, that of sudo, say: but not where a name is asked for. */
	if (w->plain != w->end || pattern || c->options & FIND)
		return false;
	name = memrchr(w->s, '/', w->end - w->s);
	name = name ? name + 1 : w->s;
	c->options |= options_of(name, w->end - name) & ~(first ? subcommands : 0);
	return false;
}

/* Applies to a word of a command what depends on its name and place. NULL, or where to go on. */
static const char *redact_word(struct redact *r, struct command *c, const struct word *w)
{
	const struct redact_option *option = c->option;
	const struct redact_key *key = c->key;
	bool first = !c->started, pattern = c->pattern;

	c->started = true;
	c->line = c->pattern = false;
	c->option = NULL;
	c->key = NULL;
	if (option && redact_part(r, w, w->s, option->part))
		return w->end;
	if (key && w->s < w->end && *w->s != '-' && !is_excepted(key, w->s, w->s, w->s, w->end)) {
		hide(r, w->s, w->end);
		return w->end;
	}
	for (const char *p = w->s; (p = find(p, w->plain, '=')); p++) {
		key = key_before(w->s, p);
		if (!key || p + 1 == w->end || is_excepted(key, w->s, p, p + 1, w->end))
			continue;
		hide(r, p + 1, w->end);
		return w->end;
	}
	for (const char *p = w->s; (p = find(p, w->plain, ':')); p++) {
		if (!is_secret_header(w->s, p))
			continue;
		hide(r, skip_class(p + 1, w->text_end, BLANK), w->text_end);
		return w->text_end;
	}
	if (starts_with(w->s, w->plain, "pass:") && w->end - w->s > 5 && !is(w->s[5], BLANK)) {
		hide(r, w->s + 5, w->end);
		return w->end;
	}
	/* An option, or a variable that begins with one: OPTIONS="--password VALUE". */
	for (const char *p = w->s; p < w->plain; p++) {
		struct word o = { p, w->end, w->plain, w->text_end, w->quotes };

		if (*p == '-' && (p == w->s || p[-1] == '=')) {
			if (redact_option(r, c, &o))
				return w->end;
			if (p == w->s && !first)
				return NULL;
		}
	}
	return redact_operand(r, c, w, first, pattern) ? w->end : NULL;
}

static void redact_argument(struct redact *r, struct command *c, const char *s, const char *end,
			    unsigned depth);

/* A text as a shell reads it, as far as that matters here. */
static void redact_line(struct redact *r, const char *s, const char *end, unsigned depth)
{
	struct command c = {};

	for (const char *p = s, *text, *text_end, *to; p < end; p = to) {
		struct word w = { .s = p, .text_end = end, .quotes = true };

		if (is_continued(p, end)) {
			to = p + 2;
			continue;
		}
		if (is(*p, ENDS_WORD)) {
			if (is(*p, ENDS_COMMAND))
				c = (struct command){};
			to = p + 1;
			continue;
		}
		w.end = to = word_end(p, end);
		w.plain = plain_end(p, w.end);
		if (next_part(p, p, w.end, &text, &text_end) == w.end && text) {
			redact_argument(r, &c, text, text_end, depth);
			continue;
		}
		to = redact_word(r, &c, &w);
		if (to)
			continue;
		for (to = p; to < w.end;) {
			struct command other = {};

			to = next_part(p, to, w.end, &text, &text_end);
			if (text)
				redact_argument(r, &other, text, text_end, depth);
		}
	}
}

/*
 * The same text once more as if its quotes did not group words: they may be apostrophes, in a
 * comment or in what is no command at all.
 */
static void redact_words(struct redact *r, const char *s, const char *end)
{
	struct command c = {};

	for (const char *p = s, *to; p < end; p = to) {
		struct word w = { p };
		char next;

		for (; p < end && !is(*p, ENDS_WORD) && !is(*p, QUOTE); p++) {
			next = *p == '\\' && p + 1 < end ? p[1] : 0;
			if (is(next, QUOTE) || next == '\n')
				break;
			p += next != 0;
		}
		if (p > w.s) {
			w.end = w.text_end = p;
			w.plain = plain_end(w.s, p);
			to = redact_word(r, &c, &w) ?: p;
			continue;
		}
		to = p + 1;
		next = to < end ? *to : 0;
		if (is(*p, ENDS_COMMAND))
			c = (struct command){};
		else if (*p == '\\')
			to++;
		else if (is(next, QUOTE) && next == *p)
			c.option = NULL, c.key = NULL; /* its value is empty */
	}
}

/* More quotes within quotes than there are kinds of them can't be. */
#define DEPTH_MAX 8

static void redact_argument(struct redact *r, struct command *c, const char *s, const char *end,
			    unsigned depth)
{
	struct word w = { s, end, plain_end(s, end), end, false };
	bool line = c->line;

	if (line && w.plain < end)
		c->line = false;
	else if (redact_word(r, c, &w))
		return;
	if (w.plain < end && depth < DEPTH_MAX)
		redact_line(r, s, end, depth + 1);
}

/* The vector with its secrets replaced. Returns the length, 0 where that changes nothing. */
static size_t replace(char *to, const struct redact *r, const char *vector)
{
	const char *mark = r->secret, *end = mark + (r->end - r->s), *next;
	char *start = to;
	bool changed = false;

	for (; mark < end; mark = next) {
		const char *from = vector + (mark - r->secret);

		next = memchr(mark, !*mark, end - mark) ?: end;
		if (!*mark) {
			to = mempcpy(to, from, next - mark);
			continue;
		}
		to = mempcpy(to, REDACTED, strlen(REDACTED));
		changed = changed || next - mark != strlen(REDACTED) ||
			  memcmp(from, REDACTED, strlen(REDACTED));
	}
	return changed ? to - start : 0;
}

/*
 * What is left when a secret is gone may read otherwise, but hardly ever more than once: the second
 * round finds nothing new. An attacker's line does not get more of our time than this.
 */
#define ROUNDS 4

/* Apart from redact(), whose registers it would take. */
static __attribute__((noinline)) size_t apply_rules(char *to, const char *vector, size_t n)
{
	struct redact r = { .s = to + 3 * n, .secret = to + 4 * n, .again = true };

	r.end = mempcpy(r.s, vector, n);
	r.cut = vector[n - 1];
	memset(r.secret, 0, n);
	for (int i = 0; i < ROUNDS && r.again; i++) {
		struct command c = {};

		r.again = false;
		for (const char *s = r.s, *end; s < r.end; s = end + 1) {
			end = find(s, r.end, 0) ?: r.end;
			redact_anywhere(&r, s, end);
			redact_argument(&r, &c, s, end, 0);
			if (plain_end(s, end) < end)
				redact_words(&r, s, end);
		}
	}
	return replace(to, &r, vector);
}

size_t redact(char *to, const char *vector, size_t n)
{
	return n && is_suspect(vector, n) ? apply_rules(to, vector, n) : 0;
}
