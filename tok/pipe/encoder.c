#include "tok/pipe/encoder.h"

#include <stdlib.h>

#include "tok/pipe/encoder_internal.h"
#include "tok/text/utf8.h"

enum { RUN_PIECES = 1024 };
#define KEPT_PART ((size_t)1 << 16)

struct tok_encoder *tok_encoder_new(const struct tok_tokenizer *tokenizer)
{
	struct tok_encoder *e = calloc(1, sizeof *e);
	if (!e)
		return NULL;
	e->tokenizer = tokenizer;
	e->norm = tok_norm_scratch_new();
	e->pretok = tok_pretok_scratch_new();
	e->model = tok_model_scratch_new();
	if (!e->norm || !e->pretok || !e->model) {
		tok_encoder_free(e);
		return NULL;
	}
	return e;
}

void tok_encoder_free(struct tok_encoder *e)
{
	if (!e)
		return;
	tok_norm_scratch_free(e->norm);
	tok_pretok_scratch_free(e->pretok);
	tok_model_scratch_free(e->model);
	tok_text_release(&e->text);
	tok_text_release(&e->slice);
	tok_pieces_release(&e->pieces);
	tok_run_release(&e->run);
	tok_run_release(&e->spare);
	tok_buffer_release(&e->surfaces);
	free(e);
}

/* ---- names of tokens ------------------------------------------------------ */

/* Remember a token's name: of the vocabulary, or a copy of the text it covers. */
static bool name_token(struct tok_encoder *e, struct tok_span name)
{
	struct tok_run *run = &e->run;
	if (!tok_grow(&run->names, &run->name_capacity, run->tokens.count, sizeof *run->names))
		return false;
	run->names[run->name_count++] = name;
	return true;
}

static bool name_surface(struct tok_encoder *e, struct tok_span surface)
{
	/* .bytes NULL: .count is where the copy begins; resolve_names() mends it. */
	const struct tok_span later = { NULL, e->surfaces.count };
	const uint32_t length = (uint32_t)surface.count;
	return tok_buffer_add(&e->surfaces, &length, sizeof length) &&
	       tok_buffer_add(&e->surfaces, surface.bytes, surface.count) && name_token(e, later);
}

static void resolve_names(struct tok_encoder *e)
{
	for (size_t i = 0; i < e->run.name_count; i++) {
		struct tok_span *name = &e->run.names[i];
		if (name->bytes)
			continue;
		uint32_t length;
		memcpy(&length, e->surfaces.bytes + name->count, sizeof length);
		name->bytes = e->surfaces.bytes + name->count + sizeof length;
		name->count = length;
	}
}

/* A Unigram model shows the text itself where it knows no piece for it. */
static bool shows_surface(const struct tok_tokenizer *t, tok_id id)
{
	if (t->spec.model.kind == TOK_MODEL_UNIGRAM || t->spec.sentencepiece)
		return id == t->spec.model.unk;
	return false;
}

/* ---- one stretch of text between added tokens ----------------------------- */

/* A model from a hostile image may say ids that no token has: they have no name, and
 * not one that is still to be resolved. */
static struct tok_span name_of(const struct tok_tokenizer *t, tok_id id)
{
	const struct tok_span name = tok_tokenizer_token(t, id);
	return name.bytes ? name : tok_span_of("");
}

/* Turn ranges of `text` into ranges of the document, and name the tokens. */
static bool place_tokens(struct tok_encoder *e, const struct tok_text *text, size_t first)
{
	struct tok_tokens *tokens = &e->run.tokens;
	if (!tokens->ranged)
		return true;
	for (size_t i = first; i < tokens->count; i++) {
		struct tok_range *range = &tokens->ranges[i];
		if (e->named) {
			const tok_id id = tokens->ids[i];
			const struct tok_span span = tok_text_span(text);
			if (shows_surface(e->tokenizer, id)
				? !name_surface(e, tok_span_slice(span, range->begin, range->end))
				: !name_token(e, name_of(e->tokenizer, id)))
				return false;
		}
		*range = tok_text_origin(text, range->begin, range->end);
	}
	return true;
}

/* SentencePiece makes one token of unknown words that follow each other. */
static void fuse_unknown(struct tok_tokens *tokens, size_t first, tok_id unk)
{
	size_t kept = first;
	for (size_t i = first; i < tokens->count; i++) {
		if (kept > first && tokens->ids[i] == unk && tokens->ids[kept - 1] == unk) {
			if (tokens->ranged)
				tokens->ranges[kept - 1].end = tokens->ranges[i].end;
			continue;
		}
		tokens->ids[kept] = tokens->ids[i];
		if (tokens->ranged)
			tokens->ranges[kept] = tokens->ranges[i];
		kept++;
	}
	tokens->count = kept;
}

