/*
 * cli_hub.h - models that other programs have downloaded: the cache of Hugging Face's hub.
 *
 * Layout: huggingface_hub's documentation, "Understand caching"; models--ORG--MODEL has refs/REV
 * with a commit, and snapshots/COMMIT with the files.
 */
#ifndef CMD_CLI_HUB_H
#define CMD_CLI_HUB_H

#include "tok/base/status.h"

/* The folder of ORG/MODEL or MODEL, "main" or the revision behind an @, in the cache; *out is NULL
 * where it is not there, or `name` is no such name; free() it.  The cache is HF_HUB_CACHE, or hub
 * in HF_HOME, or huggingface/hub in the user's cache folder. */
TOK_MUST_USE enum tok_status cli_hub_find(const char *name, char **out, struct tok_error *err);

#endif
