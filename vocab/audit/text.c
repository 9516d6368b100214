/* text.c - a tokenizer over the lines of a language, and over its words. */
#include "vocab/audit/text.h"

#include <math.h>
#include <stdlib.h>

#include "tok/pipe/decoder.h"
#include "tok/text/utf8.h"
#include "vocab/audit/text_internal.h"

struct vocab_audit_text {
	struct tok_encoder *encoder;
	struct tok_decoder *decoder;
	struct vocab_audit_tokens tokens;
	size_t front; /* bytes before a text that its tokens have and it has not */
	struct vocab_audit_speller *speller;
	uint64_t *used; /* counts that are not 0, while they are measured */
};

static enum tok_status encode(struct vocab_audit_text *a, struct tok_span text, bool offsets,
			      struct tok_encoding *out, struct tok_error *err)
{
	const struct tok_encode_options how = { .special_text = TOK_SPECIAL_ORDINARY,
						.offsets = offsets };
	return tok_encode(a->encoder, text, &how, out, err);
}

/* SentencePiece puts a space in front: of "a" there are two bytes then, or one and what is unknown.
 */
static enum tok_status find_front(struct vocab_audit_text *a, struct tok_error *err)
{
	struct tok_encoding encoded;
	const enum tok_status status = encode(a, tok_span_of("a"), false, &encoded, err);
	size_t bytes = 0;
	for (size_t i = 0; status == TOK_OK && i < encoded.count; i++)
		bytes +=
		    encoded.ids[i] == a->tokens.unknown ? 1 : a->tokens.lengths[encoded.ids[i]];
	a->front = bytes == 2 ? 1 : 0;
	return status == TOK_ETEXT ? TOK_OK : status; /* it has no such letter */
}

enum tok_status vocab_audit_text_new(const struct tok_tokenizer *tokenizer,
				     struct vocab_audit_text **out, struct tok_error *err)
{
	struct vocab_audit_text *audit = calloc(1, sizeof *audit);
	if (!audit)
		return tok_fail_memory(err);
	enum tok_status status = vocab_audit_tokens_init(&audit->tokens, tokenizer, err);
	if (status == TOK_OK) {
		audit->encoder = tok_encoder_new(tokenizer);
		audit->decoder = tok_decoder_new(tokenizer);
		audit->used = calloc(audit->tokens.size + 1, sizeof *audit->used);
		if (!audit->encoder || !audit->decoder || !audit->used)
			status = tok_fail_memory(err);
	}
	if (status == TOK_OK)
		status = find_front(audit, err);
	if (status == TOK_OK)
		status = vocab_audit_speller_new(tokenizer, audit->tokens.lengths, audit->front > 0,
						 audit->encoder, &audit->speller, err);
	if (status == TOK_OK)
		*out = audit;
	else
		vocab_audit_text_free(audit);
	return status;
}

void vocab_audit_text_free(struct vocab_audit_text *audit)
{
	if (!audit)
		return;
	vocab_audit_speller_free(audit->speller);
	tok_encoder_free(audit->encoder);
	tok_decoder_free(audit->decoder);
	vocab_audit_tokens_release(&audit->tokens);
	free(audit->used);
	free(audit);
}

/* ---- characters in several tokens ------------------------------------------------------- */

/* Multi-byte characters, each counted once however often it is cut; cuts rise. */
struct cuts {
	struct tok_span line;
	size_t last; /* behind the character that was counted last */
	uint64_t split;
};

static void cut_inside(struct cuts *c, size_t at)
{
	for (size_t back = 1; back < 4 && back <= at; back++) {
		const uint32_t length =
		    tok_utf8_length(c->line.bytes + at - back, c->line.count - (at - back));
		if (length == 0)
			continue;
		if (length > back) {
			c->split++;
			c->last = at - back + length;
		}
		return;
	}
}

static inline void cut_at(struct cuts *c, size_t at)
{
	if (at < c->line.count && tok_utf8_is_tail(c->line.bytes[at]) && at >= c->last)
		cut_inside(c, at);
}

