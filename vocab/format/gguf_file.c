/* gguf_file.c - a GGUF file of a tokenizer alone, as llama.cpp's files of vocabularies are: the
 * architecture that its pairs are usual for, the pairs, and no tensors. */
#include "tok/text/json.h"
#include "tok/text/utf8.h"
#include "vocab/format/gguf_internal.h"
#include "vocab/format/gguf_write_internal.h"
#include "vocab/format/write_internal.h"

static const char *architecture(const struct tok_spec *spec)
{
	switch (spec->model.kind) {
	case TOK_MODEL_UNIGRAM:
		return "t5";
	case TOK_MODEL_WORDPIECE:
		return "bert";
	case TOK_MODEL_BPE:
	case TOK_MODEL_WORDLEVEL:
		break;
	}
	return "llama";
}

/* ---- what there is no key for, or llama.cpp does otherwise --------------------------------------
 * Seen with build 10434: conformance.vocab_files holds what is not told here to what it does. */

static size_t count_pieces(const struct tok_model_spec *model, enum tok_piece_type type)
{
	size_t count = 0;
	for (size_t i = 0; i < model->entry_count; i++)
		count += model->entries[i].type == type;
	return count;
}

/* "llama": it knows neither rules for characters nor of white space. */
static void tell_scores(const struct tok_spec *spec, struct vocab_losses *losses)
{
	if (spec->normalizers->as.sentencepiece.charsmap.count)
		vocab_losses_add(losses,
				 "normalizer: in front of a BPE, llama.cpp has no rules for "
				 "characters");
	if (spec->normalizers->as.sentencepiece.remove_extra_whitespaces)
		vocab_losses_add(losses, "normalizer: in front of a BPE, llama.cpp takes no white "
					 "space away");
	if (!spec->model.byte_fallback)
		vocab_losses_add(losses, "model: llama.cpp comes to an end at a character that is "
					 "no piece, or has bytes for it");
}

/* "t5": white space goes in front of a text just where other white space is taken away. */
static void tell_unigram(const struct tok_spec *spec, struct vocab_losses *losses)
{
	if (spec->normalizers->as.sentencepiece.add_dummy_prefix !=
	    spec->normalizers->as.sentencepiece.remove_extra_whitespaces)
		vocab_losses_add(losses,
				 "normalizer: in front of a Unigram, llama.cpp both puts a space "
				 "in front and takes others away, or neither");
	if (spec->model.byte_fallback)
		vocab_losses_add(losses,
				 "model: a Unigram of llama.cpp has no bytes for characters");
}

static void tell_pieces(const struct tok_spec *spec, struct vocab_losses *losses)
{
	const struct tok_model_spec *model = &spec->model;
	const size_t users = count_pieces(model, TOK_PIECE_USER_DEFINED);
	const size_t unused = count_pieces(model, TOK_PIECE_UNUSED);
	if (model->kind == TOK_MODEL_UNIGRAM)
		tell_unigram(spec, losses);
	else
		tell_scores(spec, losses);
	if (users && (model->kind == TOK_MODEL_UNIGRAM ||
		      spec->normalizers->as.sentencepiece.add_dummy_prefix))
		vocab_losses_add(losses,
				 "model: llama.cpp parts text at user-defined pieces, of which "
				 "there are %zu",
				 users);
	if (unused)
		vocab_losses_add(
		    losses, "model: llama.cpp uses the %zu pieces that are not to be used", unused);
}

static void tell_pre(struct tok_span pairs, uint64_t count, struct vocab_losses *losses)
{
	struct tok_gguf file = { .rest = { .bytes = pairs }, .pairs = count };
	struct tok_gguf_pair pair;
	for (uint64_t i = 0; i < count && tok_gguf_next(&file, &pair, NULL) == TOK_OK; i++)
		if (tok_span_equal(pair.key, tok_span_of("tokenizer.ggml.pre")) &&
		    gguf_find_pre(pair.value.bytes)->respelled)
			vocab_losses_add(losses,
					 "pre_tokenizer: '%s' is another expression in llama.cpp, "
					 "for letters that are not ASCII",
					 tok_show(pair.value.bytes).text);
}

