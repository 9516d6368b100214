#include "tok/text/normalize.h"

#include <stdlib.h>
#include <unicode/uchar.h>

#include "tok/text/normalize_internal.h"
#include "tok/text/unicode.h"
#include "tok/text/utf8.h"

enum { PASSES_OF_A_STEP = 6 }; /* at most: BERT's */

static struct norm_pass *add_pass(struct tok_normalizer *self, norm_run *run)
{
	struct norm_pass *pass = &self->passes[self->pass_count++];
	pass->run = run;
	return pass;
}

static void add_simple(struct tok_normalizer *self, norm_run *run, const struct norm_sure *sure)
{
	add_pass(self, run)->sure = sure;
}

static enum tok_status add_form(struct tok_normalizer *self, enum tok_norm_kind kind,
				struct tok_error *err)
{
	return norm_form_find(kind, &add_pass(self, norm_run_form)->as.form, err);
}

static const struct tok_bytemap *keep_map(struct tok_normalizer *self, struct tok_bytemap map)
{
	struct tok_bytemap *kept = tok_arena_array(&self->arena, 1, sizeof *kept);
	if (kept)
		*kept = map;
	return kept;
}

static enum tok_status add_replace(struct tok_normalizer *self, const struct tok_norm_step *step,
				   struct tok_error *err)
{
	struct norm_pass *pass = add_pass(self, norm_run_replace);
	pass->as.replace.content = tok_arena_copy(&self->arena, step->as.replace.content);
	if (!pass->as.replace.content.bytes)
		return tok_fail_memory(err);
	const struct tok_span pattern = step->as.replace.pattern;
	if (step->as.replace.dialect == TOK_REGEX_LITERAL && pattern.count == 1 &&
	    pattern.bytes[0] < 0x80 && step->as.replace.content.count <= TOK_BYTEMAP_MOST) {
		struct tok_bytemap map = tok_bytemap_identity();
		tok_bytemap_set(&map, pattern.bytes[0], step->as.replace.content);
		pass->as.replace.byte = pattern.bytes[0];
		pass->as.replace.map = keep_map(self, map);
		if (!pass->as.replace.map)
			return tok_fail_memory(err);
	}
	return tok_regex_new(step->as.replace.pattern, step->as.replace.dialect,
			     &pass->as.replace.regex, err);
}

static enum tok_status add_mapped(struct tok_normalizer *self, norm_run *run,
				  const struct norm_sure *sure, struct tok_bytemap map,
				  struct tok_error *err)
{
	struct norm_pass *pass = add_pass(self, run);
	pass->sure = sure;
	pass->as.bytes = keep_map(self, map);
	return pass->as.bytes ? TOK_OK : tok_fail_memory(err);
}

static enum tok_status add_lowercase(struct tok_normalizer *self, struct tok_error *err)
{
	return add_mapped(self, norm_run_lowercase, &norm_sure_lower, norm_lower_bytes(), err);
}

static enum tok_status add_bert_passes(struct tok_normalizer *self,
				       const struct tok_norm_step *step, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	if (step->as.bert.clean_text)
		status = add_mapped(self, norm_run_bert_clean, &norm_sure_clean, norm_clean_bytes(),
				    err);
	if (step->as.bert.handle_chinese_chars)
		add_simple(self, norm_run_bert_chinese, &norm_sure_chinese);
	if (status == TOK_OK && step->as.bert.strip_accents) {
		status = add_form(self, TOK_NORM_NFD, err);
		add_simple(self, norm_run_bert_accents, &norm_sure_accents);
	}
	if (status == TOK_OK && step->as.bert.lowercase)
		status = add_lowercase(self, err);
	return status;
}

static enum tok_status add_bert(struct tok_normalizer *self, const struct tok_norm_step *step,
				struct tok_error *err)
{
	struct norm_pass *quick = add_pass(self, norm_run_bert_quick);
	const enum tok_status status = add_bert_passes(self, step, err);
	quick->stands_for = (size_t)(self->passes + self->pass_count - (quick + 1));
	if (status != TOK_OK)
		return status;
	if (quick->stands_for == 0) { /* it does nothing */
		self->pass_count--;
		return TOK_OK;
	}
	quick->as.bert = norm_bert_new(step, quick + 1, quick->stands_for, &self->arena);
	return quick->as.bert ? TOK_OK : tok_fail_memory(err);
}