/* ---- words, where the model is not asked ---------------------------------- */

static enum tok_status give_words(struct tok_encoder *e, struct tok_span text,
				  const struct tok_range *words, size_t count,
				  struct tok_error *err)
{
	if (count == 0 || e->sink(e->sink_context, text, words, count))
		return TOK_OK;
	return tok_fail_memory(err);
}

/* Pieces that follow each other, at most RUN_PIECES. */
static void list_pieces(uint32_t begin, const uint32_t *ends, size_t count, struct tok_range *out)
{
	for (size_t i = 0; i < count; i++) {
		out[i] = (struct tok_range){ begin, ends[i] };
		begin = ends[i];
	}
}

static enum tok_status give_run(struct tok_encoder *e, struct tok_span text, uint32_t begin,
				const uint32_t *ends, size_t count, struct tok_error *err)
{
	struct tok_range words[RUN_PIECES];
	list_pieces(begin, ends, count, words);
	return give_words(e, text, words, count, err);
}

/* ---- pieces to the model, or to whoever wants the words or stands in for it - */

static enum tok_status code_pieces(struct tok_encoder *e, struct tok_span text,
				   const struct tok_range *pieces, size_t count,
				   struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < count && status == TOK_OK; i++)
		if (pieces[i].begin < pieces[i].end)
			status = e->coder(e->coder_context, text, pieces[i], &e->run.tokens, err);
	return status;
}

static enum tok_status code_run(struct tok_encoder *e, struct tok_span text, uint32_t begin,
				const uint32_t *ends, size_t count, struct tok_error *err)
{
	struct tok_range pieces[RUN_PIECES];
	list_pieces(begin, ends, count, pieces);
	return code_pieces(e, text, pieces, count, err);
}

static enum tok_status encode_slice(struct tok_encoder *e, struct tok_text *text, size_t base,
				    struct tok_error *err)
{
	const struct tok_tokenizer *t = e->tokenizer;
	if (text->count == 0)
		return TOK_OK;

	const bool starts = text->tracked ? text->origin[0].begin == 0 : base == 0;
	enum tok_status status =
	    tok_pretokenize(t->pretokenizer, t->kernel, e->pretok, text, starts, &e->pieces, err);
	const size_t first = e->run.tokens.count;
	const struct tok_span span = tok_text_span(text);
	if (status == TOK_OK && e->sink)
		return give_words(e, span, e->pieces.ranges, e->pieces.count, err);
	if (status == TOK_OK && e->coder)
		status = code_pieces(e, span, e->pieces.ranges, e->pieces.count, err);
	else if (status == TOK_OK)
		status = tok_model_encode_pieces(t->model, e->model, span, e->pieces.ranges,
						 e->pieces.count, &e->run.tokens, err);
	if (t->spec.sentencepiece && t->spec.model.kind == TOK_MODEL_WORDLEVEL)
		fuse_unknown(&e->run.tokens, first, t->spec.model.unk);
	if (status == TOK_OK && !place_tokens(e, text, first))
		status = tok_fail_memory(err);
	return status;
}

/* Pieces that tile the text, some at a time. */
static enum tok_status encode_run(struct tok_encoder *e, struct tok_span text,
				  struct tok_error *err)
{
	const struct tok_tokenizer *t = e->tokenizer;
	uint32_t ends[RUN_PIECES];
	enum tok_status status = TOK_OK;
	for (uint32_t from = 0; status == TOK_OK && from < text.count;) {
		const size_t count =
		    tok_pretokenizer_ends(t->pretokenizer, t->kernel, text, from, ends, RUN_PIECES);
		status = e->sink    ? give_run(e, text, from, ends, count, err)
			 : e->coder ? code_run(e, text, from, ends, count, err)
				    : tok_model_encode_run(t->model, e->model, text, from, ends,
							   count, &e->run.tokens, err);
		from = ends[count - 1];
	}
	return status;
}

/* ---- added tokens --------------------------------------------------------- */

