/*
 * cli_hub.h - models of Hugging Face's hub: those that other programs have downloaded, which lie in
 * its cache, and others.
 *
 * Layout: huggingface_hub's documentation, "Understand caching"; models--ORG--MODEL has refs/REV
 * with a commit, and snapshots/COMMIT with the files.  Variables: "Environment variables" there.
 */
#ifndef CMD_CLI_HUB_H
#define CMD_CLI_HUB_H

#include "vocab/store/hub.h"

/* The folder of ORG/MODEL or MODEL, "main" or the revision behind an @, in the cache; *out is NULL
 * where it is not there, or `name` is no such name; free() it.  The cache is HF_HUB_CACHE, or hub
 * in HF_HOME, or huggingface/hub in the user's cache folder. */
TOK_MUST_USE enum tok_status cli_hub_find(const char *name, char **out, struct tok_error *err);

/* HF_HUB_OFFLINE is 1, true, yes or on: nothing may be downloaded. */
bool cli_hub_is_offline(void);

/* Download it from HF_ENDPOINT, or https://huggingface.co, with the token in HF_TOKEN, or in the
 * file "token" of HF_HOME, or of huggingface in the user's cache folder; a server that is silent
 * for HF_HUB_DOWNLOAD_TIMEOUT seconds is late.  Who is trusted to be a server is in CURL_CA_BUNDLE,
 * or SSL_CERT_FILE: curl(1) takes these, huggingface_hub up to 0.36 the one, from 1.0 on the
 * other.  What is cut lies in "downloads" of the store's folder.  `progress`: an enum
 * cli_progress_when. */
TOK_MUST_USE enum tok_status cli_hub_fetch(const struct vocab_hub_model *model, int progress,
					   struct vocab_hub_tokenizer *out, struct tok_error *err);

#endif