/* The character at or around `at`. */
static size_t character_begin(struct tok_span line, size_t at)
{
	for (size_t back = 0; back < 4 && back <= at; back++) {
		const uint32_t length =
		    tok_utf8_length(line.bytes + at - back, line.count - (at - back));
		if (length > back)
			return at - back;
	}
	return at;
}

/* Tokens tell where they came from: several of one character may all name the whole of it. */
static uint64_t split_by_ranges(struct tok_span line, const struct tok_encoding *encoded)
{
	struct cuts c = { .line = line };
	size_t end = 0; /* of what the tokens so far came from */
	for (size_t i = 0; i < encoded->count; i++) {
		const struct tok_range r = encoded->ranges[i];
		if (r.begin == r.end)
			continue;
		const size_t begin = character_begin(line, r.begin);
		if (begin < end)
			cut_at(&c, begin + 1); /* of one byte: no character to be split */
		end = r.end > end ? r.end : end;
	}
	return c.split;
}

/* ---- lines ------------------------------------------------------------------------------ */

static enum tok_status decodes_to(struct vocab_audit_text *a, struct tok_span line,
				  const struct tok_encoding *encoded, bool *out,
				  struct tok_error *err)
{
	struct tok_span text;
	const enum tok_status status =
	    tok_decode(a->decoder, encoded->ids, encoded->count, false, &text, err);
	*out = status == TOK_OK && tok_span_equal(text, line);
	return status;
}

/* Where tokens add exactly the bytes of the line, they end where their lengths say; where a
 * normaliser changed it, they are asked where they came from. */
static enum tok_status run_line(struct vocab_audit_text *a, struct tok_span line,
				struct vocab_audit_counts *counts, struct tok_error *err)
{
	struct tok_encoding encoded;
	struct cuts cuts = { .line = line };
	bool kept;
	enum tok_status status = encode(a, line, false, &encoded, err);
	if (status == TOK_OK)
		status = decodes_to(a, line, &encoded, &kept, err);
	if (status != TOK_OK)
		return status;
	size_t end = 0;
	for (size_t i = 0; i < encoded.count; i++) {
		const tok_id id = encoded.ids[i];
		counts->ids[id]++;
		end += a->tokens.lengths[id];
		if (end > a->front)
			cut_at(&cuts, end - a->front);
	}
	counts->tokens += encoded.count;
	counts->kept_lines += kept;
	if (kept && end == line.count + a->front) {
		counts->split += cuts.split;
		return TOK_OK;
	}
	status = encode(a, line, true, &encoded, err);
	if (status == TOK_OK)
		counts->split += split_by_ranges(line, &encoded);
	return status;
}

/* ---- words ------------------------------------------------------------------------------ */

enum { WORDS_AT_ONCE = 1024 };

/* Spellings of some words: bare, with a space in front, or both, the second behind the first. */
struct spellings {
	struct tok_span texts[2 * WORDS_AT_ONCE];
	uint64_t times[2 * WORDS_AT_ONCE];
	struct vocab_audit_spelling found[2 * WORDS_AT_ONCE];
	bool bare[2 * WORDS_AT_ONCE];
	bool last[2 * WORDS_AT_ONCE]; /* of its word: the one that types are told by */
	size_t count;
};

static void add_spelling(struct spellings *s, struct tok_span text, uint64_t times, bool bare,
			 bool last)
{
	if (times == 0)
		return;
	s->texts[s->count] = text;
	s->times[s->count] = times;
	s->bare[s->count] = bare;
	s->last[s->count++] = last;
}

/* Where the tokenizer puts a blank in front it is that of the text; with the text's own there were
 * two, as nowhere in it. */
