/* transplant_mapping.c - mapping.safetensors: recipes, and how the run that made them was asked. */
#include "cmd/transplant_mapping.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cli_hash.h"
#include "cmd/transplant_files.h"
#include "cmd/transplant_report.h"

/* ---- writing -------------------------------------------------------------------------------- */

/* Ids whose rows are sums of pieces, as "3 7-9". */
static bool put_pieces(struct tok_buffer *out, const struct transplant_side_report *side,
		       size_t count)
{
	bool ok = true;
	for (size_t id = 0; side->how && id < count && ok; id++) {
		char text[64];
		const size_t first = id;
		if (side->how[id] != TRANSPLANT_BY_PIECES)
			continue;
		while (id + 1 < count && side->how[id + 1] == TRANSPLANT_BY_PIECES)
			id++;
		const char *between = out->count ? " " : "";
		const int n = first == id
				  ? snprintf(text, sizeof text, "%s%zu", between, id)
				  : snprintf(text, sizeof text, "%s%zu-%zu", between, first, id);
		ok = tok_buffer_add(out, text, (size_t)n);
	}
	return ok && tok_buffer_add_byte(out, '\0');
}

struct texts {
	struct cli_hash source, target;
	struct tok_buffer pieces[TRANSPLANT_SIDES], options;
	char seed[24];
};

static void release_texts(struct texts *t)
{
	tok_buffer_release(&t->pieces[TRANSPLANT_IN]);
	tok_buffer_release(&t->pieces[TRANSPLANT_OUT]);
	tok_buffer_release(&t->options);
}

static enum tok_status make_texts(struct texts *t, const struct transplant_case *c,
				  const struct transplant_choice *choice,
				  const struct transplant_recipes *r, struct tok_error *err)
{
	enum tok_status status = cli_hash_tokenizer(c->source.tokenizer, &t->source, err);
	if (status == TOK_OK)
		status = cli_hash_tokenizer(c->target.tokenizer, &t->target, err);
	if (status == TOK_OK)
		status = transplant_report_options(c->options, choice, r, &t->options, err);
	if (status == TOK_OK && !tok_buffer_add_byte(&t->options, '\0'))
		status = tok_fail_memory(err);
	for (int side = 0; side < TRANSPLANT_SIDES && status == TOK_OK; side++)
		if (!put_pieces(&t->pieces[side], &r->reports[side], c->matches.count))
			status = tok_fail_memory(err);
	snprintf(t->seed, sizeof t->seed, "%" PRIu64, c->options->seed);
	return status;
}

static const char *text_in(const struct tok_buffer *b)
{
	return (const char *)b->bytes;
}

enum tok_status transplant_mapping_write(const struct transplant_case *c,
					 const struct transplant_choice *choice,
					 const struct transplant_recipes *recipes, const char *path,
					 struct tok_error *err)
{
	const struct transplant_options *o = c->options;
	struct texts t = { 0 };
	enum tok_status status = make_texts(&t, c, choice, recipes, err);
	if (status == TOK_OK) {
		char tie[16], dtype[16], chat[16];
		transplant_word(HYPER_TIE_WORDS, o->tie, tie, sizeof tie);
		transplant_word(TRANSPLANT_DTYPE_WORDS, o->dtype, dtype, sizeof dtype);
		transplant_word(TRANSPLANT_CHAT_WORDS, o->chat_template, chat, sizeof chat);
		const struct hyper_text_pair pairs[] = {
			{ "source", t.source.text },
			{ "target", t.target.text },
			{ "in_method", transplant_method_name(choice->method[TRANSPLANT_IN]) },
			{ "out_method", transplant_method_name(choice->method[TRANSPLANT_OUT]) },
			{ "tie", tie },
			{ "dtype", dtype },
			{ "match", o->match ? o->match : TRANSPLANT_MATCH },
			{ "chat_template", chat },
			{ "pre", o->pre ? o->pre : "" },
			{ "seed", t.seed },
			{ "in_pieces", text_in(&t.pieces[TRANSPLANT_IN]) },
			{ "out_pieces", text_in(&t.pieces[TRANSPLANT_OUT]) },
			{ "options", text_in(&t.options) },
		};
		status = hyper_recipe_write(transplant_recipe(recipes, TRANSPLANT_IN),
					    transplant_recipe(recipes, TRANSPLANT_OUT), pairs,
					    sizeof pairs / sizeof *pairs, path, err);
	}
	release_texts(&t);
	return status;
}

