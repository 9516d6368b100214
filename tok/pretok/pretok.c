#include "tok/pretok/pretok.h"

#include <stdlib.h>

#include "tok/base/buffer.h"
#include "tok/pretok/pretok_internal.h"

struct tok_pretok_scratch {
	struct tok_text text;
	struct tok_pieces pieces;
	struct tok_regex_scratch *regex;
};

bool tok_pieces_add(struct tok_pieces *pieces, size_t begin, size_t end)
{
	if (pieces->count == pieces->capacity &&
	    !tok_grow(&pieces->ranges, &pieces->capacity, pieces->count + 1,
		      sizeof *pieces->ranges))
		return false;
	pieces->ranges[pieces->count++] = (struct tok_range){ (uint32_t)begin, (uint32_t)end };
	return true;
}

void tok_pieces_release(struct tok_pieces *pieces)
{
	free(pieces->ranges);
	*pieces = (struct tok_pieces){ 0 };
}

struct tok_pretok_scratch *tok_pretok_scratch_new(void)
{
	struct tok_pretok_scratch *scratch = calloc(1, sizeof *scratch);
	if (!scratch)
		return NULL;
	scratch->regex = tok_regex_scratch_new();
	if (!scratch->regex) {
		free(scratch);
		return NULL;
	}
	return scratch;
}

void tok_pretok_scratch_free(struct tok_pretok_scratch *scratch)
{
	if (!scratch)
		return;
	tok_regex_scratch_free(scratch->regex);
	tok_text_release(&scratch->text);
	tok_pieces_release(&scratch->pieces);
	free(scratch);
}

/* ---- from steps to operations -------------------------------------------- */

#define MOST_OPS_A_STEP 3 /* ByteLevel: a space, a cut, the alphabet */

static void add_op(struct tok_pretokenizer *p, struct pretok_op op)
{
	p->ops[p->count] = op;
	pretok_rewrite_prepare(&p->ops[p->count++]);
}

static void add_class(struct tok_pretokenizer *p, enum pretok_class which,
		      enum tok_behavior behavior)
{
	add_op(p, (struct pretok_op){
		      .kind = PRETOK_CUT_CLASS, .which = which, .behavior = behavior });
}

static void add_character(struct tok_pretokenizer *p, uint32_t character,
			  enum tok_behavior behavior)
{
	add_op(p, (struct pretok_op){ .kind = PRETOK_CUT_CLASS,
				      .which = PRETOK_CHARACTER,
				      .character = character,
				      .behavior = behavior });
}

static enum tok_status add_split(struct tok_pretokenizer *p, const struct tok_pretok_step *step,
				 struct tok_error *err)
{
	const struct tok_span pattern = step->as.split.pattern;
	struct pretok_op op = { .behavior = step->as.split.behavior,
				.invert = step->as.split.invert };

	op.scan = tok_scan_find(pattern, step->as.split.dialect);
	if (op.scan) {
		op.kind = PRETOK_CUT_SCAN;
	} else if (step->as.split.dialect == TOK_REGEX_LITERAL && pattern.count == 1 &&
		   pattern.bytes[0] < 0x80) {
		op.kind = PRETOK_CUT_CLASS;
		op.which = PRETOK_CHARACTER;
		op.character = pattern.bytes[0];
	} else {
		op.kind = PRETOK_CUT_REGEX;
		if (step->as.split.dialect != TOK_REGEX_LITERAL) {
			op.threes = follow_threes_of(pattern);
			op.numbers = tok_span_equal(pattern, tok_span_of("\\p{N}+"));
		}
		const enum tok_status status =
		    tok_regex_new(pattern, step->as.split.dialect, &op.regex, err);
		if (status != TOK_OK)
			return status;
	}
	add_op(p, op);
	return TOK_OK;
}

static void add_byte_level(struct tok_pretokenizer *p, const struct tok_pretok_step *step)
{
	if (step->as.byte_level.add_prefix_space)
		add_op(p, (struct pretok_op){ .kind = PRETOK_ADD_SPACE });
	if (step->as.byte_level.use_regex)
		add_op(p, (struct pretok_op){ .kind = PRETOK_CUT_SCAN,
					      .scan = &tok_scan_gpt2,
					      .behavior = TOK_ISOLATED });
	if (!step->as.byte_level.raw)
		add_op(p, (struct pretok_op){ .kind = PRETOK_ALPHABET });
}

static void add_metaspace(struct tok_pretokenizer *p, const struct tok_pretok_step *step)
{
	add_op(p, (struct pretok_op){ .kind = PRETOK_METASPACE,
				      .character = step->as.metaspace.replacement,
				      .prepend = step->as.metaspace.prepend });
	if (step->as.metaspace.split)
		add_character(p, step->as.metaspace.replacement, TOK_MERGED_WITH_NEXT);
}

