/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out: events to lines. Every event is described once, by a table of struct field; the text
 * table, NDJSON, JSON Schema, manual pages and completions all come from that table.
 *
 * Nothing here allocates or calls the kernel once out_new() has returned.
 */
#ifndef GRAIN_OUT_H
#define GRAIN_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "bpf/lib/event.h"

/*
 * How the bytes at a field's offset are read, and what they print as in JSON ("J") and in the
 * table ("T"). Integers are in host byte order and of 1, 2, 4 or 8 bytes unless said otherwise.
 */
enum field_type {
	FIELD_UINT,   /* unsigned integer. J: number */
	FIELD_INT,    /* signed integer. J: number */
	FIELD_ID,     /* unsigned that may pass 2^53. J: string of decimal digits */
	FIELD_STRING, /* struct span: bytes without NUL. J: string, and NAME_hex where not UTF-8 */
	FIELD_CHARS,  /* char[size], up to the first NUL. J: as FIELD_STRING; empty is absent */
	FIELD_ARGS,   /* struct span: strings, each ended by NUL (the last one maybe not). J: array
			 of strings, and NAME_hex where one isn't UTF-8; T: quoted for the shell */
	FIELD_TIME,   /* u64 CLOCK_BOOTTIME ns. J: RFC 3339, UTC, 9 digits; T: local HH:MM:SS.mmm */
	FIELD_DURATION, /* u64 ns. J: number of ns; T: 1.234s, 12.3ms, 456us */
	FIELD_BYTES,	/* unsigned count of bytes. J: number; T: number */
	FIELD_ERRNO,	/* i32 error number, sign ignored, 0 absent. J, T: "ENOENT" */
	FIELD_SIGNAL,	/* signal number, 0 absent. J, T: "SIGKILL", "SIGRTMIN+3" */
	FIELD_ENUM,	/* unsigned, named by .names, else its decimal digits. J: string */
	FIELD_FLAGS,	/* bits, named by .names (value is the mask; 0: no bit at all). J: array of
			   strings, what has no name last as "0x…"; T: A|B */
	FIELD_FLAG,	/* bits .flag of event.flags. J: true when set, else absent; T: the name */
	FIELD_ADDR,	/* network order, 4 bytes IPv4 or 16 bytes IPv6 (v4-mapped: as IPv4) */
	FIELD_PORT,	/* u16, host byte order. J: number */
	FIELD_HEX,	/* size bytes. J, T: lower-case hex digits */
	FIELD_PROC,	/* the process: header pid and start. J: "PID.START" */
	FIELD_CGROUP,	/* u64 cgroup id. J: its path, absent when not known */
	FIELD_EVENT,	/* u16 event type. J: the event's name */
	FIELD_LIST,	/* struct span: records of .record bytes each, described by .fields (of
			   types with a span only FIELD_STRING, whose .off counts from the event's
			   first byte, too). J: array of objects; T: first field, or
			   first(second) where there is one, comma-separated */
};

/* Which value of a number says "the kernel could not give this": the field is then absent. */
enum field_omit {
	OMIT_NEVER,
	OMIT_ZERO,
	OMIT_MAX, /* all bits one */
};

struct field_name {
	uint64_t value;
	const char *name; /* NULL ends the table */
};

struct field {
	const char *name; /* JSON key and name for --fields; NULL ends the table */
	enum field_type type;
	uint16_t offset; /* in the event's struct (in the record, for the fields of a list) */
	uint16_t size;
	const char *member; /* "struct exec_event.exe": a test holds offset and size against BTF */
	enum field_omit omit;
	uint16_t flag;	     /* FIELD_FLAG: which bits of event.flags */
	uint16_t record;     /* FIELD_LIST: bytes of one record */
	const char *heading; /* column of the default table, shared by all that have the same */
	uint8_t width;	     /* of that column; 0: free running, for the last one */
	const struct field_name *names;
	const struct field *fields; /* FIELD_LIST */
	bool alarm; /* there and not 0 it says that something failed: the line is red on a terminal
		     */
	bool depth; /* FIELD_LIST: so many records deep the process stands in the tree */
	bool by;    /* what --top sums up by, unless it is told otherwise */
	bool sum; /* an unsigned number that adds up: --top does, and sorts by the first of them */
	const char *help; /* one sentence, for manual and schema */
};

