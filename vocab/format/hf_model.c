#include "tok/base/threads.h"
#include "vocab/format/hf_internal.h"

/* Half of what the names of models say: a token that is meant but not in the
 * vocabulary is no token. */
static tok_id read_token(struct hf_reader *r, const struct tok_json *value)
{
	const struct tok_span text = hf_text(r, value);
	return r->status == TOK_OK ? hf_find_token(r, text) : TOK_NO_ID;
}

static void read_byte_fallback(struct hf_reader *r, const struct tok_json *value)
{
	r->out->model.byte_fallback = value && hf_bool(r, value);
	if (r->out->model.byte_fallback)
		hf_find_bytes(r);
}

static struct tok_span read_affix(struct hf_reader *r, const struct tok_json *value)
{
	return value ? hf_text(r, value) : (struct tok_span){ 0 };
}

/* ---- BPE ------------------------------------------------------------------- */

/* "left right" */
static bool split_pair(struct tok_span text, struct tok_span *left, struct tok_span *right)
{
	const uint8_t *space = text.count ? memchr(text.bytes, ' ', text.count) : NULL;
	if (!space)
		return false;
	const size_t at = (size_t)(space - text.bytes);
	*left = tok_span_slice(text, 0, at);
	*right = tok_span_slice(text, at + 1, text.count);
	return right->count == 0 || !memchr(right->bytes, ' ', right->count);
}

static bool read_pair(const struct tok_json *item, bool pairs, struct tok_span *left,
		      struct tok_span *right)
{
	if (!pairs)
		return item->kind == TOK_JSON_STRING &&
		       split_pair(tok_json_text(item), left, right);
	if (item->kind != TOK_JSON_ARRAY || item->count != 2 || item[1].kind != TOK_JSON_STRING ||
	    item[2].kind != TOK_JSON_STRING)
		return false;
	*left = tok_json_text(item + 1);
	*right = tok_json_text(item + 2);
	return true;
}

static bool is_comment(const struct tok_json *item)
{
	return item->kind == TOK_JSON_STRING &&
	       tok_span_starts(tok_json_text(item), tok_span_of("#version"));
}

/* A list mostly goes on with the token that the merge before made, or with the next. */
static tok_id find_result(const struct hf_reader *r, struct hf_merges *known)
{
	const struct tok_model_spec *model = &r->out->model;
	const struct tok_span text = tok_buffer_span(&known->joined);
	for (size_t step = 0; step < 2; step++) {
		const size_t place = known->place + step;
		if (place < model->entry_count &&
		    tok_span_equal(model->entries[place].text, text)) {
			known->place = place;
			return model->entries[place].id;
		}
	}
	const tok_id id = hf_find_token(r, text);
	if (id < model->entry_count && model->entries[id].id == id)
		known->place = id;
	return id;
}

/* The merge of two tokens, of which the ids are set. */
static enum tok_status finish_merge(const struct hf_reader *r, struct hf_merges *known,
				    struct tok_span left, struct tok_span right,
				    struct tok_merge *merge, struct tok_error *err)
{
	const size_t prefix = r->out->model.as.bpe.prefix.count;
	if (merge->left == TOK_NO_ID || merge->right == TOK_NO_ID)
		return tok_fail(err, TOK_EFORMAT, "'%s' is not in the vocabulary",
				tok_show(merge->left == TOK_NO_ID ? left : right).text);
	if (right.count < prefix)
		return tok_fail(err, TOK_EFORMAT,
				"'%s' is shorter than the continuing_subword_prefix",
				tok_show(right).text);
	tok_buffer_clear(&known->joined);
	if (!tok_buffer_add(&known->joined, left.bytes, left.count) ||
	    !tok_buffer_add(&known->joined, right.bytes + prefix, right.count - prefix))
		return tok_fail_memory(err);
	merge->result = find_result(r, known);
	if (merge->result == TOK_NO_ID)
		return tok_fail(err, TOK_EFORMAT, "the result '%s' is not in the vocabulary",
				tok_show(tok_buffer_span(&known->joined)).text);
	return TOK_OK;
}

