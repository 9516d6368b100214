/*
 * cli_store.h - the store of vocabularies that names are looked for in (cli_named.h).
 */
#ifndef CMD_CLI_STORE_H
#define CMD_CLI_STORE_H

#include "vocab/store/store.h"

/*
 * TOK_STORE if it is set: a folder, or "off".  Else "tok" in the user's data folder, as the XDG
 * Base Directory specification 0.8 finds that: XDG_DATA_HOME where it is an absolute path,
 * $HOME/.local/share where it is not.  TOK_EARG if there is to be none, or no folder is known.
 * free() it.
 */
TOK_MUST_USE enum tok_status cli_store_folder(char **out, struct tok_error *err);

/* The store in that folder. */
TOK_MUST_USE enum tok_status cli_store_open(enum vocab_store_mode mode, struct vocab_store **out,
					    struct tok_error *err);

/* The same, open to read, if it has a vocabulary called `name`: NULL if it has none, or there is no
 * store, or nothing can be called so. */
TOK_MUST_USE enum tok_status cli_store_find(const char *name, struct vocab_store **out,
					    struct tok_error *err);

#endif