/* ---- reading -------------------------------------------------------------------------------- */

enum tok_status transplant_mapping_open(struct transplant_mapping *out, const char *done,
					struct tok_error *err)
{
	struct transplant_mapping m = { 0 };
	if (asprintf(&m.path, "%s/" HYPER_MAPPING_NAME, done) < 0)
		return tok_fail_memory(err);
	enum tok_status status = TOK_OK;
	if (access(m.path, F_OK) != 0)
		status =
		    tok_fail(err, TOK_EARG,
			     "%s: there is no such file, because rows were made that belong to "
			     "one model, or because no transplant made this folder",
			     m.path);
	if (status == TOK_OK)
		status = hyper_tensors_open(m.path, &m.file, err);
	if (status == TOK_OK)
		*out = m;
	else
		transplant_mapping_close(&m);
	return status;
}

void transplant_mapping_close(struct transplant_mapping *mapping)
{
	hyper_tensors_close(mapping->file);
	free(mapping->path);
	*mapping = (struct transplant_mapping){ 0 };
}

static enum tok_status find_text(const struct transplant_mapping *m, const char *key,
				 const char **out, struct tok_error *err)
{
	*out = hyper_tensors_metadata(m->file, key);
	if (*out)
		return TOK_OK;
	return tok_fail(err, TOK_EFORMAT,
			"%s: it does not say '%s' of the run that made it: run it again", m->path,
			key);
}

/* An option of words, as the run had it. */
static enum tok_status restore_word(const struct transplant_mapping *m, const char *key,
				    const char *words, int *option, struct tok_error *err)
{
	const char *text;
	int index = -1;
	enum tok_status status = find_text(m, key, &text, err);
	if (status != TOK_OK)
		return status;
	if (*text && (index = transplant_word_find(words, text)) < 0)
		return tok_fail(err, TOK_EFORMAT, "%s: '%s' is no %s", m->path, text, key);
	if (*option >= 0 && *option != index)
		return tok_fail(err, TOK_EARG,
				"apply does what was done, and that was %s '%s': it takes no other",
				key, *text ? text : "as the model has it");
	*option = index;
	return TOK_OK;
}

static enum tok_status restore_text(const struct transplant_mapping *m, const char *key,
				    const char **option, struct tok_error *err)
{
	const char *text;
	const enum tok_status status = find_text(m, key, &text, err);
	if (status != TOK_OK)
		return status;
	if (*option && strcmp(*option, text) != 0)
		return tok_fail(err, TOK_EARG,
				"apply does what was done, and that was %s '%s': it takes no other",
				key, text);
	*option = *text ? text : NULL;
	return TOK_OK;
}

enum tok_status transplant_mapping_options(const struct transplant_mapping *m,
					   const struct transplant_options *asked,
					   struct transplant_options *out, struct tok_error *err)
{
	struct transplant_options o = *asked;
	const char *seed;
	enum tok_status status = restore_text(m, "in_method", &o.in_method, err);
	if (status == TOK_OK)
		status = restore_text(m, "out_method", &o.out_method, err);
	if (status == TOK_OK)
		status = restore_text(m, "match", &o.match, err);
	if (status == TOK_OK)
		status = restore_text(m, "pre", &o.pre, err);
	if (status == TOK_OK)
		status = restore_word(m, "tie", HYPER_TIE_WORDS, &o.tie, err);
	if (status == TOK_OK)
		status = restore_word(m, "dtype", TRANSPLANT_DTYPE_WORDS, &o.dtype, err);
	if (status == TOK_OK)
		status =
		    restore_word(m, "chat_template", TRANSPLANT_CHAT_WORDS, &o.chat_template, err);
	if (status == TOK_OK)
		status = find_text(m, "seed", &seed, err);
	if (status != TOK_OK)
		return status;
	o.seed = strtoull(seed, NULL, 10);
	if (asked->seed != TRANSPLANT_SEED_UNSET && asked->seed != o.seed)
		return tok_fail(
		    err, TOK_EARG,
		    "apply does what was done, and that was seed '%s': it takes no other", seed);
	*out = transplant_settled(&o);
	return TOK_OK;
}

/* ---- the recipes ---------------------------------------------------------------------------- */

