#include "vocab/train/recipe.h"

#include "tok/text/utf8.h"
#include "vocab/format/read.h"
#include "vocab/format/write.h"

enum { METASPACE = 0x2581, STEPS_MAX = 4 };

/* ---- steps ---------------------------------------------------------------- */

static struct tok_pretok_step split_by(const char *name)
{
	return (struct tok_pretok_step){
		.kind = TOK_PRETOK_SPLIT,
		.as.split = { .pattern = tok_span_of(tok_pretok_pattern(name)),
			      .dialect = TOK_REGEX_ONIGURUMA,
			      .behavior = TOK_ISOLATED },
	};
}

static struct tok_pretok_step to_bytes(bool splits)
{
	return (struct tok_pretok_step){ .kind = TOK_PRETOK_BYTE_LEVEL,
					 .as.byte_level.use_regex = splits };
}

static struct tok_pretok_step to_metaspace(enum tok_prepend prepend)
{
	return (struct tok_pretok_step){
		.kind = TOK_PRETOK_METASPACE,
		.as.metaspace = { .replacement = METASPACE, .prepend = prepend, .split = true },
	};
}

static enum tok_status set_pretokenizers(struct tok_spec *spec, const struct tok_pretok_step *steps,
					 size_t count, struct tok_error *err)
{
	struct tok_pretok_step *kept = tok_arena_array(&spec->arena, count, sizeof *kept);
	if (!kept)
		return tok_fail_memory(err);
	if (count)
		memcpy(kept, steps, count * sizeof *kept);
	spec->pretokenizers = kept;
	spec->pretokenizer_count = count;
	return TOK_OK;
}

static enum tok_status set_normalizers(struct tok_spec *spec, const struct tok_norm_step *steps,
				       size_t count, struct tok_error *err)
{
	struct tok_norm_step *kept = tok_arena_array(&spec->arena, count, sizeof *kept);
	if (!kept)
		return tok_fail_memory(err);
	if (count)
		memcpy(kept, steps, count * sizeof *kept);
	spec->normalizers = kept;
	spec->normalizer_count = count;
	return TOK_OK;
}

static enum tok_status set_decoder(struct tok_spec *spec, struct tok_decode_step step,
				   struct tok_error *err)
{
	struct tok_decode_step *kept = tok_arena_array(&spec->arena, 1, sizeof *kept);
	if (!kept)
		return tok_fail_memory(err);
	*kept = step;
	spec->decoders = kept;
	spec->decoder_count = 1;
	spec->has_decoder = true;
	return TOK_OK;
}

static enum tok_status set_metaspace_decoder(struct tok_spec *spec, enum tok_prepend prepend,
					     struct tok_error *err)
{
	const struct tok_decode_step step = {
		.kind = TOK_DECODE_METASPACE,
		.as.metaspace = { .replacement = METASPACE, .prepend = prepend },
	};
	return set_decoder(spec, step, err);
}

/* ---- families ------------------------------------------------------------- */

static size_t list_steps(enum vocab_family family, struct tok_pretok_step steps[STEPS_MAX])
{
	size_t count = 0;
	switch (family) {
	case VOCAB_FAMILY_GPT2:
		steps[count++] = to_bytes(true);
		return count;
	case VOCAB_FAMILY_CL100K:
		steps[count++] = split_by("cl100k");
		break;
	case VOCAB_FAMILY_QWEN2:
		steps[count++] = split_by("qwen");
		break;
	case VOCAB_FAMILY_O200K:
		steps[count++] = split_by("o200k");
		break;
	case VOCAB_FAMILY_TEKKEN:
		steps[count++] = split_by("tekken");
		break;
	case VOCAB_FAMILY_DEEPSEEK3:
		steps[count++] = split_by("number3");
		steps[count++] = split_by("han_kana");
		steps[count++] = split_by("deepseek");
		break;
	case VOCAB_FAMILY_WHITESPACE:
		steps[count++] = (struct tok_pretok_step){ .kind = TOK_PRETOK_WHITESPACE_SPLIT };
		return count;
	case VOCAB_FAMILY_WORDS:
		steps[count++] = (struct tok_pretok_step){ .kind = TOK_PRETOK_WHITESPACE };
		return count;
	case VOCAB_FAMILY_BERT:
		steps[count++] = (struct tok_pretok_step){ .kind = TOK_PRETOK_BERT };
		return count;
	case VOCAB_FAMILY_METASPACE:
		steps[count++] = to_metaspace(TOK_PREPEND_ALWAYS);
		return count;
	case VOCAB_FAMILY_NONE:
		return count;
	}
	steps[count++] = to_bytes(false);
	return count;
}