static enum tok_status add_match(struct tok_encoder *e, struct tok_span text,
				 const struct tok_added_match *match, struct tok_range origin,
				 struct tok_error *err)
{
	if (match->token->special && e->options->special_text == TOK_SPECIAL_ERROR)
		return tok_fail(err, TOK_ETEXT,
				"the text holds the special token '%.*s' at byte %u; allow it as a "
				"token or as ordinary text",
				(int)match->token->content.count,
				(const char *)match->token->content.bytes, origin.begin);
	if (e->sink)
		return TOK_OK;
	if (!tok_tokens_add(&e->run.tokens, match->token->id, origin))
		return tok_fail_memory(err);
	if (e->named && !name_surface(e, tok_span_slice(text, match->begin, match->end)))
		return tok_fail_memory(err);
	return TOK_OK;
}

/* Normalise a stretch that holds no unnormalised added token, then look for
 * those that are matched in normalised text. */
static enum tok_status encode_normalized(struct tok_encoder *e, struct tok_span stretch,
					 size_t base, bool continues, struct tok_error *err)
{
	const struct tok_tokenizer *t = e->tokenizer;
	const bool skip_special = e->options->special_text == TOK_SPECIAL_ORDINARY;
	size_t done = 0, resume = 0;

	e->text.tracked = e->slice.tracked = e->options->offsets || t->needs_origin;
	e->text.continues = continues || (e->options->continues && base == 0);
	if (!tok_text_set(&e->text, stretch, base))
		return tok_fail_memory(err);
	enum tok_status status = tok_normalize(t->normalizer, e->norm, &e->text, err);
	while (status == TOK_OK) {
		const struct tok_span text = tok_text_span(&e->text);
		const struct tok_added_match match =
		    tok_added_find(&t->added_normalized, text, resume, done, skip_special);
		if (!match.token && done == 0)
			return encode_slice(e, &e->text, base, err);
		if (match.begin > done) {
			tok_text_clear(&e->slice);
			e->slice.continues = e->text.continues && done == 0;
			if (!tok_text_copy(&e->slice, &e->text, done, match.begin))
				return tok_fail_memory(err);
			status = encode_slice(e, &e->slice, base + done, err);
		}
		if (!match.token)
			break;
		if (status == TOK_OK)
			status = add_match(e, text, &match,
					   tok_text_origin(&e->text, match.begin, match.end), err);
		done = match.end;
		resume = match.resume;
	}
	return status;
}

/* The same for a stretch that normalisation leaves as it is, where nobody asks
 * for ranges and the pieces tile the text: nothing is copied. */
static enum tok_status encode_kept(struct tok_encoder *e, struct tok_span stretch, size_t base,
				   struct tok_error *err)
{
	const struct tok_tokenizer *t = e->tokenizer;
	const bool skip_special = e->options->special_text == TOK_SPECIAL_ORDINARY;
	enum tok_status status = TOK_OK;
	size_t done = 0, resume = 0;

	while (status == TOK_OK) {
		const struct tok_added_match match =
		    tok_added_find(&t->added_normalized, stretch, resume, done, skip_special);
		if (match.begin > done)
			status = encode_run(e, tok_span_slice(stretch, done, match.begin), err);
		if (!match.token)
			break;
		const struct tok_range origin = { (uint32_t)(base + match.begin),
						  (uint32_t)(base + match.end) };
		if (status == TOK_OK)
			status = add_match(e, stretch, &match, origin, err);
		done = match.end;
		resume = match.resume;
	}
	return status;
}

/* Where the next part of a stretch ends: parts small enough that one character
 * to normalise does not slow everything down. */
static size_t find_part(const struct tok_encoder *e, struct tok_span stretch)
{
	if (tok_normalizer_step_count(e->tokenizer->normalizer) == 0 || stretch.count <= KEPT_PART)
		return stretch.count;
	const struct tok_span head = tok_span_slice(stretch, 0, KEPT_PART);
	const bool match_special = e->options->special_text != TOK_SPECIAL_ORDINARY;
	const bool words = e->sink || e->coder;
	const size_t cut = words ? tok_tokenizer_cut_words(e->tokenizer, head, match_special)
				 : tok_tokenizer_cut(e->tokenizer, head, match_special);
	return cut > 0 ? cut : stretch.count;
}