/* "gpt2": of these, llama.cpp gives no id and no unknown token, and what stands around them is not
 * merged. */
static size_t count_missing_bytes(const struct tok_spec *spec)
{
	bool there[256] = { false };
	size_t missing = 256;
	for (size_t i = 0; i < spec->model.entry_count; i++) {
		const struct tok_span text = spec->model.entries[i].text;
		int byte = -1;
		if (spec->raw_vocabulary)
			byte = text.count == 1 ? text.bytes[0] : -1;
		else if (text.count && tok_utf8_at(text, 0).length == text.count)
			byte = tok_char_to_byte(tok_utf8_at(text, 0).code);
		if (byte < 0 || there[byte])
			continue;
		there[byte] = true;
		missing--;
	}
	return missing;
}

static void tell_bytes(const struct tok_spec *spec, struct vocab_losses *losses)
{
	const size_t missing = count_missing_bytes(spec);
	if (missing)
		vocab_losses_add(losses,
				 "model: llama.cpp passes over bytes that are no token, of which "
				 "there are %zu",
				 missing);
}

/* "bert": without these two llama.cpp ends where it is to put them there. */
static bool has_both_ends(const struct tok_spec *spec)
{
	for (size_t i = 0; i < spec->post_count; i++)
		if (spec->posts[i].kind == TOK_POST_TEMPLATE)
			return spec->posts[i].item_count == 3;
	return false;
}

static void tell_parts(const struct tok_spec *spec, struct vocab_losses *losses)
{
	const struct tok_norm_step *norm = spec->normalizer_count ? spec->normalizers : NULL;
	size_t count = 0;
	for (size_t i = 0; i < spec->added_count; i++)
		count +=
		    spec->added[i].lstrip || spec->added[i].rstrip || spec->added[i].single_word;
	if (count)
		vocab_losses_add(
		    losses, "added_tokens: %zu take white space along, or are whole words", count);
	if (norm && norm->kind == TOK_NORM_NFC)
		vocab_losses_add(losses, "normalizer: NFC has no key");
	if (norm && norm->kind == TOK_NORM_BERT && norm->as.bert.strip_accents)
		vocab_losses_add(losses,
				 "normalizer: of accents llama.cpp takes all other marks away "
				 "too, and of Hangul all but the first letter");
	if (norm && norm->kind == TOK_NORM_SENTENCEPIECE)
		tell_pieces(spec, losses);
	else if (spec->model.kind == TOK_MODEL_BPE && !gguf_is_scored(spec))
		tell_bytes(spec, losses);
	if (spec->model.kind == TOK_MODEL_WORDPIECE && !has_both_ends(spec))
		vocab_losses_add(losses, "post_processor: llama.cpp puts a token in front of a "
					 "WordPiece's text and one behind it");
}

/* ---- the file -----------------------------------------------------------------------------------
 */

static bool put_file(const struct tok_spec *spec, struct tok_span pairs, uint64_t count,
		     struct tok_buffer *out)
{
	enum { VERSION = 3 };
	struct gguf_writer w = { .out = out };
	w.full = !tok_buffer_add(out, "GGUF", 4);
	gguf_put_number(&w, VERSION, 4);
	gguf_put_number(&w, 0, 8); /* tensors */
	gguf_put_number(&w, count + 1, 8);
	gguf_put_string(&w, "general.architecture", tok_span_of(architecture(spec)));
	return !w.full && tok_buffer_add(out, pairs.bytes, pairs.count);
}

enum tok_status vocab_write_gguf(const struct tok_spec *spec, struct tok_buffer *out,
				 struct vocab_losses *losses, struct tok_error *err)
{
	const struct vocab_gguf_options options = vocab_gguf_defaults();
	struct tok_buffer pairs = { 0 };
	uint64_t count = 0;
	enum tok_status status = vocab_gguf_write(spec, &options, &pairs, &count, err);
	if (status == TOK_OK && !put_file(spec, tok_buffer_span(&pairs), count, out))
		status = tok_fail_memory(err);
	if (status == TOK_OK) {
		tell_pre(tok_buffer_span(&pairs), count, losses);
		tell_parts(spec, losses);
	}
	tok_buffer_release(&pairs);
	return status;
}
