/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory in which a stream waits until its server has it. Bytes go from a pipe into a file
 * without passing through this process, so that killing it loses none; they are cut into batches
 * at ends of lines; a batch gets its name and its id when it is sealed, and keeps both. Another
 * process that opens the directory later goes on where this one ended, however it ended.
 */
#ifndef GRAIN_SPOOL_H
#define GRAIN_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"

#define SPOOL_ID   16 /* hexadecimal digits, random, of each process */
#define SPOOL_NAME 128

enum spool_form {
	SPOOL_LINES, /* as they came */
	SPOOL_ARRAY, /* one JSON array of them; lines that are no object are rejected */
};

/* A sealed batch. Its file's name says all of it. */
struct batch {
	uint64_t seq, ms, lines; /* number; time of CLOCK_REALTIME when it was sealed */
	char id[SPOOL_ID + 1];
	uint32_t sum; /* of the file: the lower half of its XXH64 */
	bool array, gzip;
	uint64_t size; /* of the file */
};

struct spool {
	const char *dir;
	uint64_t max_bytes;		   /* of the directory; then nothing more is taken */
	uint64_t batch_bytes, batch_lines; /* of a batch; a longer line is one by itself */
	uint64_t group; /* so many lines, from the first one on, are never parted; 0 is as 1 */
	uint64_t age;	/* ns, of a batch's first byte when it is sealed */
	enum spool_form form;
	bool gzip;
	struct writer *tee; /* gets all that is taken, too; NULL, also once it is closed: nothing */

	/* The rest is the spool's own; these may be read. */
	bool tee_full;	       /* nothing is taken until somebody reads what the tee gets */
	bool full;	       /* nothing was taken, for want of room; spool_room() looks again */
	size_t held;	       /* bytes that were read, and wait for room: spool_take() again */
	uint64_t found;	       /* batches that were there when it was opened */
	uint64_t bytes, lines; /* taken; lines in batches that were sealed */
	struct batch *batch;   /* those that wait, the oldest first */
	size_t n, first, room;
	uint64_t waiting; /* bytes of them */
	uint64_t refused, damaged;

	int dirfd, lock;
	struct {
		int fd;
		uint64_t seq, pipe, size, cut, lines;
		char id[SPOOL_ID + 1];
		int64_t since; /* time of now() of the first byte; 0: it is empty */
		bool complete; /* a batch is in it, and maybe more behind `cut` */
	} open;
	struct {
		uint64_t seq, pipe, at; /* at is 0: nothing is being sealed */
		char id[SPOOL_ID + 1];
	} sealing;
	int64_t retry_at; /* a time of now(): nothing is taken before */
	uint64_t pipe;	  /* spool_pipe() */
	bool adopted; /* the open file is this input's, and what another's left in it has its end */
	bool copies;  /* input that can't be spliced */
	bool writes;  /* input that can't go to the tee by tee(2) */
	size_t teed;  /* bytes of the pipe that the tee has already */
};

/*
 * Where a destination's spool is when nothing else is said: below $XDG_STATE_HOME/graintools, else
 * /var/spool/graintools for root, else ~/.local/state/graintools. Not to be freed.
 */
const char *spool_default(const char *tool, const char *destination);

/*
 * Makes the directory, locks it, and takes up what is there; `input` is what will be read. Ends the
 * process when it can't be used.
 */
void spool_open(struct spool *s, int input);

/*
 * Which pipe `input` is; 0: none, or nobody knows. Inodes of pipes are counted anew after a boot,
 * thus it is another number then. A named one is the same, also when all who had it open have gone.
 */
uint64_t spool_pipe(int input);

enum spool_took {
	SPOOL_NONE,
	SPOOL_SOME,
	SPOOL_END
};

/* Takes what there is to read, and seals batches that are complete. Ends the process on errors. */
enum spool_took spool_take(struct spool *s, int input);

/* Whether there is room for more, and nothing that has to be sealed first. */
bool spool_room(struct spool *s);

/* A time of now(): when spool_seal() is to be called; 0: there is nothing to be sealed. */
int64_t spool_due(const struct spool *s);

/* Seals what has come in whole lines; at the `end` of the input a last line without its end too.
 * False: there is no room for it now. */
bool spool_seal(struct spool *s, bool end);

/* The oldest batch; its bytes are to be read from *fd, which is the caller's then. Files that
 * aren't what their name says are set aside. NULL: none waits. */
const struct batch *spool_first(struct spool *s, int *fd);

/* The oldest batch has arrived: it is removed. */
void spool_sent(struct spool *s);

/* The oldest batch will never be taken: it is put aside, into DIR/refused. Its name in `name`. */
void spool_refused(struct spool *s, char name[SPOOL_NAME]);

/* The lock ends; nothing of the data does. */
void spool_close(struct spool *s);

#endif
