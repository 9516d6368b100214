/*
 * hf_internal.h - between the files that read tokenizer.json.
 *
 * A reader fails once: after that every function returns at once, with zeros,
 * and the caller looks at `status` where it matters.
 */
#ifndef VOCAB_FORMAT_HF_INTERNAL_H
#define VOCAB_FORMAT_HF_INTERNAL_H

#include "tok/base/hash.h"
#include "tok/pipe/spec.h"
#include "tok/text/json.h"

struct hf_reader {
	const struct tok_json_document *doc;
	struct tok_spec *out;
	struct tok_arena scratch;
	struct tok_strings ids; /* the model's tokens, in scratch */
	enum tok_status status;
	struct tok_error *err;
};

/* ---- fields (hf_fields.c) ---- */

/* Note that `value` cannot be right: "at PATH: WHAT must be WANTED, not ...". */
void hf_expected(struct hf_reader *r, const struct tok_json *value, const char *what,
		 const char *wanted);

/* Memory from out->arena; NULL once the reader has failed. */
void *hf_array(struct hf_reader *r, size_t count, size_t size);

/* Is `value` an object without repeated keys?  Fails if not. */
bool hf_is_object(struct hf_reader *r, const struct tok_json *value, const char *what);

/* The member called `name`.  hf_need fails if there is none; hf_find returns
 * NULL also where it is null. */
const struct tok_json *hf_need(struct hf_reader *r, const struct tok_json *object,
			       const char *name);
const struct tok_json *hf_find(const struct tok_json *object, const char *name);

/* Values, each failing where `value` is of another type.  `value` may be NULL
 * if the reader has failed. */
bool hf_bool(struct hf_reader *r, const struct tok_json *value);
struct tok_span hf_text(struct hf_reader *r, const struct tok_json *value); /* a copy */
uint32_t hf_char(struct hf_reader *r, const struct tok_json *value);
uint64_t hf_whole(struct hf_reader *r, const struct tok_json *value, uint64_t most);
double hf_real(struct hf_reader *r, const struct tok_json *value);
tok_id hf_id(struct hf_reader *r, const struct tok_json *value);
struct tok_span hf_base64(struct hf_reader *r, const struct tok_json *value);

/* Fails unless `value` is an array; then its number of items. */
size_t hf_items(struct hf_reader *r, const struct tok_json *value);

/* One of a closed set of words: its place in `words`. */
size_t hf_word(struct hf_reader *r, const struct tok_json *value, const char *const *words,
	       size_t count);

/* {"String": "..."} or {"Regex": "..."} */
struct tok_span hf_pattern(struct hf_reader *r, const struct tok_json *value,
			   enum tok_regex_dialect *dialect);

/* Metaspace as pre-tokenizer or decoder, older spellings included. */
void hf_metaspace(struct hf_reader *r, const struct tok_json *object, uint32_t *replacement,
		  enum tok_prepend *prepend);

/* ---- components are told apart by "type" ---- */

/* Files from before there was a "type" are told apart by their fields. */
struct hf_guess {
	const char *type;
	const char *fields[4];
};

/* The type of a component.  Fails, saying what has no type, if nothing fits. */
struct tok_span hf_type(struct hf_reader *r, const struct tok_json *object, const char *what,
			const struct hf_guess *guesses, size_t guess_count);

/* A list in the making.  hf_list_add returns a zeroed element, or NULL. */
struct hf_list {
	void *items;
	size_t count, capacity;
};
void *hf_list_add(struct hf_reader *r, struct hf_list *list, size_t size);

/* `read` for every item of an array.  Sequences in sequences come back here:
 * how deep is limited by the depth of JSON. */
typedef void hf_read_item(struct hf_reader *r, const struct tok_json *item, struct hf_list *list);
void hf_each(struct hf_reader *r, const struct tok_json *array, hf_read_item *read,
	     struct hf_list *list);

/* ---- the parts of the file, each to its place in r->out ---- */

void hf_read_normalizer(struct hf_reader *r, const struct tok_json *value);
void hf_read_pretokenizer(struct hf_reader *r, const struct tok_json *value);
void hf_read_processor(struct hf_reader *r, const struct tok_json *value);
void hf_read_decoder(struct hf_reader *r, const struct tok_json *value);
void hf_read_model(struct hf_reader *r, const struct tok_json *value);
void hf_read_added(struct hf_reader *r, const struct tok_json *value);

/* ---- what readers of other files share (hf_vocab.c) ---- */

/* {"token": id, ...} to the model's entries and r->ids. */
void hf_read_vocabulary(struct hf_reader *r, const struct tok_json *object);

/* The id of a token of the model, or TOK_NO_ID. */
tok_id hf_find_token(const struct hf_reader *r, struct tok_span text);

/* What is known while a list of merges is read; zeroed at first. */
struct hf_merges {
	struct tok_buffer joined;
	size_t place; /* of the entry that the last merge made */
};

/* The tokens that `left` and `right` name and the one they make. */
TOK_MUST_USE enum tok_status hf_find_merge(const struct hf_reader *r, struct hf_merges *known,
					   struct tok_span left, struct tok_span right,
					   struct tok_merge *merge, struct tok_error *err);

/* The ids of <0x00> to <0xFF>. */
void hf_find_bytes(struct hf_reader *r);

#endif
