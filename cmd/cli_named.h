/*
 * cli_named.h - what a name stands for, wherever a tool takes a tokenizer.
 *
 *	struct cli_named named;
 *	struct cli_named_files files;
 *	status = cli_named_find("llama-3", &named, &err);
 *	if (status == TOK_OK)
 *		status = cli_named_open(&named, NULL, &files, &err);
 *	status = vocab_read_source(&files.source, &files.options, &spec, &err);
 *	cli_named_close(&files);
 *	cli_named_release(&named);
 *
 * One rule for all tools, which tok-store(7) tells to people: names that are built in; files and
 * folders; names of the store (cli_store.h); models that the hub's cache has (cli_hub.h).
 */
#ifndef CMD_CLI_NAMED_H
#define CMD_CLI_NAMED_H

#include "vocab/store/store.h"

enum cli_named_kind {
	CLI_NAMED_BUILTIN, /* CLI_BUILTIN_NAME */
	CLI_NAMED_BYTES,   /* ids that are the bytes; built in, too */
	CLI_NAMED_PATH,    /* a file or folder, maybe in the hub's cache */
	CLI_NAMED_STORE,
};

/* Zeroed, it is released. */
struct cli_named {
	enum cli_named_kind kind;
	const char *name; /* as it was given: borrowed */
	char *path;       /* of CLI_NAMED_PATH, else NULL */
	bool of_hub;      /* which lies in the hub's cache: a folder called as its commit */
	struct vocab_store *store; /* of CLI_NAMED_STORE, open to read, else NULL */
};

/* TOK_EIO for what may be a name and is none; other paths of nothing are told by who opens them.
 * Nothing is to be released on failure. */
TOK_MUST_USE enum tok_status cli_named_find(const char *name, struct cli_named *out,
					    struct tok_error *err);
void cli_named_release(struct cli_named *named);

bool cli_named_is_built_in(enum cli_named_kind kind);

/* Is `name` one that is built in? */
bool cli_named_is_taken(const char *name);

/* A name for the file or folder `path`, whatever it is called, and if it is not there, for nothing:
 * "./bytes" of "bytes".  free() it. */
TOK_MUST_USE enum tok_status cli_named_of_path(const char *path, char **out, struct tok_error *err);

/* TOK_EARG if a pattern is given for what has its own. */
TOK_MUST_USE enum tok_status cli_named_check_pattern(const struct cli_named *named,
						     const char *pattern, struct tok_error *err);

/* The files that a tokenizer is read from, byte for byte. */
struct cli_named_files {
	struct vocab_source source;        /* of the store: its paths are names in no folder */
	struct vocab_read_options options; /* with the pattern that counts */
	const char *origin, *licence;      /* as the store has them noted, else NULL */
	const char *file_name;             /* the same of what its first file was called */
	struct vocab_store_source kept;    /* private */
};

/* TOK_EARG of what is built in, and lies in no file. */
TOK_MUST_USE enum tok_status cli_named_open(const struct cli_named *named, const char *pattern,
					    struct cli_named_files *out, struct tok_error *err);
void cli_named_close(struct cli_named_files *files);

#endif
