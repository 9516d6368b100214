/*
 * validity_added.c - tokens that are cut out of the text before it is encoded: added tokens
 * that are not special, and SentencePiece's user-defined pieces.
 *
 * They are searched from left to right, the longest that stands at a place, and the search goes on
 * behind it.  A row of tokens says where it has found some; it is right if at all other places,
 * up to the end of the text, none begins, and no longer one where one was taken.  So behind each
 * place that was searched a match is open while the bytes that follow are the beginning of one,
 * and the row dies when it completes.  Several may be open, but the longest tells the others: the
 * search from where it begins finds in its text the same places again, and the next of them that is
 * open is a number kept with the node (.next).
 *
 * What lies between them is text by itself to the rest of the tokenizer.  While the bytes of
 * a token come it is not known whether it will be one of these: both are kept.
 */
#include "tok/bytes/validity_internal.h"

#include <stdlib.h>

#include "tok/base/buffer.h"
#include "tok/bytes/tokens_internal.h"

/* SentencePiece looks at so many user-defined prefixes of a text. */
enum { USER_MATCHES_MAX = 64 };

struct valid_added {
	struct tok_byte_tokens *texts; /* by place in `ids` */
	tok_id *ids;
	/* By node: its bytes, and the longest match that is open behind the one that begins it. */
	uint32_t *depths, *next;
};

enum { CUT_AT = sizeof(struct tok_valid_state) - sizeof(struct valid_cut) };

static struct valid_cut load(const struct tok_valid_state *state)
{
	struct valid_cut cut;
	memcpy(&cut, (const uint8_t *)state + CUT_AT, sizeof cut);
	return cut;
}

static void store(struct tok_valid_state *state, struct valid_cut cut)
{
	memcpy((uint8_t *)state + CUT_AT, &cut, sizeof cut);
}

/* ---- the search ------------------------------------------------------------------ */

static uint32_t child_of(const struct valid_added *added, uint32_t node, uint8_t byte)
{
	return tok_byte_tokens_child(added->texts, node, byte);
}

static bool is_whole(const struct valid_added *added, uint32_t node)
{
	const tok_id *ids;
	return node != 0 && tok_byte_tokens_ends(added->texts, node, &ids) > 0;
}

/* A byte has come.  *open is the longest match under way, of which the last `inside` bytes are
 * those of a token that is cut out; `search`: the byte is not in such a one, and one may
 * begin there.  False: one is complete that the row does not have. */
static bool go_on_searching(const struct valid_added *added, uint32_t *open, size_t inside,
			    bool search, uint8_t byte)
{
	uint32_t longest = 0;
	for (uint32_t node = *open; node && added->depths[node] > inside;
	     node = added->next[node]) {
		const uint32_t child = child_of(added, node, byte);
		if (is_whole(added, child))
			return false;
		longest = longest ? longest : child;
	}
	if (search) {
		const uint32_t child = child_of(added, 0, byte);
		if (is_whole(added, child))
			return false;
		longest = longest ? longest : child;
	}
	*open = longest;
	return true;
}

/* ---- rules ------------------------------------------------------------------------- */

/* The byte is one of a token that is cut out, if those before were. */
static void go_on_claiming(const struct valid_added *added, struct valid_cut *cut, uint8_t byte)
{
	const size_t inside = cut->claim ? added->depths[cut->claim] : 0;
	const uint32_t child = child_of(added, cut->claim, byte);
	if (child && (cut->claim_open == 0 ||
		      go_on_searching(added, &cut->claim_open, inside, false, byte))) {
		cut->claim = child;
	} else {
		cut->claim = VALID_DEAD;
		cut->claim_open = 0;
	}
}

bool valid_added_byte(const struct tok_validity *v, struct tok_valid_state *state, uint8_t byte)
{
	struct valid_cut cut = load(state);
	if (cut.claim != VALID_DEAD)
		go_on_claiming(v->added, &cut, byte);
	if (cut.open != VALID_DEAD && (!go_on_searching(v->added, &cut.open, 0, true, byte) ||
				       !v->kind->byte(v, state, byte))) {
		*state = (struct tok_valid_state){ { 0 } };
		cut.open = VALID_DEAD;
	}
	store(state, cut);
	return cut.open != VALID_DEAD || cut.claim != VALID_DEAD;
}

