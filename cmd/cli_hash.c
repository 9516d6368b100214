#include "cmd/cli_hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <xxhash.h>

#include "tok/base/buffer.h"
#include "tok/pipe/encoder.h"

static struct cli_hash write_hash(XXH128_hash_t hash)
{
	struct cli_hash out;
	snprintf(out.text, sizeof out.text, "%016" PRIx64 "%016" PRIx64, (uint64_t)hash.high64,
		 (uint64_t)hash.low64);
	return out;
}

struct cli_hash cli_hash_bytes(struct tok_span bytes)
{
	return write_hash(XXH3_128bits(bytes.bytes, bytes.count));
}

struct cli_hash cli_hash_digest(const struct XXH3_state_s *state)
{
	return write_hash(XXH3_128bits_digest(state));
}

enum tok_status cli_hash_files(const struct cli_files *files, struct cli_hash *out,
			       struct tok_error *err)
{
	struct tok_buffer all = { 0 };
	bool ok = true;
	for (size_t i = 0; i < files->count && ok; i++) {
		const struct cli_file *file = &files->items[i];
		ok = tok_buffer_add(&all, file->path, strlen(file->path) + 1) &&
		     tok_buffer_add(&all, &file->size, sizeof file->size) &&
		     tok_buffer_add(&all, &file->changed, sizeof file->changed);
	}
	if (ok)
		*out = cli_hash_bytes(tok_buffer_span(&all));
	tok_buffer_release(&all);
	return ok ? TOK_OK : tok_fail_memory(err);
}

/* Each id with its token, and the tokens again as one text. */
static bool collect(const struct tok_tokenizer *t, struct tok_buffer *all, struct tok_buffer *text)
{
	const size_t size = tok_tokenizer_size(t);
	bool ok = true;
	for (tok_id id = 0; id < size && ok; id++) {
		const struct tok_span token = tok_tokenizer_token(t, id);
		const uint64_t length = token.bytes ? token.count : UINT64_MAX;
		const bool special = tok_tokenizer_is_special(t, id);
		ok = tok_buffer_add(all, &length, sizeof length) &&
		     tok_buffer_add(all, &special, sizeof special) &&
		     tok_buffer_add(all, token.bytes, token.count) &&
		     tok_buffer_add(text, token.bytes, token.count) &&
		     tok_buffer_add_byte(text, ' ');
	}
	return ok;
}

enum tok_status cli_hash_tokenizer(const struct tok_tokenizer *t, struct cli_hash *out,
				   struct tok_error *err)
{
	static const struct tok_encode_options how = { .special_text = TOK_SPECIAL_MATCH,
						       .add_special = true };
	struct tok_buffer all = { 0 }, text = { 0 };
	struct tok_encoding ids = { 0 };
	struct tok_encoder *encoder = tok_encoder_new(t);
	enum tok_status status = TOK_OK;
	if (!encoder || !collect(t, &all, &text))
		status = tok_fail_memory(err);
	else
		status = tok_encode(encoder, tok_buffer_span(&text), &how, &ids, err);
	if (status == TOK_OK && !tok_buffer_add(&all, ids.ids, ids.count * sizeof *ids.ids))
		status = tok_fail_memory(err);
	if (status != TOK_ENOMEM)
		status = TOK_OK; /* a text that is refused tells nothing more */
	if (status == TOK_OK)
		*out = cli_hash_bytes(tok_buffer_span(&all));
	tok_encoder_free(encoder);
	tok_buffer_release(&all);
	tok_buffer_release(&text);
	return status;
}