enum tok_status vocab_recipe_family(enum vocab_family family, struct tok_spec *out,
				    struct tok_error *err)
{
	struct tok_pretok_step steps[STEPS_MAX];
	const struct tok_decode_step pieces = { .kind = TOK_DECODE_WORDPIECE,
						.as.wordpiece = { .prefix = tok_span_of("##"),
								  .cleanup = true } };
	enum tok_status status = set_pretokenizers(out, steps, list_steps(family, steps), err);
	if (status == TOK_OK && family <= VOCAB_FAMILY_DEEPSEEK3)
		status = set_decoder(out, (struct tok_decode_step){ .kind = TOK_DECODE_BYTE_LEVEL },
				     err);
	if (status == TOK_OK && family == VOCAB_FAMILY_METASPACE)
		status = set_metaspace_decoder(out, TOK_PREPEND_ALWAYS, err);
	if (status == TOK_OK && family == VOCAB_FAMILY_BERT)
		status = set_decoder(out, pieces, err);
	if (status == TOK_OK && family == VOCAB_FAMILY_BERT)
		status = vocab_recipe_normalize(out, VOCAB_NORMALIZER_BERT, err);
	return status;
}

/* ---- normalizers ---------------------------------------------------------- */

enum tok_status vocab_recipe_normalize(struct tok_spec *spec, enum vocab_normalizer normalizer,
				       struct tok_error *err)
{
	struct tok_norm_step step = { 0 };
	switch (normalizer) {
	case VOCAB_NORMALIZER_NONE:
		return set_normalizers(spec, NULL, 0, err);
	case VOCAB_NORMALIZER_NFC:
		step.kind = TOK_NORM_NFC;
		break;
	case VOCAB_NORMALIZER_NFD:
		step.kind = TOK_NORM_NFD;
		break;
	case VOCAB_NORMALIZER_NFKC:
		step.kind = TOK_NORM_NFKC;
		break;
	case VOCAB_NORMALIZER_NFKD:
		step.kind = TOK_NORM_NFKD;
		break;
	case VOCAB_NORMALIZER_LOWERCASE:
		step.kind = TOK_NORM_LOWERCASE;
		break;
	case VOCAB_NORMALIZER_BERT:
	case VOCAB_NORMALIZER_BERT_CASED:
		step.kind = TOK_NORM_BERT;
		step.as.bert.clean_text = step.as.bert.handle_chinese_chars = true;
		step.as.bert.lowercase = normalizer == VOCAB_NORMALIZER_BERT;
		step.as.bert.strip_accents = step.as.bert.lowercase;
		break;
	}
	return set_normalizers(spec, &step, 1, err);
}

/* ---- of another tokenizer ------------------------------------------------- */

/* Expressions of Rust's dialect in that of tokenizer.json. */
static enum tok_status respell(struct tok_spec *spec, struct tok_error *err)
{
	enum tok_status status =
	    set_pretokenizers(spec, spec->pretokenizers, spec->pretokenizer_count, err);
	struct tok_pretok_step *steps = (struct tok_pretok_step *)(uintptr_t)spec->pretokenizers;
	for (size_t i = 0; i < spec->pretokenizer_count && status == TOK_OK; i++) {
		struct tok_pretok_step *step = &steps[i];
		if (step->kind != TOK_PRETOK_SPLIT || step->as.split.dialect != TOK_REGEX_RUST)
			continue;
		const char *known = tok_pretok_oniguruma(step->as.split.pattern);
		if (!known)
			return tok_fail(err, TOK_EARG,
					"its splitter is one of Rust's expressions that a "
					"tokenizer.json cannot say: take a family instead");
		step->as.split.pattern = tok_span_of(known);
		step->as.split.dialect = TOK_REGEX_ONIGURUMA;
	}
	return status;
}

/* Words of raw bytes come from a last step that says so. */
static enum tok_status end_in_bytes(struct tok_spec *spec, struct tok_error *err)
{
	struct tok_pretok_step steps[STEPS_MAX + 1];
	if (!spec->raw_vocabulary)
		return TOK_OK;
	if (spec->pretokenizer_count > STEPS_MAX)
		return tok_fail(err, TOK_EARG, "its splitter has more than %d steps", STEPS_MAX);
	spec->raw_vocabulary = false;
	memcpy(steps, spec->pretokenizers, spec->pretokenizer_count * sizeof *steps);
	steps[spec->pretokenizer_count] = to_bytes(false);
	const enum tok_status status =
	    set_pretokenizers(spec, steps, spec->pretokenizer_count + 1, err);
	if (status != TOK_OK)
		return status;
	return set_decoder(spec, (struct tok_decode_step){ .kind = TOK_DECODE_BYTE_LEVEL }, err);
}