/* A token ends here that is cut out: what follows is text by itself. */
static bool take_added(const struct tok_validity *v, struct valid_cut cut, tok_id id,
		       struct tok_valid_state *next)
{
	const struct valid_added *added = v->added;
	const tok_id *ends;
	const size_t count =
	    cut.claim == VALID_DEAD ? 0 : tok_byte_tokens_ends(added->texts, cut.claim, &ends);
	for (size_t i = 0; i < count; i++) {
		if (added->ids[ends[i]] != id)
			continue;
		const uint32_t open = cut.claim_open ? cut.claim_open : cut.claim;
		*next = v->kind->start(v);
		store(next, (struct valid_cut){ .open = open, .claim_open = open });
		return true;
	}
	return false;
}

bool valid_added_token(const struct tok_validity *v, const struct tok_valid_state *state, tok_id id,
		       struct tok_valid_state *next)
{
	struct valid_cut cut = load(state);
	if (v->facts[id] & VALID_ADDED)
		return take_added(v, cut, id, next);
	if (cut.open == VALID_DEAD || !v->kind->token(v, state, id, next))
		return false;
	const bool ends = v->kind->end(v, next);
	cut.claim = ends ? 0 : VALID_DEAD;
	cut.claim_open = ends ? cut.open : 0;
	store(next, cut);
	return true;
}

bool valid_added_end(const struct tok_validity *v, const struct tok_valid_state *state)
{
	return load(state).open != VALID_DEAD && v->kind->end(v, state);
}

bool valid_added_claim(const struct tok_valid_state *state, struct tok_valid_state *out)
{
	struct valid_cut cut = load(state);
	cut.open = VALID_DEAD;
	*out = (struct tok_valid_state){ { 0 } };
	store(out, cut);
	return cut.claim != VALID_DEAD;
}

void valid_added_unclaim(const struct tok_valid_state *state, struct tok_valid_state *out)
{
	*out = (struct tok_valid_state){ { 0 } };
	store(out, (struct valid_cut){ .open = load(state).open, .claim = VALID_DEAD });
}

/* ---- which there are ------------------------------------------------------------------ */

/* Texts, as tokens spell them. */
struct collection {
	struct tok_buffer bytes;
	size_t *ends;
	tok_id *ids;
	size_t count;
	bool has_added, normalized; /* added tokens, of which it is known where they are matched */
};

static enum tok_status refuse(const char *what, struct tok_span text, struct tok_error *err)
{
	return tok_fail(err, TOK_EARG, "%s '%.*s' %s", what,
			(int)(text.count < 64 ? text.count : 64), (const char *)text.bytes,
			"is cut out of the text before it is encoded");
}

static bool begins_with(struct tok_span text, struct tok_span front)
{
	return text.count >= front.count && memcmp(text.bytes, front.bytes, front.count) == 0;
}

/* SentencePiece's mark for a space. */
static const struct tok_span mark = { (const uint8_t *)"\xE2\x96\x81", 3 };

static bool has_mark(struct tok_span text)
{
	for (size_t i = 0; i < text.count; i++)
		if (begins_with(tok_span_slice(text, i, text.count), mark))
			return true;
	return false;
}

static enum tok_status collect(const struct tok_validity *v, struct collection *c,
			       struct tok_span text, tok_id id, struct tok_error *err)
{
	const size_t begin = c->bytes.count;
	for (size_t i = 0; i < text.count;) {
		const bool space =
		    v->marks && begins_with(tok_span_slice(text, i, text.count), mark);
		if (!tok_buffer_add(&c->bytes, space ? (const uint8_t *)" " : text.bytes + i, 1))
			return tok_fail_memory(err);
		i += space ? mark.count : 1;
	}
	const struct tok_span spelled =
	    tok_span_slice(tok_buffer_span(&c->bytes), begin, c->bytes.count);
	const bool is_text = tok_byte_tokens_kind(v->tokens, id) == TOK_BYTE_TEXT;
	if (is_text && !tok_span_equal(spelled, tok_byte_tokens_text(v->tokens, id)))
		return tok_fail(err, TOK_EARG, "the token '%.*s' is decoded as something else",
				(int)(text.count < 64 ? text.count : 64), (const char *)text.bytes);
	if (is_text)
		v->facts[id] = VALID_ADDED;
	c->ids[c->count] = id;
	c->ends[c->count++] = c->bytes.count;
	return TOK_OK;
}

