/*
 * hf_write_internal.h - between the files that write tokenizer.json.
 *
 * As in pretty_internal.h the first failure stays; who finds one calls hf_refuse().
 */
#ifndef VOCAB_FORMAT_HF_WRITE_INTERNAL_H
#define VOCAB_FORMAT_HF_WRITE_INTERNAL_H

#include "tok/base/hash.h"
#include "tok/pipe/spec.h"
#include "vocab/format/pretty_internal.h"

/* What goes into the "vocab" and "added_tokens" of the file.  Texts are as the file has
 * them: raw bytes in the byte-level alphabet. */
struct hf_tokens {
	const struct tok_vocab_entry *entries;
	const struct tok_merge *merges; /* of a BPE, by rank */
	size_t merge_count;
	bool ignore_merges;
	const struct tok_vocab_entry **by_id; /* the model's, NULL where there is none */
	size_t id_count;
	const struct tok_added_token **added; /* by rising id */
	size_t added_count;
	/* Hugging Face finds the ids of added tokens anew: of those in the vocabulary
	 * there, of the others by counting on behind it.  Where that would not give
	 * their ids they are written into the vocabulary too. */
	bool added_to_vocab;
};

struct hf_writer {
	struct pretty_writer json;
	const struct tok_spec *spec;
	struct tok_arena scratch;
	struct hf_tokens tokens;
};

/* Fail with TOK_EARG: the file cannot say this. */
void hf_refuse(struct hf_writer *w, const char *fmt, ...) TOK_PRINTF(2, 3);

/* Memory from scratch; NULL once the writer has failed. */
void *hf_scratch(struct hf_writer *w, size_t count, size_t size);

/* Find the merges (hf_write_merges.c), sort the tokens (hf_write_tokens.c), then write
 * those that were added. */
void hf_collect_merges(struct hf_writer *w);
void hf_collect_tokens(struct hf_writer *w);
void hf_write_added(struct hf_writer *w);

/* The parts, each as one value. */
void hf_write_normalizers(struct hf_writer *w);
void hf_write_pretokenizers(struct hf_writer *w);
void hf_write_posts(struct hf_writer *w);
void hf_write_decoders(struct hf_writer *w);
void hf_write_model(struct hf_writer *w);

/* ---- what several components have in common (hf_write_pipeline.c) ---- */

void hf_put_word(struct hf_writer *w, const char *key, const char *word);
void hf_put_text(struct hf_writer *w, const char *key, struct tok_span text);
void hf_put_bool(struct hf_writer *w, const char *key, bool value);

/* The fields that every ByteLevel has, whatever it does. */
void hf_put_byte_level(struct hf_writer *w, bool prefix_space, bool use_regex);

#endif