static enum tok_status add_step(struct tok_pretokenizer *p, const struct tok_pretok_step *step,
				struct tok_error *err)
{
	switch (step->kind) {
	case TOK_PRETOK_SPLIT:
		return add_split(p, step, err);
	case TOK_PRETOK_BYTE_LEVEL:
		add_byte_level(p, step);
		return TOK_OK;
	case TOK_PRETOK_WHITESPACE:
		add_op(p, (struct pretok_op){ .kind = PRETOK_CUT_SCAN,
					      .scan = &tok_scan_words,
					      .behavior = TOK_REMOVED,
					      .invert = true });
		return TOK_OK;
	case TOK_PRETOK_WHITESPACE_SPLIT:
		add_class(p, PRETOK_SPACE, TOK_REMOVED);
		return TOK_OK;
	case TOK_PRETOK_BERT:
		add_class(p, PRETOK_SPACE, TOK_REMOVED);
		add_class(p, PRETOK_PUNCTUATION, TOK_ISOLATED);
		return TOK_OK;
	case TOK_PRETOK_METASPACE:
		add_metaspace(p, step);
		return TOK_OK;
	case TOK_PRETOK_PUNCTUATION:
		add_class(p, PRETOK_PUNCTUATION, step->as.punctuation);
		return TOK_OK;
	case TOK_PRETOK_DIGITS:
		add_class(p, PRETOK_NUMERIC,
			  step->as.individual_digits ? TOK_ISOLATED : TOK_CONTIGUOUS);
		return TOK_OK;
	case TOK_PRETOK_CHAR_DELIMITER:
		add_character(p, step->as.delimiter, TOK_REMOVED);
		return TOK_OK;
	case TOK_PRETOK_UNICODE_SCRIPTS:
		add_op(p, (struct pretok_op){ .kind = PRETOK_CUT_SCRIPTS });
		return TOK_OK;
	case TOK_PRETOK_FIXED_LENGTH:
		if (step->as.fixed_length == 0)
			return tok_fail(err, TOK_EFORMAT,
					"pieces of a fixed length must have at least 1 character");
		add_op(p, (struct pretok_op){ .kind = PRETOK_CUT_LENGTH,
					      .length = step->as.fixed_length });
		return TOK_OK;
	case TOK_PRETOK_SENTENCEPIECE_WORDS:
		add_character(p, 0x2581,
			      step->as.whitespace_as_suffix ? TOK_MERGED_WITH_PREVIOUS
							    : TOK_MERGED_WITH_NEXT);
		return TOK_OK;
	}
	return tok_fail(err, TOK_EARG, "there is no pre-tokenizer step of kind %d",
			(int)step->kind);
}

enum tok_status tok_pretokenizer_new(const struct tok_pretok_step *steps, size_t count,
				     struct tok_pretokenizer **out, struct tok_error *err)
{
	struct tok_pretokenizer *p = calloc(1, sizeof *p);
	if (!p)
		return tok_fail_memory(err);
	if (count <= SIZE_MAX / MOST_OPS_A_STEP)
		p->ops = calloc(count * MOST_OPS_A_STEP + 1, sizeof *p->ops);
	enum tok_status status = p->ops ? TOK_OK : tok_fail_memory(err);
	for (size_t i = 0; status == TOK_OK && i < count; i++)
		status = add_step(p, &steps[i], err);
	if (status != TOK_OK) {
		tok_pretokenizer_free(p);
		return status;
	}
	pretok_mark(p->ops, p->count);
	p->is_followed = follow_of_operations(p, &p->follow);
	pretok_find_spaced(p->ops, p->count);
	*out = p;
	return TOK_OK;
}

void tok_pretokenizer_free(struct tok_pretokenizer *pretokenizer)
{
	if (!pretokenizer)
		return;
	for (size_t i = 0; i < pretokenizer->count; i++)
		tok_regex_free(pretokenizer->ops[i].regex);
	free(pretokenizer->ops);
	free(pretokenizer);
}

/* ---- running them --------------------------------------------------------- */

static bool is_rewrite(const struct pretok_op *op)
{
	return op->kind == PRETOK_ADD_SPACE || op->kind == PRETOK_ALPHABET ||
	       op->kind == PRETOK_METASPACE;
}

static void swap_pieces(struct tok_pieces *a, struct tok_pieces *b)
{
	const struct tok_pieces kept = *a;
	*a = *b;
	*b = kept;
}

static void swap_texts(struct tok_text *a, struct tok_text *b)
{
	const struct tok_text kept = *a;
	*a = *b;
	*b = kept;
}

/* Operations that are done at once. */
static size_t count_passes(const struct pretok_op *op, const struct pretok_run *run)
{
	if (op->spaced && !run->text->tracked)
		return 2;
	return op->passes > 0 ? op->passes : 1;
}

