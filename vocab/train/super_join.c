/* super_join.c - what two stages learned as one vocabulary. */
#include "vocab/train/super.h"

struct joining {
	const struct vocab_learned *words, *supers;
	tok_id first_super; /* ids of supers' tokens in their own numbers */
	tok_id word_end;    /* ids of words' tokens that are taken end here */
	size_t word_merges, super_merges, super_entries;
};

/* First symbols are there before any merge. */
static tok_id first_made(const struct vocab_learned *words)
{
	const tok_id first = words->entry_count ? words->entries[0].id : 0;
	return words->merge_count ? words->merges[0].result : first + (tok_id)words->entry_count;
}

static bool is_made(const struct joining *j, tok_id id)
{
	return id >= j->first_super || id < j->word_end;
}

static void take_word(struct joining *j)
{
	j->word_end += j->words->merges[j->word_merges++].result == j->word_end;
}

static void take_super(struct joining *j)
{
	const tok_id next = j->first_super + (tok_id)j->super_entries;
	j->super_entries += j->supers->merges[j->super_merges++].result == next;
}

static bool super_is_next(const struct joining *j)
{
	if (j->super_merges == j->supers->merge_count)
		return false;
	const struct tok_merge *merge = &j->supers->merges[j->super_merges];
	if (!is_made(j, merge->left) || !is_made(j, merge->right) || !is_made(j, merge->result))
		return false;
	return j->word_merges == j->words->merge_count ||
	       j->supers->merge_counts[j->super_merges] > j->words->merge_counts[j->word_merges];
}

static void choose(struct joining *j, size_t vocab_size)
{
	while (j->word_end + j->super_entries < vocab_size) {
		if (super_is_next(j))
			take_super(j);
		else if (j->word_merges < j->words->merge_count)
			take_word(j);
		else
			return;
	}
}

static tok_id renumber(const struct joining *j, tok_id id)
{
	return id < j->first_super ? id : j->word_end + (id - j->first_super);
}

static bool copy_entries(const struct joining *j, struct vocab_learned *out)
{
	const tok_id first = j->words->entry_count ? j->words->entries[0].id : 0;
	const size_t kept = j->word_end - first;
	out->entry_count = kept + j->super_entries;
	out->entries = tok_arena_array(&out->arena, out->entry_count, sizeof *out->entries);
	for (size_t i = 0; out->entries && i < out->entry_count; i++) {
		struct tok_vocab_entry *entry = &out->entries[i];
		*entry = i < kept ? j->words->entries[i] : j->supers->entries[i - kept];
		entry->id = renumber(j, entry->id);
		entry->text = tok_arena_copy(&out->arena, entry->text);
		if (!entry->text.bytes)
			return false;
	}
	return out->entries != NULL;
}

static bool copy_merges(const struct joining *j, struct vocab_learned *out)
{
	const size_t kept = j->word_merges;
	out->merge_count = kept + j->super_merges;
	out->merges = tok_arena_array(&out->arena, out->merge_count, sizeof *out->merges);
	out->merge_counts =
	    tok_arena_array(&out->arena, out->merge_count, sizeof *out->merge_counts);
	if (!out->merges || !out->merge_counts)
		return false;
	for (size_t i = 0; i < out->merge_count; i++) {
		const bool is_word = i < kept;
		const size_t at = is_word ? i : i - kept;
		const struct vocab_learned *from = is_word ? j->words : j->supers;
		const struct tok_merge *merge = &from->merges[at];
		out->merges[i] =
		    (struct tok_merge){ renumber(j, merge->left), renumber(j, merge->right),
					renumber(j, merge->result) };
		out->merge_counts[i] = from->merge_counts[at];
	}
	return true;
}

enum tok_status vocab_super_join(const struct vocab_learned *words,
				 const struct vocab_learned *supers, bool by_count,
				 size_t vocab_size, struct vocab_learned *out, size_t *word_merges,
				 struct tok_error *err)
{
	const tok_id first = words->entry_count ? words->entries[0].id : 0;
	const tok_id end = first + (tok_id)words->entry_count;
	struct joining j = { words,
			     supers,
			     end,
			     end,
			     words->merge_count,
			     supers->merge_count,
			     supers->entry_count };
	if (by_count) {
		j.word_end = first_made(words);
		j.word_merges = j.super_merges = j.super_entries = 0;
		choose(&j, vocab_size);
	}
	struct vocab_learned joined = { .kind = TOK_MODEL_BPE };
	if (!copy_entries(&j, &joined) || !copy_merges(&j, &joined)) {
		vocab_learned_release(&joined);
		return tok_fail_memory(err);
	}
	*out = joined;
	*word_merges = j.word_merges;
	return TOK_OK;
}
