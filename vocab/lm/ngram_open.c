/* ngram_open.c - models of n-grams under the names that vocab_lm_open knows. */
#include "vocab/lm/ngram_internal.h"
#include "vocab/lm/provider_internal.h"

enum tok_status lm_ngram_open(const char *path, const struct tok_tokenizer *tokenizer,
			      const struct vocab_lm_options *options, struct tok_lm **out,
			      struct tok_error *err)
{
	struct ngram_file file;
	const enum tok_status status = ngram_file_open(path, tokenizer, &file, err);
	return status == TOK_OK
		   ? ngram_lm_new(&file, options->bos, options->bos_given ? options->bos_count : 0,
				  out, err)
		   : status;
}
