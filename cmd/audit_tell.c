/* audit_tell.c - an audit as tables of text, with how each number is to be read. */
#include <inttypes.h>
#include <math.h>

#include "cmd/audit_internal.h"
#include "cmd/audit_morphology.h"
#include "cmd/cli_put.h"
#include "cmd/cli_visible.h"

const struct audit_convention audit_conventions[] = {
	{ "encoding", "without special tokens; text that spells one is text" },
	{ "lines", "each line that is not empty is encoded by itself, without its end; of UDHR the "
		   "whole declaration, a line a paragraph" },
	{ "ratios", "ratios of sums over all lines, not means of the ratios of lines" },
	{ "units",
	  "tokens of different tokenizers are compared a line or a byte, never as totals" },
	{ "words", "each distinct word is encoded by itself, with a space in front where it stands "
		   "behind white space and is not the first of its line, and counts as often as it "
		   "comes" },
	{ "fertility", "tokens of the lines / words, not of the words each by itself" },
	{ "single_types",
	  "each distinct word counts once, with a space in front if it ever has one" },
	{ "entropy", "bits a token, of the tokens of this text alone" },
	{ "efficiency",
	  "entropy / log2 of the types that this text has; Renyi's of order 2, 2.5 and "
	  "3; no measure of quality: it can be raised at will (2402.14614)" },
	{ "premium", "tokens / tokens of the pivot, of the whole text; left out where more than a "
		     "tenth of the tokens are unknown" },
	{ "gini", "of tokens of parallel texts, and beside it of tokens a byte, which hides what a "
		  "script costs in UTF-8; abridged texts are left out, as of medians and maxima" },
	{ "utilization_variation", "standard deviation / mean, over languages, of used types" },
	{ "round_trip", "share of lines that decode to the same bytes" },
	{ "split_characters",
	  "share of characters of two bytes or more that lie in several tokens" },
	{ "script",
	  "of tokens whose first letter is of the script that most characters of the text "
	  "have: their share of the text's tokens, and of the vocabulary" },
	{ "digits", "cuts in numbers of 1 to 12 digits beside groups of three from the right" },
	{ "error_rate",
	  "characters to be put in, left out or changed, over the characters of the text" },
	{ "morphology",
	  "each word by itself, without a space in front; recall is of words that are cut "
	  "at all, and random what as many cuts put at random between characters would find" },
	{ "sample",
	  "fidelity and similarity are measured on a MiB of text, in whole lines, as much "
	  "from the front of each language" },
	{ NULL, NULL },
};

const char *audit_parallel_unit(const struct audit_report *report)
{
	return report->options->udhr ? "a declaration" : "a parallel line";
}

const char *audit_shown(struct tok_arena *arena, const char *name)
{
	struct tok_buffer shown = { 0 };
	struct tok_span copy = { 0 };
	if (cli_visible_text(tok_span_of(name), &shown) && tok_buffer_add_byte(&shown, '\0'))
		copy = tok_arena_copy(arena, tok_buffer_span(&shown));
	tok_buffer_release(&shown);
	return (const char *)copy.bytes;
}

/* ---- cells ------------------------------------------------------------------------------- */

static void put_cell(struct cli_put *p, int columns, int digits, double number)
{
	if (isfinite(number))
		cli_put(p, " %*.*f", columns, digits, number);
	else
		cli_put(p, " %*s", columns, "-");
}

/* Of what is shown: columns are not bytes. */
static size_t width_of(const char *shown)
{
	return cli_visible_width(tok_span_of(shown));
}

static void put_padded(struct cli_put *p, const char *shown, const char *mark, size_t columns)
{
	const size_t width = width_of(shown) + strlen(mark);
	cli_put(p, "%s%s%*s", shown, mark, width < columns ? (int)(columns - width) : 0, "");
}

static size_t name_width(const struct audit_report *r)
{
	size_t most = 8;
	for (size_t i = 0; i < r->language_count; i++) {
		const size_t width = width_of(r->languages[i].shown) + r->languages[i].abridged;
		most = width > most ? width : most;
	}
	return most < 40 ? most : 40;
}

static void put_head(struct cli_put *p, size_t width)
{
	cli_put(p, "%-*s %9s %9s %9s %8s %9s %9s %7s %8s %7s %7s %8s %8s %7s %7s %7s %7s %6s\n",
		(int)width, "language", "tok/line", "byte/tok", "char/tok", "premium", "fertility",
		"continued", "single", "s.types", "types", "entropy", "shannon", "renyi2.5",
		"return", "split", "unknown", "tok.scr", "script");
}

static void put_row(struct cli_put *p, size_t width, const struct audit_language *l,
		    const struct audit_cell *c)
{
	const struct vocab_audit_measures *m = &c->measures;
	put_padded(p, l->shown, l->abridged ? "*" : "", width);
	if (c->refused) {
		cli_put(p, " refused: %s\n", c->refused);
		return;
	}
	put_cell(p, 9, 2, m->tokens_per_line);
	put_cell(p, 9, 4, m->bytes_per_token);
	put_cell(p, 9, 4, m->characters_per_token);
	put_cell(p, 8, 3, c->premium);
	put_cell(p, 9, 4, m->fertility);
	put_cell(p, 9, 4, m->continued);
	put_cell(p, 7, 4, m->single);
	put_cell(p, 8, 4, m->single_types);
	cli_put(p, " %7" PRIu64, m->types);
	put_cell(p, 7, 4, m->entropy);
	put_cell(p, 8, 4, m->efficiency);
	put_cell(p, 8, 4, m->renyi_efficiency[1]);
	put_cell(p, 7, 4, m->round_trip);
	put_cell(p, 7, 4, m->split_characters);
	put_cell(p, 7, 4, m->tokens ? (double)m->unknown / (double)m->tokens : (double)NAN);
	put_cell(p, 7, 4, m->script_tokens);
	cli_put(p, " %6s\n", l->facts.script);
}