/* Is something put in front of every stretch of text between two of them? */
static bool prepends(const struct tok_spec *spec, bool normalized)
{
	for (size_t i = 0; !normalized && i < spec->normalizer_count; i++)
		if (spec->normalizers[i].kind == TOK_NORM_PREPEND ||
		    (spec->normalizers[i].kind == TOK_NORM_SENTENCEPIECE &&
		     spec->normalizers[i].as.sentencepiece.add_dummy_prefix))
			return true;
	for (size_t i = 0; i < spec->pretokenizer_count; i++) {
		const struct tok_pretok_step *step = &spec->pretokenizers[i];
		if ((step->kind == TOK_PRETOK_METASPACE &&
		     step->as.metaspace.prepend == TOK_PREPEND_ALWAYS) ||
		    (step->kind == TOK_PRETOK_BYTE_LEVEL && step->as.byte_level.add_prefix_space))
			return true;
	}
	return false;
}

/* Text has spaces until they are written as marks, and then it has none. */
static bool can_match(const struct tok_validity *v, struct tok_span content, bool normalized)
{
	const struct tok_spec *spec = tok_tokenizer_spec(v->tokenizer);
	bool marks = v->marks && normalized;
	for (size_t i = 0; i < spec->pretokenizer_count; i++)
		marks = marks && spec->pretokenizers[i].kind != TOK_PRETOK_METASPACE;
	if (content.count == 0)
		return false;
	return marks ? !memchr(content.bytes, ' ', content.count) : !v->marks || !has_mark(content);
}