static void list_spellings(const struct vocab_audit_text *a,
			   const struct vocab_audit_corpus *corpus, size_t begin, size_t end,
			   struct spellings *out)
{
	out->count = 0;
	for (size_t i = begin; i < end; i++) {
		const struct vocab_audit_word *word = &corpus->words[i];
		const struct tok_span bare = vocab_audit_word_bare(corpus, word);
		add_spelling(out, bare, word->bare, true, word->spaced == 0);
		add_spelling(out, a->front ? bare : vocab_audit_word_spaced(corpus, word),
			     word->spaced, false, true);
	}
}

/* What the tokenizer put before a word that has no blank is no token of it. */
static void count_spellings(const struct spellings *s, struct vocab_audit_counts *counts)
{
	for (size_t i = 0; i < s->count; i++) {
		const size_t tokens = s->found[i].tokens - (s->bare[i] && s->found[i].apart);
		counts->word_tokens += s->times[i] * tokens;
		counts->single_words += tokens == 1 ? s->times[i] : 0;
		counts->continued_words += tokens > 1 ? s->times[i] : 0;
		counts->single_types += tokens == 1 && s->last[i];
	}
}

static enum tok_status run_words(struct vocab_audit_text *a,
				 const struct vocab_audit_corpus *corpus, size_t begin, size_t end,
				 struct vocab_audit_counts *counts, struct tok_error *err)
{
	struct spellings *s = malloc(sizeof *s);
	enum tok_status status = s ? TOK_OK : tok_fail_memory(err);
	while (status == TOK_OK && begin < end) {
		const size_t some = end - begin < WORDS_AT_ONCE ? end - begin : WORDS_AT_ONCE;
		list_spellings(a, corpus, begin, begin + some, s);
		status = vocab_audit_spell(a->speller, s->texts, s->count, s->found, err);
		if (status == TOK_OK)
			count_spellings(s, counts);
		else
			counts->refused = corpus->line_count + 1 + begin;
		begin += some;
	}
	free(s);
	return status;
}

/* ---- parts ------------------------------------------------------------------------------ */

/* Where part `part` of `parts` of `count` things begins. */
static size_t share(size_t count, size_t part, size_t parts)
{
	return count / parts * part + (count % parts) * part / parts;
}

static enum tok_status reserve(struct vocab_audit_counts *counts, size_t size,
			       struct tok_error *err)
{
	const size_t before = counts->size;
	if (before >= size)
		return TOK_OK;
	if (!tok_grow(&counts->ids, &counts->size, size, sizeof *counts->ids))
		return tok_fail_memory(err);
	memset(counts->ids + before, 0, (counts->size - before) * sizeof *counts->ids);
	return TOK_OK;
}

enum tok_status vocab_audit_text_run(struct vocab_audit_text *audit,
				     const struct vocab_audit_corpus *corpus, size_t part,
				     size_t parts, struct vocab_audit_counts *counts,
				     struct tok_error *err)
{
	const size_t end = share(corpus->line_count, part + 1, parts);
	enum tok_status status = reserve(counts, audit->tokens.size, err);
	for (size_t i = share(corpus->line_count, part, parts); i < end && status == TOK_OK; i++) {
		status = run_line(audit, corpus->lines[i], counts, err);
		if (status != TOK_OK) {
			tok_fail_in(err, status, "line %zu", i + 1);
			counts->refused = i + 1;
		}
	}
	if (status == TOK_OK)
		status = run_words(audit, corpus, share(corpus->word_count, part, parts),
				   share(corpus->word_count, part + 1, parts), counts, err);
	return status;
}

enum tok_status vocab_audit_counts_add(struct vocab_audit_counts *into,
				       const struct vocab_audit_counts *more, struct tok_error *err)
{
	const enum tok_status status = reserve(into, more->size, err);
	if (status != TOK_OK)
		return status;
	for (size_t i = 0; i < more->size; i++)
		into->ids[i] += more->ids[i];
	into->tokens += more->tokens;
	into->kept_lines += more->kept_lines;
	into->split += more->split;
	into->word_tokens += more->word_tokens;
	into->continued_words += more->continued_words;
	into->single_words += more->single_words;
	into->single_types += more->single_types;
	return TOK_OK;
}