static enum tok_status add_prepend(struct tok_normalizer *self, struct tok_span text,
				   struct tok_error *err)
{
	struct norm_pass *pass = add_pass(self, norm_run_prepend);
	pass->as.prepend = tok_arena_copy(&self->arena, text);
	return pass->as.prepend.bytes ? TOK_OK : tok_fail_memory(err);
}

static enum tok_status add_precompiled(struct tok_normalizer *self, struct tok_span blob,
				       struct tok_error *err)
{
	struct norm_charsmap *map = &add_pass(self, norm_run_precompiled)->as.charsmap;
	const enum tok_status status = norm_charsmap_read(blob, &self->arena, map, err);
	if (status == TOK_OK && !tok_utf8_valid(map->strings))
		return tok_fail(err, TOK_EFORMAT, "the charsmap's strings must be UTF-8");
	return status;
}

static enum tok_status add_step(struct tok_normalizer *self, const struct tok_norm_step *step,
				struct tok_error *err)
{
	struct norm_pass *pass;

	switch (step->kind) {
	case TOK_NORM_NFC:
	case TOK_NORM_NFD:
	case TOK_NORM_NFKC:
	case TOK_NORM_NFKD:
		return add_form(self, step->kind, err);
	case TOK_NORM_NMT:
		add_pass(self, norm_run_nmt);
		return TOK_OK;
	case TOK_NORM_LOWERCASE:
		return add_lowercase(self, err);
	case TOK_NORM_STRIP:
		pass = add_pass(self, norm_run_strip);
		pass->as.strip.left = step->as.strip.left;
		pass->as.strip.right = step->as.strip.right;
		return TOK_OK;
	case TOK_NORM_STRIP_ACCENTS:
		add_simple(self, norm_run_strip_accents, &norm_sure_accents);
		return TOK_OK;
	case TOK_NORM_PREPEND:
		return add_prepend(self, step->as.prepend, err);
	case TOK_NORM_REPLACE:
		return add_replace(self, step, err);
	case TOK_NORM_BERT:
		return add_bert(self, step, err);
	case TOK_NORM_PRECOMPILED:
		return add_precompiled(self, step->as.precompiled, err);
	case TOK_NORM_BYTE_LEVEL:
		return add_mapped(self, norm_run_byte_level, NULL, tok_bytemap_alphabet(), err);
	case TOK_NORM_SENTENCEPIECE:
		pass = add_pass(self, norm_run_sentencepiece);
		return norm_sentencepiece_new(step, &self->arena, &pass->as.sentencepiece, err);
	}
	return tok_fail(err, TOK_EARG, "there is no normaliser of kind %d", (int)step->kind);
}

enum tok_status tok_normalizer_new(const struct tok_norm_step *steps, size_t count,
				   struct tok_normalizer **out, struct tok_error *err)
{
	struct tok_normalizer *self = calloc(1, sizeof *self);
	if (!self)
		return tok_fail_memory(err);
	if (count <= SIZE_MAX / PASSES_OF_A_STEP)
		self->passes =
		    tok_arena_array(&self->arena, count * PASSES_OF_A_STEP, sizeof *self->passes);
	if (!self->passes) {
		tok_normalizer_free(self);
		return tok_fail_memory(err);
	}

	for (size_t i = 0; i < count; i++) {
		const enum tok_status status = add_step(self, &steps[i], err);
		if (status != TOK_OK) {
			tok_normalizer_free(self);
			return status;
		}
	}
	self->step_count = count;
	*out = self;
	return TOK_OK;
}

void tok_normalizer_free(struct tok_normalizer *normalizer)
{
	if (!normalizer)
		return;
	for (size_t i = 0; i < normalizer->pass_count; i++)
		if (normalizer->passes[i].run == norm_run_replace)
			tok_regex_free(normalizer->passes[i].as.replace.regex);
	tok_arena_release(&normalizer->arena);
	free(normalizer);
}