static enum tok_status check_tokenizer(const struct transplant_mapping *m, const char *key,
				       const char *whose, const struct transplant_vocab *v,
				       const char *path, struct tok_error *err)
{
	struct cli_hash hash;
	const char *wanted;
	enum tok_status status = find_text(m, key, &wanted, err);
	if (status == TOK_OK)
		status = cli_hash_tokenizer(v->tokenizer, &hash, err);
	if (status == TOK_OK && strcmp(hash.text, wanted) != 0)
		status = tok_fail(err, TOK_EARG,
				  "%s is of a run whose %s tokenizer has the hash %s, and that of "
				  "'%s' has %s: rows would be those of other tokens",
				  m->path, whose, wanted, path, hash.text);
	return status;
}

/* What was copied then is a match, whatever --special-map or roles said, and nothing else is. */
static void settle_classes(struct hyper_matches *m, const struct hyper_recipe *recipe)
{
	for (size_t id = 0; id < m->count; id++) {
		const bool copied = recipe->origins[id] == HYPER_ROW_COPY;
		enum hyper_match_class class = m->classes[id];
		if (class == HYPER_MATCH_NONE)
			continue;
		if (!copied)
			class = HYPER_MATCH_NEW;
		else if (class == HYPER_MATCH_NEW || m->source[id] != recipe->sources[id])
			class = HYPER_MATCH_ROLE;
		m->counts[m->classes[id]]--;
		m->counts[class]++;
		m->classes[id] = (uint8_t) class;
		m->source[id] = copied ? recipe->sources[id] : TOK_NO_ID;
	}
}

/* "3 7-9"; false: that is something else. */
static bool mark_pieces(struct transplant_side_report *side, const char *text, size_t count)
{
	while (*text) {
		char *end;
		const unsigned long first = strtoul(text, &end, 10);
		const unsigned long last = *end == '-' ? strtoul(end + 1, &end, 10) : first;
		if (end == text || (*end && *end != ' ') || last < first || last >= count)
			return false;
		for (size_t id = first; id <= last; id++) {
			if (side->how[id] != TRANSPLANT_BY_METHOD)
				return false;
			side->how[id] = TRANSPLANT_BY_PIECES;
			side->counts[TRANSPLANT_BY_METHOD]--;
			side->counts[TRANSPLANT_BY_PIECES]++;
		}
		text = *end ? end + 1 : end;
	}
	return true;
}

static enum tok_status tell_sides(const struct transplant_mapping *m,
				  const struct transplant_case *c,
				  const struct transplant_choice *choice,
				  struct transplant_recipes *r, struct tok_error *err)
{
	static const char *const keys[TRANSPLANT_SIDES] = { "in_pieces", "out_pieces" };
	enum tok_status status = transplant_recipes_recount(c, choice, r, err);
	for (int side = 0; side < (r->both ? 1 : TRANSPLANT_SIDES) && status == TOK_OK; side++) {
		const char *text;
		status = find_text(m, keys[side], &text, err);
		if (status == TOK_OK && !mark_pieces(&r->reports[side], text, c->matches.count))
			status = tok_fail(err, TOK_EFORMAT, "%s: '%s' holds no ids of sums",
					  m->path, keys[side]);
	}
	return status == TOK_OK ? find_text(m, "options", &r->options, err) : status;
}

enum tok_status transplant_mapping_recipes(const struct transplant_mapping *m,
					   struct transplant_case *c,
					   const struct transplant_choice *choice,
					   struct transplant_recipes *out, struct tok_error *err)
{
	struct transplant_recipes r = { 0 };
	const char *own = c->options->source_tokenizer ? c->options->source_tokenizer : c->path;
	enum tok_status status = check_tokenizer(m, "source", "old", &c->source, own, err);
	if (status == TOK_OK)
		status = check_tokenizer(m, "target", "new", &c->target, c->target_path, err);
	if (status == TOK_OK)
		status = hyper_recipe_read(m->path, c->embeddings.input->shape[0],
					   &r.sides[TRANSPLANT_IN], &r.sides[TRANSPLANT_OUT], err);
	r.rows = r.sides[TRANSPLANT_IN].rows;
	r.both = r.sides[TRANSPLANT_OUT].rows == 0;
	if (status == TOK_OK && r.rows < c->matches.count)
		status = tok_fail(err, TOK_EARG,
				  "the mapping has %zu rows, and the tokenizer beside it %zu ids",
				  r.rows, c->matches.count);
	if (status == TOK_OK) {
		settle_classes(&c->matches, &r.sides[TRANSPLANT_IN]);
		status = tell_sides(m, c, choice, &r, err);
	}
	if (status == TOK_OK)
		*out = r;
	else
		transplant_recipes_release(&r);
	return status;
}