enum tok_status hf_find_merge(const struct hf_reader *r, struct hf_merges *known,
			      struct tok_span left, struct tok_span right, struct tok_merge *merge,
			      struct tok_error *err)
{
	*merge = (struct tok_merge){ hf_find_token(r, left), hf_find_token(r, right), TOK_NO_ID };
	return finish_merge(r, known, left, right, merge, err);
}

/* Names are looked up all over tables larger than the caches: of a merge that is so far
 * ahead the slots are asked for, and half way on the names in them. */
enum { AHEAD = 16, HALF_WAY = AHEAD / 2 };

/* One item of a list; `pair`: it reads as a merge. */
struct merge_ahead {
	struct tok_span left, right;
	uint64_t left_hash, right_hash;
	bool pair;
};

static struct merge_ahead expect_merge(const struct hf_reader *r, const struct tok_json *item,
				       bool pairs)
{
	struct merge_ahead a = { .pair = false };
	if (!read_pair(item, pairs, &a.left, &a.right))
		return a;
	a.pair = true;
	a.left_hash = tok_strings_hash(a.left);
	a.right_hash = tok_strings_hash(a.right);
	tok_strings_expect_slot(&r->ids, a.left_hash);
	tok_strings_expect_slot(&r->ids, a.right_hash);
	return a;
}

static void expect_names(const struct hf_reader *r, const struct merge_ahead *a)
{
	if (!a->pair)
		return;
	tok_strings_expect_key(&r->ids, a->left_hash);
	tok_strings_expect_key(&r->ids, a->right_hash);
}

/* Merges [begin, end) of a list. */
struct merge_part {
	const struct hf_reader *r;
	const struct tok_json *item; /* of the first */
	bool pairs;                  /* ["left", "right"], not "left right" */
	size_t begin, end;
	struct tok_merge *merges; /* what is read, from [begin] on */
	size_t used;
	enum tok_status status;
	struct tok_error err;
};

static enum tok_status refuse_merge(struct merge_part *part, const struct tok_json *item)
{
	return tok_json_fail(part->r->doc, item, &part->err,
			     part->pairs ? "a merge must be a pair of tokens"
					 : "a merge must be two tokens with one space between");
}

static void read_merge(struct merge_part *part, struct hf_merges *known,
		       const struct tok_json *item, const struct merge_ahead *a)
{
	struct tok_error why = { 0 };
	if (!part->pairs && is_comment(item))
		return;
	if (!a->pair) {
		part->status = refuse_merge(part, item);
		return;
	}
	struct tok_merge *merge = &part->merges[part->begin + part->used++];
	*merge = (struct tok_merge){
		.left = tok_strings_find_hashed(&part->r->ids, a->left, a->left_hash),
		.right = tok_strings_find_hashed(&part->r->ids, a->right, a->right_hash),
		.result = TOK_NO_ID,
	};
	part->status = finish_merge(part->r, known, a->left, a->right, merge, &why);
	if (part->status == TOK_EFORMAT)
		tok_json_fail(part->r->doc, item, &part->err, "merge %zu: %s",
			      part->begin + part->used, why.message);
	else if (part->status != TOK_OK)
		tok_fail_memory(&part->err);
}

static void read_part(struct merge_part *part)
{
	const struct tok_json *item = part->item, *ahead = item;
	struct hf_merges known = { 0 };
	struct merge_ahead merges[AHEAD];
	size_t expected = part->begin;
	for (size_t i = part->begin; i < part->end && part->status == TOK_OK; i++) {
		for (; expected < part->end && expected < i + AHEAD; expected++) {
			merges[expected % AHEAD] = expect_merge(part->r, ahead, part->pairs);
			ahead = tok_json_next(ahead);
		}
		if (i + HALF_WAY < part->end)
			expect_names(part->r, &merges[(i + HALF_WAY) % AHEAD]);
		read_merge(part, &known, item, &merges[i % AHEAD]);
		item = tok_json_next(item);
	}
	tok_buffer_release(&known.joined);
}