static enum tok_status run_op(const struct pretok_op *op, struct pretok_run *run,
			      struct tok_error *err)
{
	run->new_pieces->count = 0;
	if (op->spaced && !run->text->tracked) {
		tok_text_clear(run->new_text);
		if (!pretok_spaced(op, run))
			return tok_fail_memory(err);
		swap_texts(run->text, run->new_text);
		run->cut = true;
	} else if (is_rewrite(op)) {
		tok_text_clear(run->new_text);
		if (!pretok_rewrite(op, run))
			return tok_fail_memory(err);
		swap_texts(run->text, run->new_text);
	} else if (op->passes > 0) {
		if (!pretok_cut_marked(op, run))
			return tok_fail_memory(err);
		run->cut = true;
	} else {
		const enum tok_status status = pretok_cut(op, run, err);
		if (status != TOK_OK)
			return status;
		run->cut = true;
	}
	swap_pieces(run->pieces, run->new_pieces);
	return TOK_OK;
}

enum tok_status tok_pretokenize(const struct tok_pretokenizer *pretokenizer, enum tok_kernel kernel,
				struct tok_pretok_scratch *scratch, struct tok_text *text,
				bool starts_document, struct tok_pieces *out, struct tok_error *err)
{
	struct pretok_run run = { .text = text,
				  .pieces = out,
				  .new_text = &scratch->text,
				  .new_pieces = &scratch->pieces,
				  .regex = scratch->regex,
				  .kernel = kernel,
				  .starts = starts_document };
	scratch->text.tracked = text->tracked;
	out->count = 0;
	if (text->count == 0)
		return TOK_OK;
	if (!tok_pieces_add(out, 0, text->count))
		return tok_fail_memory(err);
	enum tok_status status = TOK_OK;
	for (size_t i = 0; status == TOK_OK && i < pretokenizer->count;) {
		const struct pretok_op *op = &pretokenizer->ops[i];
		i += count_passes(op, &run);
		status = run_op(op, &run, err);
	}
	return status;
}

/* ---- what callers may rely on --------------------------------------------- */

/* Does the operation end a piece at every space between a letter or digit and
 * a letter? */
static bool breaks_words(const struct pretok_op *op)
{
	if (op->kind == PRETOK_CUT_SCAN)
		return op->scan->breaks_words && (op->behavior == TOK_ISOLATED ||
						  (op->behavior == TOK_REMOVED && op->invert));
	if (op->kind != PRETOK_CUT_CLASS || op->invert || op->behavior == TOK_MERGED_WITH_PREVIOUS)
		return false;
	return op->which == PRETOK_SPACE || (op->which == PRETOK_CHARACTER && op->character == ' ');
}

/* Does the operation, at such a place, see no further than one character? */
static bool stays_local(const struct pretok_op *op)
{
	return op->kind == PRETOK_CUT_CLASS || op->kind == PRETOK_ADD_SPACE ||
	       (op->kind == PRETOK_CUT_SCAN && !op->scan->breaks_words);
}

bool tok_pretokenizer_breaks_words(const struct tok_pretokenizer *pretokenizer)
{
	for (size_t i = 0; i < pretokenizer->count; i++) {
		const struct pretok_op *op = &pretokenizer->ops[i];
		const bool splits_metaspace =
		    op->kind == PRETOK_METASPACE && i + 1 < pretokenizer->count &&
		    op[1].kind == PRETOK_CUT_CLASS && op[1].which == PRETOK_CHARACTER &&
		    op[1].character == op->character && op[1].behavior == TOK_MERGED_WITH_NEXT;
		if (splits_metaspace || breaks_words(op))
			return true;
		if (!stays_local(op))
			return false;
	}
	return false;
}

/* At "x\ny" no published pattern takes the newline along with y, none looks at
 * what is behind y, and what takes it along with x does so at the end of a text
 * too.  A single space may be part of the next word. */
static bool breaks_lines(const struct pretok_op *op, uint32_t newline)
{
	if (op->kind == PRETOK_CUT_SCAN)
		return newline == '\n' && breaks_words(op);
	return op->kind == PRETOK_CUT_CLASS && op->which == PRETOK_SPACE && !op->invert &&
	       (op->behavior == TOK_REMOVED || op->behavior == TOK_ISOLATED);
}

bool tok_pretokenizer_breaks_lines(const struct tok_pretokenizer *pretokenizer, uint32_t newline)
{
	for (size_t i = 0; i < pretokenizer->count; i++) {
		const struct pretok_op *op = &pretokenizer->ops[i];
		if (breaks_lines(op, newline))
			return true;
		/* Behind a cut, pieces get their spaces one by one: whether y begins one
		 * depends on what the cuts were made at. */
		if (!stays_local(op) || (i > 0 && op->kind == PRETOK_ADD_SPACE))
			return false;
	}
	return false;
}

bool tok_pretokenizer_needs_origin(const struct tok_pretokenizer *pretokenizer)
{
	for (size_t i = 0; i < pretokenizer->count; i++)
		if (pretokenizer->ops[i].kind == PRETOK_METASPACE &&
		    pretokenizer->ops[i].prepend == TOK_PREPEND_FIRST)
			return true;
	return false;
}
