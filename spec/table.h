/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table: declaration tables. A struct is described by one row a field; the rows alone drive
 * decoding, type and range checks, encoding and documentation. Rows hold no pointers, so that they
 * need no relocation at start-up and stay in shared, clean pages.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;
struct fault_sink;
struct json_out;

/* What one value is. The C type is in brackets. */
enum field_type {
	FIELD_BOOL,   /* bool */
	FIELD_I32,    /* int32_t */
	FIELD_I64,    /* int64_t */
	FIELD_U32,    /* uint32_t */
	FIELD_U64,    /* uint64_t */
	FIELD_STRING, /* char *; with names: one of them */
	FIELD_ENUM,   /* int, the value of a name */
	FIELD_OBJECT, /* a struct described by the table `sub` */
	FIELD_TYPES
};

/* How many of them there are: or'ed to the type. */
enum field_shape {
	FIELD_ONE = 0x00,
	FIELD_OPT = 0x10,  /* struct opt_*; for FIELD_OBJECT a pointer, NULL when absent */
	FIELD_LIST = 0x20, /* OCI_ARRAY(type) */
	FIELD_MAP = 0x30,  /* OCI_ARRAY(struct oci_pair), or of structs that begin with the key */
	FIELD_SHAPES = 0xf0
};

enum field_flags {
	FIELD_REQUIRED = 1, /* its absence is a fault; always written */
	FIELD_ALWAYS = 2,   /* written even when zero */
	FIELD_LENIENT = 4,  /* enum list: unknown names go to the oci_strings at offset `max` */
	FIELD_TUPLE = 8,    /* an object is an array: its rows' values in order */
};

#define FIELD_NAME_SIZE 36
#define FIELD_DOC_SIZE 124

struct field {
	char name[FIELD_NAME_SIZE];
	uint8_t name_len;
	uint8_t type;  /* enum field_type | enum field_shape */
	uint8_t sub;   /* FIELD_OBJECT: enum table_id; else enum names_id, 0 = none */
	uint8_t flags; /* enum field_flags */
	uint8_t since; /* runtime-spec version, 12 = 1.2; 0 = hart's own */
	uint16_t offset;
	int64_t min; /* integers: least and greatest value; both 0 = what the type holds */
	uint64_t max;
	char doc[FIELD_DOC_SIZE]; /* one or two sentences */
};

struct table {
	const struct field *fields;
	uint16_t n;    /* at most 64 */
	uint16_t size; /* of the struct */
};

/* The table of that id (rows.h). */
const struct table *table_get(unsigned id);

/*
 * Decodes sink->text into the zeroed struct `dst` of table `t`; memory comes from sink->arena.
 * Unknown keys are ignored, null counts as absent, "" as absent for a single string.
 * Returns 0 or -errno with the sink's error set; -EINVAL as well when faults were collected.
 */
int table_decode(const struct table *t, void *dst, struct fault_sink *sink);

/* Writes `src` as an object: rows in order, absent ones left out. */
void table_encode(const struct table *t, const void *src, struct json_out *out);

enum table_doc_format { TABLE_DOC_TEXT, TABLE_DOC_MARKDOWN, TABLE_DOC_MAN, TABLE_DOC_DICTIONARY };

/* Documents the rows of table `id` and all tables below it, as "linux.resources.pids.limit"; "[]"
 * and "{}" stand for an array's and a map's entries. */
void table_doc(unsigned id, enum table_doc_format format, struct buf *out);

/* One entry of that. */
void table_doc_entry(enum table_doc_format format, const char *path, const char *type,
		     const char *doc, struct buf *out);
