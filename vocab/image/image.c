#include "vocab/image/image.h"

enum tok_status vocab_image_compile(const char *source, const struct vocab_read_options *options,
				    const char *target, struct tok_error *err)
{
	(void)source;
	(void)options;
	(void)target;
	return tok_fail(err, TOK_EARG, "images of tokenizers are not built yet");
}

enum tok_status vocab_image_open(const char *path, const struct vocab_read_options *options,
				 const char *cache_folder, struct tok_tokenizer **out,
				 struct tok_error *err)
{
	(void)path;
	(void)options;
	(void)cache_folder;
	(void)out;
	return tok_fail(err, TOK_EARG, "images of tokenizers are not built yet");
}