static void read_part_at(void *shared, size_t index)
{
	struct merge_part *parts = shared;
	read_part(&parts[index]);
}

/* A long list in two parts at once.  Where the second begins is known if each merge of
 * the first is three values, as all of them are together; if one is not, the first part
 * fails, and nobody asks for the second. */
static size_t cut_merges(struct merge_part parts[2], const struct tok_json *value)
{
	const size_t count = parts[0].end, half = count / 2;
	if (!parts[0].pairs || count < TOK_THREADED_ENTRIES || tok_threads_available() < 2 ||
	    value->as.extent != 1 + 3 * count)
		return 1;
	parts[1] = parts[0];
	parts[0].end = parts[1].begin = half;
	parts[1].item = value + 1 + 3 * half;
	return 2;
}

static void read_merges(struct hf_reader *r, const struct tok_json *value)
{
	const size_t count = hf_items(r, value);
	struct tok_merge *merges = hf_array(r, count, sizeof *merges);
	if (!merges)
		return;
	struct merge_part parts[2] = { { .r = r, .item = value + 1, .end = count } };
	parts[0].merges = merges;
	parts[0].pairs = count && value[1].kind == TOK_JSON_ARRAY;
	const size_t part_count = cut_merges(parts, value);
	tok_threads_run(part_count, read_part_at, parts);
	size_t used = 0;
	for (size_t i = 0; i < part_count && r->status == TOK_OK; i++) {
		used += parts[i].used;
		if (parts[i].status != TOK_OK)
			r->status = tok_fail(r->err, parts[i].status, "%s", parts[i].err.message);
	}
	r->out->model.as.bpe.merges = merges;
	r->out->model.as.bpe.merge_count = used;
}

static double read_dropout(struct hf_reader *r, const struct tok_json *value)
{
	const double dropout = value ? hf_real(r, value) : 0;
	if (r->status == TOK_OK && !(dropout >= 0 && dropout <= 1))
		r->status = tok_json_fail(r->doc, value, r->err, "this must be between 0 and 1");
	return dropout;
}

static void read_bpe(struct hf_reader *r, const struct tok_json *object)
{
	struct tok_model_spec *model = &r->out->model;
	const struct tok_json *unk = hf_find(object, "unk_token");
	const struct tok_json *fuse_unk = hf_find(object, "fuse_unk");
	const struct tok_json *ignore_merges = hf_find(object, "ignore_merges");

	model->kind = TOK_MODEL_BPE;
	model->as.bpe.order = TOK_BPE_MERGES;
	hf_read_vocabulary(r, hf_need(r, object, "vocab"));
	model->as.bpe.dropout = read_dropout(r, hf_find(object, "dropout"));
	model->unk = unk ? read_token(r, unk) : TOK_NO_ID;
	model->as.bpe.unk_missing = unk && model->unk == TOK_NO_ID;
	model->as.bpe.prefix = read_affix(r, hf_find(object, "continuing_subword_prefix"));
	model->as.bpe.suffix = read_affix(r, hf_find(object, "end_of_word_suffix"));
	model->as.bpe.fuse_unk = fuse_unk && hf_bool(r, fuse_unk);
	model->as.bpe.ignore_merges = ignore_merges && hf_bool(r, ignore_merges);
	read_byte_fallback(r, hf_find(object, "byte_fallback"));
	read_merges(r, hf_need(r, object, "merges"));
}

/* ---- WordPiece and WordLevel ------------------------------------------------ */

static void read_wordpiece(struct hf_reader *r, const struct tok_json *object)
{
	struct tok_model_spec *model = &r->out->model;
	model->kind = TOK_MODEL_WORDPIECE;
	hf_read_vocabulary(r, hf_need(r, object, "vocab"));
	model->unk = read_token(r, hf_need(r, object, "unk_token"));
	model->as.wordpiece.prefix = hf_text(r, hf_need(r, object, "continuing_subword_prefix"));
	model->as.wordpiece.max_chars =
	    hf_whole(r, hf_need(r, object, "max_input_chars_per_word"), SIZE_MAX);
}