static enum tok_status collect_added(const struct tok_validity *v, struct collection *c,
				     struct tok_error *err)
{
	const struct tok_spec *spec = tok_tokenizer_spec(v->tokenizer);
	for (size_t i = 0; i < spec->added_count; i++) {
		const struct tok_added_token *token = &spec->added[i];
		const struct tok_span content = tok_tokenizer_added_content(v->tokenizer, i);
		if (token->special || !can_match(v, content, token->normalized))
			continue;
		if (token->single_word || token->lstrip || token->rstrip)
			return tok_fail(
			    err, TOK_EARG,
			    "the added token '%.*s' looks at what stands around it "
			    "(%s)",
			    (int)(token->content.count < 64 ? token->content.count : 64),
			    (const char *)token->content.bytes,
			    token->single_word ? "single_word"
			    : token->lstrip    ? "lstrip"
					       : "rstrip");
		if (c->has_added && token->normalized != c->normalized)
			return tok_fail(err, TOK_EARG,
					"some added tokens are matched before the text is "
					"normalised, some behind it");
		c->has_added = true;
		c->normalized = token->normalized;
		if (prepends(spec, token->normalized))
			return refuse("a space is put in front of what follows when",
				      token->content, err);
		const enum tok_status status = collect(v, c, content, token->id, err);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}

/* SentencePiece: inside the model, so in normalised text. */
static enum tok_status collect_user_defined(const struct tok_validity *v, struct collection *c,
					    struct tok_error *err)
{
	for (tok_id id = 0; tok_model_cuts_pieces(v->model) && id < v->size; id++) {
		struct tok_vocab_entry entry;
		if (!tok_tokenizer_entry(v->tokenizer, id, &entry) ||
		    entry.type != TOK_PIECE_USER_DEFINED || !can_match(v, entry.text, true))
			continue;
		if (v->follow != tok_follow_whole_text() || c->has_added)
			return refuse(c->has_added ? "besides added tokens, the user-defined piece"
						   : "besides words, the user-defined piece",
				      entry.text, err);
		const enum tok_status status = collect(v, c, entry.text, id, err);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}

static enum tok_status make_trie(struct valid_added *added, const struct collection *c,
				 struct tok_error *err)
{
	struct tok_span *texts = calloc(c->count, sizeof *texts);
	enum tok_byte_kind *kinds = calloc(c->count, sizeof *kinds);
	enum tok_status status = texts && kinds ? TOK_OK : tok_fail_memory(err);
	for (size_t i = 0; status == TOK_OK && i < c->count; i++) {
		texts[i] =
		    tok_span_slice(tok_buffer_span(&c->bytes), i ? c->ends[i - 1] : 0, c->ends[i]);
		kinds[i] = TOK_BYTE_TEXT;
	}
	if (status == TOK_OK)
		status = tok_byte_tokens_of(texts, kinds, c->count, (struct tok_span){ 0 },
					    &added->texts, err);
	free(texts);
	free(kinds);
	return status;
}

/* A match that is whole is taken, and nothing is searched in it.  Nodes are in the order of their
 * depths. */
static enum tok_status link_nodes(struct valid_added *added, struct tok_error *err)
{
	const struct tok_byte_tokens *trie = added->texts;
	const uint32_t nodes = tok_byte_tokens_node_count(trie);
	added->depths = calloc(nodes, sizeof *added->depths);
	added->next = calloc(nodes, sizeof *added->next);
	if (!added->depths || !added->next)
		return tok_fail_memory(err);
	for (uint32_t node = 0; node < nodes; node++) {
		for (uint32_t child = trie->first[node]; child < trie->first[node + 1]; child++) {
			const uint8_t byte = trie->bytes[child];
			uint32_t open = added->next[node];
			added->depths[child] = added->depths[node] + 1;
			if (node == 0 || is_whole(added, child))
				continue;
			while (open && child_of(added, open, byte) == 0)
				open = added->next[open];
			added->next[child] = child_of(added, open, byte);
		}
	}
	return TOK_OK;
}

/* Where `text` leads to, 0: nowhere; and how many stand at its front. */
static uint32_t walk(const struct valid_added *added, struct tok_span text, size_t *count)
{
	uint32_t node = 0;
	*count = 0;
	for (size_t i = 0; i < text.count; i++) {
		node = child_of(added, node, text.bytes[i]);
		if (node == 0)
			return 0;
		*count += is_whole(added, node);
	}
	return node;
}

static enum tok_status refuse_many(const struct tok_validity *v, size_t count,
				   struct tok_error *err)
{
	for (tok_id i = 0; tok_model_cuts_pieces(v->model) && i < count; i++) {
		const struct tok_span text = tok_byte_tokens_text(v->added->texts, i);
		size_t before;
		if (walk(v->added, text, &before) && before > USER_MATCHES_MAX)
			return refuse("with more than 64 others in front the user-defined piece",
				      text, err);
	}
	return TOK_OK;
}

/* The text of a special token is not looked for, but hides what it overlaps. */
static enum tok_status refuse_hidden(const struct tok_validity *v, const struct collection *c,
				     struct tok_error *err)
{
	const struct tok_spec *spec = tok_tokenizer_spec(v->tokenizer);
	for (size_t i = 0; c->has_added && i < spec->added_count; i++) {
		const struct tok_span text = tok_tokenizer_added_content(v->tokenizer, i);
		const bool searched =
		    spec->added[i].special && spec->added[i].normalized == c->normalized;
		for (size_t at = 0; searched && at < text.count; at++) {
			size_t whole;
			const struct tok_span rest = tok_span_slice(text, at, text.count);
			const uint32_t node = walk(v->added, rest, &whole);
			if (whole > 0 || (node && at > 0))
				return tok_fail(
				    err, TOK_EARG,
				    "the special token '%.*s' may overlap an added token "
				    "that is not special",
				    (int)(text.count < 64 ? text.count : 64),
				    (const char *)text.bytes);
		}
	}
	return TOK_OK;
}

static enum tok_status build(struct tok_validity *v, struct collection *c, struct tok_error *err)
{
	v->added = calloc(1, sizeof *v->added);
	if (!v->added)
		return tok_fail_memory(err);
	v->added->ids = c->ids;
	c->ids = NULL;
	enum tok_status status = make_trie(v->added, c, err);
	if (status == TOK_OK)
		status = link_nodes(v->added, err);
	if (status == TOK_OK)
		status = refuse_many(v, c->count, err);
	return status == TOK_OK ? refuse_hidden(v, c, err) : status;
}

enum tok_status valid_added_init(struct tok_validity *v, struct tok_error *err)
{
	const size_t most = tok_tokenizer_spec(v->tokenizer)->added_count + v->size + 1;
	struct collection c = { .ends = calloc(most, sizeof *c.ends),
				.ids = calloc(most, sizeof *c.ids) };
	enum tok_status status = c.ends && c.ids ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK)
		status = collect_added(v, &c, err);
	if (status == TOK_OK)
		status = collect_user_defined(v, &c, err);
	if (status == TOK_OK && c.count > 0)
		status = build(v, &c, err);
	tok_buffer_release(&c.bytes);
	free(c.ends);
	free(c.ids);
	return status;
}

void valid_added_free(struct valid_added *added)
{
	if (!added)
		return;
	tok_byte_tokens_free(added->texts);
	free(added->ids);
	free(added->depths);
	free(added->next);
	free(added);
}
