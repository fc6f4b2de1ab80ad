/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where AWS's tools find their credentials, in this order: the environment, a web identity's token,
 * the files below ~/.aws, a container's endpoint, the metadata service of the instance (version 2).
 * Nothing is asked here: what has to be is told, and its answer taken.
 */
#ifndef GRAIN_CREDENTIALS_H
#define GRAIN_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CREDENTIALS_FILE_MAX (1 << 20)

enum credentials_state {
	CREDENTIALS_FOUND,
	CREDENTIALS_ASK,
	CREDENTIALS_NONE,
};

enum credentials_source { /* that are asked */
	CREDENTIALS_WEB_IDENTITY,
	CREDENTIALS_CONTAINER,
	CREDENTIALS_INSTANCE,
};

/* Starts as zeros but for what the user says. */
struct credentials {
	const char *profile; /* of --profile; NULL: $AWS_PROFILE, or "default" */
	const char *region;  /* whose STS is asked; NULL: none in particular */

	char *key, *secret, *token; /* once FOUND; token is NULL where there is none */

	/* What has to be asked. All is sent as it is; a body means POST. */
	struct {
		const char *method;
		char *url, *header, *body; /* header and body may be NULL */
		bool direct;		   /* not through a proxy */
	} ask;

	/* The rest is its own. */
	enum credentials_source source; /* of what is asked */
	bool asked; /* those that are here were; what the environment and files say, each time */
	int64_t expires; /* CLOCK_REALTIME, in s; 0: never */
	int64_t again;	 /* not asked before, as long as these are good */
	char *instance_token, *role;
	char why[400];
};

/* Finds credentials that are good for `now` (CLOCK_REALTIME, in s), or says what is to be asked,
 * and answered to credentials_answer(), before this is called again. NONE: *why says why. */
enum credentials_state credentials_find(struct credentials *c, int64_t now, const char **why);

/* The answer to what was asked; status 0: there is none, and the text says why. False: it is of no
 * use, *why says why. */
bool credentials_answer(struct credentials *c, int64_t now, long status, const char *text,
			size_t len, const char **why);

/* The server doesn't take them: others are wanted. */
void credentials_refused(struct credentials *c);

void credentials_free(struct credentials *c);

/* A setting of the profile in AWS's files, to be freed; NULL: there is none. */
char *credentials_setting(const char *profile, const char *key);

/*
 * The same of a file's text: of [SECTION], the last one counts. What is indented belongs to the
 * setting above and is no setting.
 */
char *credentials_parse(const char *text, const char *section, const char *key);

#endif
