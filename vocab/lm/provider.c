#include "vocab/lm/provider_internal.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TIMEOUT_MS = 60000 };

static const struct {
	const char *prefix;
	lm_opener *open;
} kinds[] = {
	{ "arpa:", lm_arpa_open },   { "exec:", lm_exec_open },     { "replay:", lm_replay_open },
	{ "llama:", lm_llama_open }, { "openai:", lm_openai_open },
};

static bool ends_with(const char *name, const char *ending)
{
	const size_t count = strlen(name), wanted = strlen(ending);
	return count > wanted && strcmp(name + count - wanted, ending) == 0;
}

static enum tok_status open_kind(const char *name, const struct tok_tokenizer *tokenizer,
				 const struct vocab_lm_options *options, struct tok_lm **out,
				 struct tok_error *err)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		const size_t length = strlen(kinds[i].prefix);
		if (strncmp(name, kinds[i].prefix, length) != 0)
			continue;
		const enum tok_status status =
		    kinds[i].open(name + length, tokenizer, options, out, err);
		return status == TOK_OK ? TOK_OK : tok_fail_in(err, status, "%s", name);
	}
	if (ends_with(name, ".tlm"))
		return lm_ngram_open(name, tokenizer, options, out, err);
	return tok_fail(err, TOK_EARG,
			"%s: there is no such kind of model: FILE.tlm, arpa:FILE, exec:COMMAND, "
			"llama:URL, openai:URL or replay:FILE",
			name);
}

/* A record over the file that rows are read from would take them away. */
static bool is_model(const char *name, const char *record)
{
	struct stat model, file;
	const char *path = strncmp(name, "replay:", 7) == 0 ? name + 7 : name;
	return stat(path, &model) == 0 && stat(record, &file) == 0 && model.st_dev == file.st_dev &&
	       model.st_ino == file.st_ino;
}

enum tok_status vocab_lm_open(const char *name, const struct tok_tokenizer *tokenizer,
			      const struct vocab_lm_options *options, struct tok_lm **out,
			      struct tok_error *err)
{
	struct vocab_lm_options filled = options ? *options : (struct vocab_lm_options){ 0 };
	if (filled.timeout_ms == 0)
		filled.timeout_ms = TIMEOUT_MS;

	if (filled.record && is_model(name, filled.record))
		return tok_fail(err, TOK_EARG, "'%s' is the model: a record needs another file",
				filled.record);
	struct tok_lm *lm;
	enum tok_status status = open_kind(name, tokenizer, &filled, &lm, err);
	if (status != TOK_OK)
		return status;
	if (filled.record) {
		struct tok_lm *recorded;
		status = lm_record_open(filled.record, lm, tokenizer, &recorded, err);
		if (status != TOK_OK) {
			lm->free(lm);
			return status;
		}
		lm = recorded;
	}
	*out = lm;
	return TOK_OK;
}

enum tok_status lm_write_all(int to, struct tok_span bytes, struct tok_error *err)
{
	while (bytes.count > 0) {
		const ssize_t n = write(to, bytes.bytes, bytes.count);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return tok_fail(err, TOK_EIO, "cannot write: %s", strerror(errno));
		bytes = tok_span_slice(bytes, (size_t)n, bytes.count);
	}
	return TOK_OK;
}