size_t tok_normalizer_step_count(const struct tok_normalizer *normalizer)
{
	return normalizer->step_count;
}

struct tok_norm_scratch *tok_norm_scratch_new(void)
{
	struct tok_norm_scratch *scratch = calloc(1, sizeof *scratch);
	if (!scratch)
		return NULL;
	scratch->regex = tok_regex_scratch_new();
	if (!scratch->regex) {
		free(scratch);
		return NULL;
	}
	return scratch;
}

void tok_norm_scratch_free(struct tok_norm_scratch *scratch)
{
	if (!scratch)
		return;
	tok_text_release(&scratch->spare);
	norm_bert_memory_free(scratch->bert);
	free(scratch->pending.items);
	free(scratch->sorted.items);
	free(scratch->blocked.items);
	tok_regex_scratch_free(scratch->regex);
	free(scratch);
}

static bool keeps_space(const struct norm_pass *pass, struct tok_span text)
{
	return !(pass->as.strip.left && tok_unicode_space(tok_utf8_at(text, 0).code)) &&
	       !(pass->as.strip.right && tok_unicode_space(tok_utf8_before(text, text.count).code));
}

static bool keeps(const struct norm_pass *pass, struct tok_span text)
{
	if (pass->stands_for)
		return true; /* those that it stands for are asked */
	if (pass->run == norm_run_form)
		return norm_form_skip(&pass->as.form, text, 0) == text.count;
	if (pass->sure)
		return norm_skip_sure(pass->sure, text, 0) == text.count;
	if (pass->run == norm_run_replace)
		return pass->as.replace.map &&
		       !memchr(text.bytes, pass->as.replace.byte, text.count);
	return pass->run == norm_run_strip && keeps_space(pass, text);
}

bool tok_normalizer_keeps(const struct tok_normalizer *normalizer, struct tok_span text)
{
	for (size_t i = 0; i < normalizer->pass_count && text.count; i++)
		if (!keeps(&normalizer->passes[i], text))
			return false;
	return true;
}

enum tok_status norm_run_passes(const struct norm_pass *passes, size_t count, struct tok_text *text,
				struct tok_text *spare, struct tok_norm_scratch *scratch,
				struct tok_error *err)
{
	struct tok_range start = { 0, 0 };
	if (text->tracked && text->count)
		start.begin = start.end = text->origin[0].begin;

	for (size_t i = 0; i < count && text->count; i++) {
		const struct norm_pass *pass = &passes[i];
		if (pass->stands_for && text->tracked)
			continue;
		i += pass->stands_for;
		struct norm_edit edit = { .from = text, .to = spare, .start = start };
		tok_text_clear(edit.to);
		edit.to->tracked = text->tracked;
		edit.to->continues = text->continues;

		const enum tok_status status = pass->run(pass, &edit, scratch, err);
		if (status != TOK_OK)
			return status;
		const bool changed = norm_edit_finish(&edit);
		if (edit.failed)
			return tok_fail_memory(err);
		if (changed) {
			const struct tok_text result = *spare;
			*spare = *text;
			*text = result;
		}
	}
	return TOK_OK;
}

enum tok_status tok_normalize(const struct tok_normalizer *normalizer,
			      struct tok_norm_scratch *scratch, struct tok_text *text,
			      struct tok_error *err)
{
	return norm_run_passes(normalizer->passes, normalizer->pass_count, text, &scratch->spare,
			       scratch, err);
}

bool norm_unicode_has(uint32_t code, unsigned major)
{
	UVersionInfo age;
	if (code > 0x10FFFF)
		return false;
	u_charAge((UChar32)code, age);
	return age[0] != 0 && age[0] <= major;
}

size_t norm_skip_ascii(struct tok_span text, size_t at)
{
	for (uint64_t word; at + sizeof word <= text.count; at += sizeof word) {
		memcpy(&word, text.bytes + at, sizeof word);
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	while (at < text.count && text.bytes[at] < 0x80)
		at++;
	return at;
}