void vocab_audit_counts_clear(struct vocab_audit_counts *counts)
{
	uint64_t *ids = counts->ids;
	const size_t size = counts->size;
	if (size)
		memset(ids, 0, size * sizeof *ids);
	*counts = (struct vocab_audit_counts){ .ids = ids, .size = size };
}

void vocab_audit_counts_release(struct vocab_audit_counts *counts)
{
	free(counts->ids);
	*counts = (struct vocab_audit_counts){ 0 };
}

/* ---- numbers ----------------------------------------------------------------------------- */

/* Of nothing: NAN. */
static double ratio(uint64_t a, uint64_t b)
{
	return b ? (double)a / (double)b : (double)NAN;
}

/* Efficiency is of use only where there are two types to choose from; it may be rounded up. */
static double over_types(double entropy, size_t types)
{
	return types > 1 ? fmin(entropy / log2((double)types), 1) : (double)NAN;
}

/* Tokens with the language's script: in the text, and in the vocabulary. */
static void measure_script(const struct vocab_audit_text *a, UScriptCode script,
			   const struct vocab_audit_counts *counts,
			   struct vocab_audit_measures *out)
{
	uint64_t running = 0, entries = 0;
	for (size_t i = 0; i < a->tokens.size; i++) {
		if (a->tokens.scripts[i] != script)
			continue;
		running += i < counts->size ? counts->ids[i] : 0;
		entries++;
	}
	const bool has = script != USCRIPT_COMMON;
	out->script_tokens = has ? ratio(running, counts->tokens) : (double)NAN;
	out->script_vocabulary = has ? ratio(entries, a->tokens.present) : (double)NAN;
}

static void measure_entropies(struct vocab_audit_text *a, const struct vocab_audit_counts *counts,
			      struct vocab_audit_measures *out)
{
	static const double alphas[] = { 2, 2.5, 3 };
	size_t types = 0;
	for (size_t i = 0; i < counts->size; i++)
		if (counts->ids[i])
			a->used[types++] = counts->ids[i];
	out->types = types;
	out->vocabulary_use = ratio(types, a->tokens.present);
	out->entropy = vocab_audit_renyi(a->used, types, 1);
	out->efficiency = over_types(out->entropy, types);
	out->vocabulary_efficiency = over_types(out->entropy, a->tokens.present);
	for (size_t i = 0; i < sizeof alphas / sizeof *alphas; i++)
		out->renyi_efficiency[i] =
		    over_types(vocab_audit_renyi(a->used, types, alphas[i]), types);
}

void vocab_audit_text_measure(struct vocab_audit_text *audit,
			      const struct vocab_audit_corpus *corpus,
			      const struct vocab_audit_counts *counts,
			      struct vocab_audit_measures *out)
{
	struct vocab_audit_facts facts;
	vocab_audit_corpus_facts(corpus, &facts);
	const tok_id unknown = audit->tokens.unknown;
	*out = (struct vocab_audit_measures){
		.lines = facts.lines,
		.bytes = facts.bytes,
		.characters = facts.characters,
		.words = facts.words,
		.tokens = counts->tokens,
		.unknown = unknown < counts->size ? counts->ids[unknown] : 0,
		.bytes_per_token = ratio(facts.bytes, counts->tokens),
		.characters_per_token = ratio(facts.characters, counts->tokens),
		.tokens_per_line = ratio(counts->tokens, facts.lines),
		.fertility = ratio(counts->tokens, facts.words),
		.continued = ratio(counts->continued_words, facts.words),
		.single = ratio(counts->single_words, facts.words),
		.single_types = ratio(counts->single_types, facts.distinct_words),
		.continuing =
		    ratio(counts->word_tokens - counts->single_words - counts->continued_words,
			  counts->word_tokens),
		.round_trip = ratio(counts->kept_lines, facts.lines),
		.split_characters = ratio(counts->split, facts.multibyte),
	};
	measure_entropies(audit, counts, out);
	measure_script(audit, vocab_audit_corpus_script(corpus), counts, out);
}
