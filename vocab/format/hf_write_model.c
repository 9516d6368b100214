#include "vocab/format/hf_write_internal.h"

#include "tok/text/json.h"

/* ---- what models have in common --------------------------------------------------- */

static const struct tok_vocab_entry *find_entry(const struct hf_writer *w, tok_id id)
{
	return id < w->tokens.id_count ? w->tokens.by_id[id] : NULL;
}

static void put_entry(struct hf_writer *w, tok_id id)
{
	const struct tok_vocab_entry *entry = find_entry(w, id);
	if (entry)
		pretty_text(&w->json, entry->text);
	else
		hf_refuse(w, "no token has the id %u", id);
}

/* {"token": id, ...} by id */
static void put_vocabulary(struct hf_writer *w)
{
	pretty_key(&w->json, "vocab");
	pretty_open(&w->json, '{');
	for (size_t id = 0; id < w->tokens.id_count && w->json.status == TOK_OK; id++) {
		const struct tok_vocab_entry *entry = w->tokens.by_id[id];
		if (!entry)
			continue;
		if (entry->type != TOK_PIECE_NORMAL)
			hf_refuse(w, "the piece '%s' is of a type that only SentencePiece has",
				  tok_show(entry->text).text);
		pretty_key_text(&w->json, entry->text);
		pretty_whole(&w->json, id);
	}
	pretty_close(&w->json, '}');
}

static bool is_taken(const struct hf_writer *w, struct tok_span name)
{
	for (size_t i = 0; i < w->spec->model.entry_count; i++)
		if (tok_span_equal(w->tokens.entries[i].text, name))
			return true;
	return false;
}

/* A name that no token has, for an unknown token that is meant but not there. */
static void put_missing(struct hf_writer *w)
{
	static const char name[] = "<unk><unk><unk><unk><unk><unk><unk><unk>";
	for (size_t count = 5; count < sizeof name; count += 5) {
		const struct tok_span text = { (const uint8_t *)name, count };
		if (!is_taken(w, text)) {
			pretty_text(&w->json, text);
			return;
		}
	}
	hf_refuse(w, "an unknown token that is not in the vocabulary needs a name");
}

static void put_unknown(struct hf_writer *w, bool needed)
{
	const tok_id unk = w->spec->model.unk;
	pretty_key(&w->json, "unk_token");
	if (unk != TOK_NO_ID)
		put_entry(w, unk);
	else if (needed)
		put_missing(w);
	else
		pretty_null(&w->json);
}

/* ---- BPE ----------------------------------------------------------------------------- */

static void put_affix(struct hf_writer *w, const char *key, struct tok_span affix)
{
	pretty_key(&w->json, key);
	if (affix.bytes)
		pretty_text(&w->json, affix);
	else
		pretty_null(&w->json);
}

static void put_merges(struct hf_writer *w)
{
	const struct hf_tokens *tokens = &w->tokens;
	pretty_key(&w->json, "merges");
	pretty_open(&w->json, '[');
	for (size_t i = 0; i < tokens->merge_count && w->json.status == TOK_OK; i++) {
		pretty_open(&w->json, '[');
		put_entry(w, tokens->merges[i].left);
		put_entry(w, tokens->merges[i].right);
		pretty_close(&w->json, ']');
	}
	pretty_close(&w->json, ']');
}

static void write_bpe(struct hf_writer *w)
{
	const struct tok_model_spec *model = &w->spec->model;
	hf_put_word(w, "type", "BPE");
	pretty_key(&w->json, "dropout");
	if (model->as.bpe.dropout > 0)
		pretty_real(&w->json, model->as.bpe.dropout);
	else
		pretty_null(&w->json);
	put_unknown(w, model->as.bpe.unk_missing);
	put_affix(w, "continuing_subword_prefix", model->as.bpe.prefix);
	put_affix(w, "end_of_word_suffix", model->as.bpe.suffix);
	hf_put_bool(w, "fuse_unk", model->as.bpe.fuse_unk);
	hf_put_bool(w, "byte_fallback", model->byte_fallback);
	hf_put_bool(w, "ignore_merges", w->tokens.ignore_merges);
	put_vocabulary(w);
	put_merges(w);
}

/* ---- WordPiece and WordLevel ----------------------------------------------------------- */

static void write_wordpiece(struct hf_writer *w)
{
	const struct tok_model_spec *model = &w->spec->model;
	hf_put_word(w, "type", "WordPiece");
	put_unknown(w, true);
	hf_put_text(w, "continuing_subword_prefix", model->as.wordpiece.prefix);
	pretty_key(&w->json, "max_input_chars_per_word");
	pretty_whole(&w->json, model->as.wordpiece.max_chars);
	put_vocabulary(w);
}

static void write_wordlevel(struct hf_writer *w)
{
	hf_put_word(w, "type", "WordLevel");
	put_vocabulary(w);
	put_unknown(w, true);
}

/* ---- Unigram ----------------------------------------------------------------------------- */

static void put_piece(struct hf_writer *w, size_t id)
{
	const struct tok_vocab_entry *entry = find_entry(w, (tok_id)id);
	if (!entry || entry->type != TOK_PIECE_NORMAL) {
		hf_refuse(w, "the id %zu %s", id,
			  entry ? "is of a type that only SentencePiece has" : "has no piece");
		return;
	}
	pretty_open(&w->json, '[');
	pretty_text(&w->json, entry->text);
	pretty_real(&w->json, entry->score);
	pretty_close(&w->json, ']');
}

static void write_unigram(struct hf_writer *w)
{
	const struct tok_model_spec *model = &w->spec->model;
	if (model->as.unigram.single_precision || !model->as.unigram.fuse_unk)
		hf_refuse(w, "scores are added in double precision and unknown text is one token");
	hf_put_word(w, "type", "Unigram");
	pretty_key(&w->json, "unk_id");
	if (model->unk != TOK_NO_ID)
		pretty_whole(&w->json, model->unk);
	else
		pretty_null(&w->json);
	pretty_key(&w->json, "vocab");
	pretty_open(&w->json, '[');
	for (size_t id = 0; id < w->tokens.id_count && w->json.status == TOK_OK; id++)
		put_piece(w, id);
	pretty_close(&w->json, ']');
	hf_put_bool(w, "byte_fallback", model->byte_fallback);
}

void hf_write_model(struct hf_writer *w)
{
	pretty_open(&w->json, '{');
	switch (w->spec->model.kind) {
	case TOK_MODEL_BPE:
		write_bpe(w);
		break;
	case TOK_MODEL_UNIGRAM:
		write_unigram(w);
		break;
	case TOK_MODEL_WORDPIECE:
		write_wordpiece(w);
		break;
	case TOK_MODEL_WORDLEVEL:
		write_wordlevel(w);
		break;
	}
	pretty_close(&w->json, '}');
}
