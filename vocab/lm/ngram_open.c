/* ngram_open.c - models of n-grams under the names that vocab_lm_open knows. */
#include "vocab/lm/arpa_read_internal.h"
#include "vocab/lm/provider_internal.h"

static enum tok_status make_model(struct ngram_file *file, const struct vocab_lm_options *options,
				  struct tok_lm **out, struct tok_error *err)
{
	return ngram_lm_new(file, options->bos, options->bos_given ? options->bos_count : 0, out,
			    err);
}

enum tok_status lm_ngram_open(const char *path, const struct tok_tokenizer *tokenizer,
			      const struct vocab_lm_options *options, struct tok_lm **out,
			      struct tok_error *err)
{
	struct ngram_file file;
	const enum tok_status status = ngram_file_open(path, tokenizer, &file, err);
	return status == TOK_OK ? make_model(&file, options, out, err) : status;
}

enum tok_status lm_arpa_open(const char *path, const struct tok_tokenizer *tokenizer,
			     const struct vocab_lm_options *options, struct tok_lm **out,
			     struct tok_error *err)
{
	static const struct vocab_arpa_options words_are_ids;
	struct vocab_arpa_report report;
	struct ngram_file file;
	struct tok_buffer text = { 0 };
	if (!options->read)
		return tok_fail(err, TOK_EARG, "nobody said how files are read");
	enum tok_status status = options->read(path, &text, err);
	if (status == TOK_OK)
		status = arpa_read(tok_buffer_span(&text), &words_are_ids, tokenizer, &report,
				   &file, err);
	tok_buffer_release(&text);
	if (status != TOK_OK)
		return status;
	if (options->report)
		*options->report = report;
	return make_model(&file, options, out, err);
}