/* As the converter of Hugging Face's transformers has it. */
static enum tok_status from_sentencepiece(struct tok_spec *spec, struct tok_error *err)
{
	const struct tok_norm_step *own = spec->normalizers;
	struct tok_norm_step steps[3];
	size_t count = 0;
	if (spec->normalizer_count != 1 || own->kind != TOK_NORM_SENTENCEPIECE ||
	    own->as.sentencepiece.whitespace_as_suffix || spec->pretokenizer_count)
		return tok_fail(err, TOK_EARG,
				"what this SentencePiece model does with spaces cannot be said in "
				"a tokenizer.json: take the family metaspace instead");
	const enum tok_prepend prepend =
	    own->as.sentencepiece.add_dummy_prefix ? TOK_PREPEND_ALWAYS : TOK_PREPEND_NEVER;
	if (own->as.sentencepiece.charsmap.count) {
		steps[count].kind = TOK_NORM_PRECOMPILED;
		steps[count++].as.precompiled = own->as.sentencepiece.charsmap;
	}
	if (own->as.sentencepiece.remove_extra_whitespaces) {
		steps[count] =
		    (struct tok_norm_step){ .kind = TOK_NORM_STRIP, .as.strip = { true, true } };
		steps[count + 1] = (struct tok_norm_step){
			.kind = TOK_NORM_REPLACE,
			.as.replace = { .pattern = tok_span_of(" {2,}"),
					.content = tok_span_of(" "),
					.dialect = TOK_REGEX_ONIGURUMA },
		};
		count += 2;
	}
	const struct tok_pretok_step words = to_metaspace(prepend);
	spec->sentencepiece = false;
	enum tok_status status = set_normalizers(spec, steps, count, err);
	if (status == TOK_OK)
		status = set_pretokenizers(spec, &words, 1, err);
	return status == TOK_OK ? set_metaspace_decoder(spec, prepend, err) : status;
}

static bool replaces_spaces(const struct tok_norm_step *step)
{
	return step->kind == TOK_NORM_REPLACE &&
	       tok_span_equal(step->as.replace.pattern, tok_span_of(" ")) &&
	       tok_span_equal(step->as.replace.content, tok_span_of("\u2581"));
}

/* Normalizers that end in spaces becoming U+2581, and no cut: none at all, or at spaces,
 * of which there are none any more. */
static bool marks_spaces(const struct tok_spec *spec)
{
	const struct tok_pretok_step *cut = spec->pretokenizers;
	const size_t count = spec->normalizer_count;
	if (count == 0 || !replaces_spaces(&spec->normalizers[count - 1]))
		return false;
	return spec->pretokenizer_count == 0 ||
	       (spec->pretokenizer_count == 1 && cut->kind == TOK_PRETOK_SPLIT &&
		tok_span_equal(cut->as.split.pattern, tok_span_of(" ")));
}

static enum tok_status from_marked_spaces(struct tok_spec *spec, struct tok_error *err)
{
	size_t count = spec->normalizer_count - 1;
	const struct tok_norm_step *before = count ? &spec->normalizers[count - 1] : NULL;
	enum tok_prepend prepend = TOK_PREPEND_NEVER;
	if (before && before->kind == TOK_NORM_PREPEND &&
	    tok_span_equal(before->as.prepend, tok_span_of("\u2581"))) {
		prepend = TOK_PREPEND_ALWAYS;
		count--;
	}
	const struct tok_pretok_step words = to_metaspace(prepend);
	enum tok_status status = set_normalizers(spec, spec->normalizers, count, err);
	if (status == TOK_OK)
		status = set_pretokenizers(spec, &words, 1, err);
	return status == TOK_OK ? set_metaspace_decoder(spec, prepend, err) : status;
}

static enum tok_status number_added(struct tok_spec *spec, struct tok_error *err)
{
	struct tok_added_token *added =
	    tok_arena_array(&spec->arena, spec->added_count, sizeof *added);
	if (!added)
		return tok_fail_memory(err);
	for (size_t i = 0; i < spec->added_count; i++) {
		added[i] = spec->added[i];
		added[i].id = (tok_id)i;
	}
	spec->added = added;
	return TOK_OK;
}

enum tok_status vocab_recipe_like(struct tok_spec *spec, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	if (spec->sentencepiece)
		status = from_sentencepiece(spec, err);
	else if (marks_spaces(spec))
		status = from_marked_spaces(spec, err);
	if (status == TOK_OK)
		status = end_in_bytes(spec, err);
	if (status == TOK_OK)
		status = respell(spec, err);
	if (status == TOK_OK)
		status = number_added(spec, err);
	spec->posts = NULL;
	spec->post_count = 0;
	spec->truncation = (struct tok_truncation){ 0 };
	spec->padding = (struct tok_padding){ 0 };
	return status;
}

/* ---- the whole ------------------------------------------------------------ */