static enum tok_status encode_stretch(struct tok_encoder *e, struct tok_span stretch, size_t base,
				      struct tok_error *err)
{
	const struct tok_tokenizer *t = e->tokenizer;
	enum tok_status status = TOK_OK;
	if (!t->tiles || e->run.tokens.ranged)
		return stretch.count ? encode_normalized(e, stretch, base, false, err) : TOK_OK;
	for (bool first = true; status == TOK_OK && stretch.count > 0; first = false) {
		const size_t count = find_part(e, stretch);
		const struct tok_span part = tok_span_slice(stretch, 0, count);
		status = tok_normalizer_keeps(t->normalizer, part)
			     ? encode_kept(e, part, base, err)
			     : encode_normalized(e, part, base, !first, err);
		stretch = tok_span_slice(stretch, count, stretch.count);
		base += count;
	}
	return status;
}

static enum tok_status encode_document(struct tok_encoder *e, struct tok_span text,
				       struct tok_error *err)
{
	const bool skip_special = e->options->special_text == TOK_SPECIAL_ORDINARY;
	enum tok_status status = TOK_OK;
	size_t done = 0, resume = 0;

	while (status == TOK_OK) {
		const struct tok_added_match match =
		    tok_added_find(&e->tokenizer->added, text, resume, done, skip_special);
		if (match.begin > done)
			status =
			    encode_stretch(e, tok_span_slice(text, done, match.begin), done, err);
		if (!match.token)
			break;
		const struct tok_range origin = { (uint32_t)match.begin, (uint32_t)match.end };
		if (status == TOK_OK)
			status = add_match(e, text, &match, origin, err);
		done = match.end;
		resume = match.resume;
	}
	return status;
}

/* ---- the whole ------------------------------------------------------------ */

static bool trims_offsets(const struct tok_spec *spec)
{
	for (size_t i = 0; i < spec->post_count; i++)
		if (spec->posts[i].kind == TOK_POST_TRIM_OFFSETS)
			return true;
	return false;
}

/* The whole of a document, under e->options. */
static enum tok_status run_document(struct tok_encoder *e, struct tok_span text, bool named,
				    struct tok_error *err)
{
	if (text.count > TOK_DOCUMENT_MAX)
		return tok_fail(err, TOK_ELIMIT,
				"a document of %zu bytes is too long: at most %zu are taken",
				text.count, TOK_DOCUMENT_MAX);

	e->named = named;
	e->run.tokens.ranged = e->options->offsets || named;
	e->run.tokens.count = 0;
	e->run.name_count = 0;
	tok_buffer_clear(&e->surfaces);
	return encode_document(e, text, err);
}

enum tok_status tok_encode_words(struct tok_encoder *e, struct tok_span text,
				 const struct tok_encode_options *options, tok_word_sink *sink,
				 void *context, struct tok_error *err)
{
	const struct tok_encode_options how = { .special_text = options->special_text,
						.continues = options->continues };
	e->options = &how;
	e->sink = sink;
	e->sink_context = context;
	const enum tok_status status = run_document(e, text, false, err);
	e->sink = NULL;
	e->options = NULL;
	return status;
}

enum tok_status tok_encode_with(struct tok_encoder *e, struct tok_span text,
				const struct tok_encode_options *options, tok_piece_coder *coder,
				void *context, struct tok_encoding *out, struct tok_error *err)
{
	e->coder = coder;
	e->coder_context = context;
	const enum tok_status status = tok_encode(e, text, options, out, err);
	e->coder = NULL;
	return status;
}

enum tok_status tok_encoder_piece(struct tok_encoder *e, struct tok_span text,
				  struct tok_range piece, struct tok_tokens *out,
				  struct tok_error *err)
{
	return tok_model_encode(e->tokenizer->model, e->model, text, piece, out, err);
}

enum tok_status tok_encoder_run(struct tok_encoder *e, struct tok_span text, const uint32_t *ends,
				size_t count, struct tok_tokens *out, struct tok_error *err)
{
	return tok_model_encode_run(e->tokenizer->model, e->model, text, 0, ends, count, out, err);
}

enum tok_status tok_encode(struct tok_encoder *e, struct tok_span text,
			   const struct tok_encode_options *options, struct tok_encoding *out,
			   struct tok_error *err)
{
	const bool named =
	    options->tokens || (options->offsets && trims_offsets(&e->tokenizer->spec));
	e->options = options;
	enum tok_status status = run_document(e, text, named, err);
	if (status == TOK_OK)
		status = tok_post_process(e, text, err);
	if (status != TOK_OK)
		return status;

	resolve_names(e);
	*out = (struct tok_encoding){
		.ids = e->run.tokens.ids,
		.ranges = options->offsets ? e->run.tokens.ranges : NULL,
		.tokens = options->tokens ? e->run.names : NULL,
		.count = e->run.tokens.count,
	};
	return TOK_OK;
}
