/*
 * cli_store.h - the store of vocabularies that names with -t are looked for in.
 */
#ifndef CMD_CLI_STORE_H
#define CMD_CLI_STORE_H

#include "vocab/store/store.h"

/*
 * TOK_STORE if it is set: a folder, or "off".  Else "tok" in the user's data folder, as the XDG
 * Base Directory specification 0.8 finds that: XDG_DATA_HOME where it is an absolute path,
 * $HOME/.local/share where it is not.  TOK_EARG if there is to be none, or no folder is known.
 */
TOK_MUST_USE enum tok_status cli_store_open(enum vocab_store_mode mode, struct vocab_store **out,
					    struct tok_error *err);

/* The vocabulary called `name`, if no file has that name: *found is false where there is a file, no
 * store, or none in it. */
TOK_MUST_USE enum tok_status cli_store_load(const char *name, bool *found,
					    struct tok_tokenizer **out, struct tok_error *err);

/* The same of its specification. */
TOK_MUST_USE enum tok_status cli_store_spec(const char *name, bool *found, struct tok_spec *out,
					    struct tok_error *err);

#endif