enum tok_status vocab_recipe_add_special(struct tok_spec *spec, struct tok_span content,
					 struct tok_error *err)
{
	const size_t count = spec->added_count;
	if (content.count == 0)
		return tok_fail(err, TOK_EARG, "a special token cannot be empty");
	for (size_t i = 0; i < count; i++)
		if (tok_span_equal(spec->added[i].content, content))
			return TOK_OK;
	struct tok_added_token *added = tok_arena_array(&spec->arena, count + 1, sizeof *added);
	const struct tok_span copy = tok_arena_copy(&spec->arena, content);
	if (!added || !copy.bytes)
		return tok_fail_memory(err);
	if (count)
		memcpy(added, spec->added, count * sizeof *added);
	added[count] =
	    (struct tok_added_token){ .content = copy, .id = (tok_id)count, .special = true };
	spec->added = added;
	spec->added_count = count + 1;
	return TOK_OK;
}

bool vocab_recipe_has_bytes(const struct tok_spec *spec)
{
	const size_t count = spec->pretokenizer_count;
	for (size_t i = 0; i < spec->normalizer_count; i++)
		if (spec->normalizers[i].kind == TOK_NORM_BYTE_LEVEL)
			return true;
	for (size_t i = 0; i < count; i++)
		if (spec->pretokenizers[i].kind == TOK_PRETOK_BYTE_LEVEL)
			return true;
	return false;
}

/* The byte-level alphabet in the order of its characters, as trainers number it. */
static size_t list_alphabet(struct tok_vocab_entry entries[256], uint8_t texts[256][4],
			    tok_id first)
{
	size_t count = 0;
	for (uint32_t code = 0; code < 0x180; code++) {
		if (tok_char_to_byte(code) < 0)
			continue;
		const size_t length = tok_utf8_put(code, texts[count]);
		entries[count] = (struct tok_vocab_entry){ .text = { texts[count], length },
							   .id = first + (tok_id)count };
		count++;
	}
	return count;
}

enum tok_status vocab_recipe_finish(struct tok_spec *spec, struct tok_buffer *out,
				    struct tok_error *err)
{
	struct tok_vocab_entry entries[256];
	uint8_t texts[256][4];
	spec->model = (struct tok_model_spec){
		.kind = TOK_MODEL_BPE,
		.entries = entries,
		.unk = TOK_NO_ID,
		.as.bpe = { .order = TOK_BPE_MERGES },
	};
	for (size_t i = 0; i < 256; i++)
		spec->model.byte_ids[i] = TOK_NO_ID;
	if (vocab_recipe_has_bytes(spec))
		spec->model.entry_count = list_alphabet(entries, texts, (tok_id)spec->added_count);
	const enum tok_status status = vocab_write(VOCAB_TOKENIZER_JSON, spec, out, err);
	spec->model.entries = NULL;
	spec->model.entry_count = 0;
	return status;
}

/* Are the recipes of the same words equal in what `keep_cuts` leaves of them? */
static enum tok_status compare_part(const struct tok_spec *a, const struct tok_spec *b,
				    bool keep_cuts, bool *equal, struct tok_error *err)
{
	const struct tok_spec *sides[2] = { a, b };
	struct tok_buffer texts[2] = { 0 };
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < 2 && status == TOK_OK; i++) {
		struct tok_spec part = { 0 };
		if (keep_cuts) {
			part.pretokenizers = sides[i]->pretokenizers;
			part.pretokenizer_count = sides[i]->pretokenizer_count;
		} else {
			part.normalizers = sides[i]->normalizers;
			part.normalizer_count = sides[i]->normalizer_count;
		}
		status = vocab_recipe_finish(&part, &texts[i], err);
	}
	*equal = tok_span_equal(tok_buffer_span(&texts[0]), tok_buffer_span(&texts[1]));
	tok_buffer_release(&texts[0]);
	tok_buffer_release(&texts[1]);
	return status;
}

enum tok_status vocab_recipe_compare(const struct tok_spec *a, const struct tok_spec *b,
				     const char **part, struct tok_error *err)
{
	bool equal = false;
	*part = NULL;
	enum tok_status status = compare_part(a, b, false, &equal, err);
	if (status == TOK_OK && !equal)
		*part = "normalizer";
	if (status == TOK_OK && equal)
		status = compare_part(a, b, true, &equal, err);
	if (status == TOK_OK && !equal && !*part)
		*part = "pre-tokenizer";
	return status;
}

enum tok_status vocab_recipe_open(struct tok_span recipe, struct tok_tokenizer **out,
				  struct tok_error *err)
{
	struct tok_spec spec = { 0 };
	enum tok_status status = vocab_read_bytes(recipe, NULL, &spec, err);
	if (status == TOK_OK)
		status = tok_tokenizer_new(&spec, out, err);
	tok_spec_release(&spec);
	return status;
}