static void put_tokenizer(struct cli_put *p, const struct audit_report *r, size_t which)
{
	const struct audit_tokenizer *t = &r->tokenizers[which];
	const size_t width = name_width(r);
	cli_put(p, "%s%s: %zu tokens, hash %s\n", which ? "\n" : "", t->shown, t->vocabulary,
		t->hash.text);
	put_head(p, width);
	for (size_t l = 0; l < r->language_count; l++)
		put_row(p, width, &r->languages[l], &r->cells[which * r->language_count + l]);
}

/* ---- tokenizers side by side --------------------------------------------------------------- */

static void put_summary(struct cli_put *p, const struct audit_report *r)
{
	cli_put(p, "\n%8s %8s %8s %8s %-12s %8s %8s %8s %8s tokenizer\n", "gini", "g./byte",
		"median", "max", "of", "variat.", "digits F1", "tok/3dig", "tok/12dig");
	for (size_t i = 0; i < r->tokenizer_count; i++) {
		const struct audit_tokenizer *t = &r->tokenizers[i];
		const bool worst = t->premium_worst < r->language_count;
		put_cell(p, 7, 4, t->gini);
		put_cell(p, 8, 4, t->gini_bytes);
		put_cell(p, 8, 3, t->premium_median);
		put_cell(p, 8, 3, t->premium_max);
		cli_put(p, " ");
		put_padded(p, worst ? r->languages[t->premium_worst].shown : "-", "", 12);
		put_cell(p, 8, 4, t->utilization_variation);
		put_cell(p, 9, 4, t->digits.grade.f1);
		put_cell(p, 8, 4, t->digits.tokens_per_digit[3]);
		put_cell(p, 9, 4, t->digits.tokens_per_digit[12]);
		cli_put(p, " %s\n", t->shown);
	}
}

static void put_pairs(struct cli_put *p, const struct audit_report *r)
{
	if (r->pair_count == 0)
		return;
	cli_put(p, "\n%8s %8s %8s %8s tokenizers\n", "jaccard", "same id", "words", "cuts F1");
	for (size_t i = 0; i < r->pair_count; i++) {
		const struct audit_pair *pair = &r->pairs[i];
		put_cell(p, 7, 4, pair->similarity.jaccard);
		put_cell(p, 8, 4, pair->similarity.same_id);
		put_cell(p, 8, 4, pair->similarity.same_words);
		put_cell(p, 8, 4, pair->similarity.boundary_f1);
		cli_put(p, " %s %s\n", r->tokenizers[pair->a].shown, r->tokenizers[pair->b].shown);
	}
}

static void put_morphology(struct cli_put *p, const struct audit_report *r)
{
	if (r->morphology_count == 0)
		return;
	cli_put(p, "\n%8s %8s %8s %8s %8s %8s %8s %8s %8s file, tokenizer\n", "recall", "random",
		"precis.", "random", "F1", "random", "cut", "1 token", "bad");
	for (size_t i = 0; i < r->tokenizer_count * r->morphology_count; i++) {
		const struct vocab_morphology *m = &r->morphology[i].measures;
		put_cell(p, 7, 4, m->recall);
		put_cell(p, 8, 4, m->random_recall);
		put_cell(p, 8, 4, m->precision);
		put_cell(p, 8, 4, m->random_precision);
		put_cell(p, 8, 4, m->f1);
		put_cell(p, 8, 4, m->random_f1);
		cli_put(p, " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %s, %s\n", m->scored, m->single,
			m->bad, r->morphology[i].shown,
			r->tokenizers[i / r->morphology_count].shown);
	}
}

/* Is there a number here that the convention is of?  JSON and page have more. */
static bool is_of_use(const struct audit_report *r, const char *convention)
{
	if (strcmp(convention, "error_rate") == 0)
		return false;
	if (strcmp(convention, "sample") == 0)
		return r->pair_count > 0;
	return strcmp(convention, "morphology") != 0 || r->morphology_count > 0;
}

static void put_conventions(struct cli_put *p, const struct audit_report *r)
{
	bool abridged = false;
	for (size_t i = 0; i < r->language_count; i++)
		abridged |= r->languages[i].abridged;
	cli_put(p, "\n");
	if (r->pivot != SIZE_MAX)
		cli_put(p, "pivot: %s; costs are tokens %s\n", r->languages[r->pivot].shown,
			audit_parallel_unit(r));
	if (abridged)
		cli_put(p, "*: abridged, or parts are missing\n");
	for (const struct audit_convention *c = audit_conventions; c->name; c++)
		if (is_of_use(r, c->name))
			cli_put(p, "%s: %s\n", c->name, c->text);
}

enum tok_status audit_tell(const struct audit_report *report, struct tok_error *err)
{
	struct tok_buffer buffer = { 0 };
	struct cli_put p = { .out = &buffer };
	for (size_t i = 0; i < report->tokenizer_count; i++)
		put_tokenizer(&p, report, i);
	put_summary(&p, report);
	put_pairs(&p, report);
	put_morphology(&p, report);
	put_conventions(&p, report);
	if (!p.lost)
		fwrite(buffer.bytes, 1, buffer.count, stdout);
	tok_buffer_release(&buffer);
	return p.lost ? tok_fail_memory(err) : TOK_OK;
}
