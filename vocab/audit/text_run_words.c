/* text_run_words.c - how many tokens words have, each by itself. */
#include <stdlib.h>

#include "vocab/audit/text_internal.h"

enum { WORDS_AT_ONCE = 1024 };

struct spelling {
	struct tok_span text;
	uint64_t times;
	size_t word;
	bool bare; /* without a space in front */
	bool last; /* of its word: the one that types are told by */
};

/* Spellings of some words: bare, with a space in front, or both, the second behind the first. */
struct vocab_audit_spellings {
	struct spelling items[2 * WORDS_AT_ONCE];
	size_t count;
};

struct vocab_audit_spellings *vocab_audit_spellings_new(void)
{
	return calloc(1, sizeof(struct vocab_audit_spellings));
}

static void add_spelling(struct vocab_audit_spellings *s, struct spelling spelling)
{
	if (spelling.times > 0)
		s->items[s->count++] = spelling;
}

/* Where the tokenizer puts a blank in front it is that of the text; with the text's own there were
 * two, as nowhere in it. */
static void list_spellings(const struct vocab_audit_run *run,
			   const struct vocab_audit_word_list *words, size_t begin, size_t end,
			   struct vocab_audit_spellings *out)
{
	out->count = 0;
	for (size_t i = begin; i < end; i++) {
		const struct vocab_audit_word *word = &words->items[i];
		const struct tok_span bare = { words->bytes.bytes + word->begin, word->count },
				      spaced = { bare.bytes - 1, bare.count + 1 };
		add_spelling(out,
			     (struct spelling){ bare, word->bare, i, true, word->spaced == 0 });
		add_spelling(out, (struct spelling){ run->text->front ? bare : spaced, word->spaced,
						     i, false, true });
	}
}

/* What the tokenizer put before a word that has no blank is no token of it: the blank in front, a
 * token of its own where the word has others. */
static void count_spelling(const struct vocab_audit_run *run, const struct spelling *s,
			   size_t tokens, tok_id first, struct vocab_audit_counts *counts)
{
	if (s->bare && run->text->front && tokens > 1 && run->text->tokens.lengths[first] == 1)
		tokens--;
	counts->word_tokens += s->times * tokens;
	counts->single_words += tokens == 1 ? s->times : 0;
	counts->continued_words += tokens > 1 ? s->times : 0;
	counts->single_types += tokens == 1 && s->last;
}

static enum tok_status encode_spelling(struct vocab_audit_run *run, const struct spelling *s,
				       struct vocab_audit_counts *counts, struct tok_error *err)
{
	struct tok_encoding encoded;
	const enum tok_status status =
	    tok_encode(run->encoder, s->text, &vocab_audit_ordinary, &encoded, err);
	if (status == TOK_OK)
		count_spelling(run, s, encoded.count, encoded.count ? encoded.ids[0] : 0, counts);
	else
		counts->refused = s->word;
	return status;
}

/* By its pieces; false: one of them is refused, or it has none that are known. */
static bool count_pieces(const struct vocab_audit_run *run, const struct vocab_audit_pieces *p,
			 const struct vocab_audit_taken *text, const struct spelling *s,
			 struct vocab_audit_counts *counts)
{
	size_t tokens = 0;
	tok_id first = 0;
	for (size_t i = text->begin; i < text->end; i++) {
		const struct vocab_audit_piece *piece = &p->items[p->numbers[i]];
		if (piece->refused)
			return false;
		if (tokens == 0 && piece->id_count)
			first = p->ids[piece->ids];
		tokens += piece->id_count;
	}
	if (text->begin == text->end)
		return false;
	count_spelling(run, s, tokens, first, counts);
	return true;
}

static enum tok_status run_pieces(struct vocab_audit_run *run, struct vocab_audit_pieces *p,
				  const struct vocab_audit_spellings *s,
				  struct vocab_audit_counts *counts, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0, done = 0; i < s->count && status == TOK_OK; i++) {
		status = vocab_audit_pieces_take(p, run, s->items[i].text, err);
		if (status != TOK_OK || (i + 1 < s->count && !vocab_audit_pieces_are_many(p)))
			continue;
		status = vocab_audit_pieces_settle(p, run, err);
		for (size_t k = 0; k < p->text_count && status == TOK_OK; k++, done++)
			if (!count_pieces(run, p, &p->texts[k], &s->items[done], counts))
				status = encode_spelling(run, &s->items[done], counts, err);
		vocab_audit_pieces_forget(p);
	}
	return status;
}

static enum tok_status run_each(struct vocab_audit_run *run, const struct vocab_audit_spellings *s,
				struct vocab_audit_counts *counts, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < s->count && status == TOK_OK; i++)
		status = encode_spelling(run, &s->items[i], counts, err);
	return status;
}

enum tok_status vocab_audit_run_words(struct vocab_audit_run *run,
				      const struct vocab_audit_word_list *words, size_t begin,
				      size_t end, struct vocab_audit_counts *counts,
				      struct tok_error *err)
{
	struct vocab_audit_pieces *p = vocab_audit_run_pieces(run, true);
	struct vocab_audit_spellings *s = run->scratch->spellings;
	enum tok_status status = TOK_OK;
	while (status == TOK_OK && begin < end) {
		const size_t some = end - begin < WORDS_AT_ONCE ? end - begin : WORDS_AT_ONCE;
		counts->refused = begin;
		list_spellings(run, words, begin, begin + some, s);
		status = run->text->by_pieces ? run_pieces(run, p, s, counts, err)
					      : run_each(run, s, counts, err);
		begin += some;
	}
	return status;
}