/* Fills .offset, .size and .member of a row from the struct itself. */
#define FIELD_AT(struct_type, struct_member)                                                       \
	.offset = offsetof(struct_type, struct_member),                                            \
	.size = sizeof(((struct_type *)0)->struct_member),                                         \
	.member = #struct_type "." #struct_member

struct event_desc {
	uint16_t type;		     /* struct event's type */
	const char *name;	     /* "process.exec"; NULL ends the table */
	size_t size;		     /* of the fixed part */
	const struct field *fields;  /* its own; those of the header come before them */
	const char *help;	     /* one sentence */
	const char *const *programs; /* BPF programs that it needs, NULL-terminated */
	bool by_default;	     /* shown without -e */
	bool failure;		     /* tells of something that failed: what -x shows */
	const char *brief;	     /* for -e; NULL: what follows the dot in its name */
};

/* The header's fields, which every event has, in the order in which they print. */
extern const struct field header_fields[];

/* `lost`, made in user space. A span of struct lost_by follows. */
struct lost_by {
	__u64 count;
	__u16 type; /* of event */
	__u16 pad[3];
};
struct lost_event {
	struct event header;
	__u64 count;
	struct span by;
	__u32 pad;
};
extern const struct event_desc lost_desc;

struct out_tag {
	const char *name, *value;
};

enum out_format {
	OUT_JSON,
	OUT_TABLE,
};

struct out_config {
	enum out_format format;
	const struct event_desc *events; /* the tool's, ended by a NULL name */
	uint64_t selected;  /* bit N: events[N] will come (which columns the table has) */
	const char *fields; /* --fields LIST, or NULL */
	const char *by;	    /* instead: --by LIST; lines are keys then (out/top.h), without tags */
	const struct out_tag *tags; /* fixed fields, ended by a NULL name, or NULL */
	bool color;		    /* table: with SGR sequences (ECMA-48) for a terminal */
	bool redact; /* FIELD_ARGS: secrets print as ***; then J has NAME_redacted: true too */
	bool tree;   /* table: the last column indented by the depth of the process */
	/* Path of a cgroup, valid until the next call, or NULL. May itself be NULL. */
	const char *(*cgroup_path)(uint64_t id);
};

/* No line is longer: an event has less than 64 KiB, and few bytes of it take more than 8. */
#define OUT_LINE_MAX (1 << 20)

struct out;

/*
 * Prepares output. Returns a new object for out_free(), or NULL with one sentence in `error`
 * (what is wrong and what is allowed, without newline): an unknown or repeated name in --fields,
 * a tag whose name is a field's or that is not UTF-8. Tags and tables must outlive the object.
 */
struct out *out_new(const struct out_config *config, char *error, size_t error_size);
void out_free(struct out *o);

/* Tells how far CLOCK_REALTIME is ahead of CLOCK_BOOTTIME, in ns. Call it once a batch. */
void out_set_clock(struct out *o, int64_t realtime_minus_boottime);

/*
 * Writes `e`, of `size` bytes, as one line with its newline to `to`, which has room for
 * OUT_LINE_MAX bytes. Returns the end of the line; `to` itself if the event is not one of the
 * described ones, contradicts its own sizes, or has spans over the same bytes, or so many records,
 * that the line might not fit. Lost events print whole, whatever `fields` says.
 */
char *out_line(struct out *o, char *to, const struct event *e, size_t size);

/* Writes the table's heading line to `to` and returns its end; `to` itself for JSON. */
char *out_heading(const struct out *o, char *to);

/* Prints a JSON Schema (draft 2020-12) of the events, `lost` included. `tool` is the title. */
void out_schema(FILE *f, const char *tool, const struct event_desc *events);

#endif