static void read_wordlevel(struct hf_reader *r, const struct tok_json *object)
{
	r->out->model.kind = TOK_MODEL_WORDLEVEL;
	hf_read_vocabulary(r, hf_need(r, object, "vocab"));
	r->out->model.unk = read_token(r, hf_need(r, object, "unk_token"));
}

/* ---- Unigram ---------------------------------------------------------------- */

/* [["piece", score], ...] */
static void read_pieces(struct hf_reader *r, const struct tok_json *array)
{
	const size_t count = hf_items(r, array);
	struct tok_vocab_entry *entries = hf_array(r, count, sizeof *entries);
	if (!entries)
		return;
	if (!tok_strings_init(&r->ids, &r->scratch, count)) {
		r->status = tok_fail_memory(r->err);
		return;
	}
	const struct tok_json *item = array + 1;
	for (size_t i = 0; i < count && r->status == TOK_OK; i++, item = tok_json_next(item)) {
		if (item->kind != TOK_JSON_ARRAY || item->count != 2) {
			hf_expected(r, item, "an entry", "a pair of piece and score");
			return;
		}
		entries[i].text = hf_text(r, item + 1);
		entries[i].id = (tok_id)i;
		entries[i].score = hf_real(r, tok_json_next(item + 1));
		if (r->status == TOK_OK && !tok_strings_add(&r->ids, entries[i].text, (tok_id)i))
			r->status =
			    tok_json_fail(r->doc, item, r->err, "the piece '%s' is there twice",
					  tok_show(entries[i].text).text);
	}
	r->out->model.entries = entries;
	r->out->model.entry_count = count;
}

static void read_unigram(struct hf_reader *r, const struct tok_json *object)
{
	struct tok_model_spec *model = &r->out->model;
	const struct tok_json *unk = hf_find(object, "unk_id");
	model->kind = TOK_MODEL_UNIGRAM;
	model->as.unigram.fuse_unk = true;
	read_pieces(r, hf_need(r, object, "vocab"));
	read_byte_fallback(r, tok_json_get(object, "byte_fallback"));
	const uint64_t id = unk ? hf_whole(r, unk, UINT64_MAX) : TOK_NO_ID;
	if (unk && r->status == TOK_OK && id >= model->entry_count)
		r->status = tok_json_fail(r->doc, unk, r->err,
					  "this must be the place of a piece: there are %zu",
					  model->entry_count);
	model->unk = (tok_id)id;
}

/* ---- which one -------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*read)(struct hf_reader *r, const struct tok_json *object);
} types[] = {
	{ "BPE", read_bpe },
	{ "WordPiece", read_wordpiece },
	{ "WordLevel", read_wordlevel },
	{ "Unigram", read_unigram },
};

static const struct hf_guess guesses[] = {
	{ "BPE", { "vocab", "merges" } },
	{ "WordPiece",
	  { "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab" } },
	{ "WordLevel", { "unk_token", "vocab" } },
	{ "Unigram", { "vocab" } },
};

void hf_read_model(struct hf_reader *r, const struct tok_json *value)
{
	const struct tok_span type =
	    hf_type(r, value, "a model", guesses, sizeof guesses / sizeof guesses[0]);
	r->out->model.unk = TOK_NO_ID;
	memset(r->out->model.byte_ids, 0xFF, sizeof r->out->model.byte_ids);
	for (size_t i = 0; i < sizeof types / sizeof types[0] && r->status == TOK_OK; i++) {
		if (tok_span_equal(type, tok_span_of(types[i].name))) {
			types[i].read(r, value);
			return;
		}
	}
	if (r->status == TOK_OK)
		r->status = tok_json_fail(r->doc, value, r->err,
					  "there is no model '%s': BPE, WordPiece, WordLevel and "
					  "Unigram are known",
					  tok_show(type).text);
}
