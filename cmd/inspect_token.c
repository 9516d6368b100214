#include "cmd/inspect_internal.h"

#include <stdarg.h>

#include "vocab/audit/describe.h"
#include "cmd/cli_visible.h"
#include "tok/text/json_write.h"

/* What is told about one token. */
struct token_facts {
	struct tok_span text;
	struct tok_vocab_entry entry;        /* if `known` to the model */
	const struct tok_added_token *added; /* or NULL */
	struct tok_merge merge;              /* the one that makes it, if it is `merged` */
	size_t merge_rank;
	bool special, known, merged;
	struct tok_buffer bytes;
};

bool cli_add_format(struct tok_buffer *out, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	va_start(ap, fmt);
	const int n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return tok_buffer_add(out, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

static bool gather(const struct tok_tokenizer *tokenizer, tok_id id, struct token_facts *facts)
{
	const struct tok_spec *spec = tok_tokenizer_spec(tokenizer);
	const struct tok_model_spec *model = &spec->model;
	*facts = (struct token_facts){
		.text = tok_tokenizer_token(tokenizer, id),
		.special = tok_tokenizer_is_special(tokenizer, id),
	};
	for (size_t i = 0; i < spec->added_count; i++)
		if (spec->added[i].id == id)
			facts->added = &spec->added[i];
	facts->known = tok_tokenizer_entry(tokenizer, id, &facts->entry);
	if (model->kind == TOK_MODEL_BPE && model->as.bpe.order == TOK_BPE_MERGES)
		facts->merged = tok_model_merge(tok_tokenizer_model(tokenizer), id, &facts->merge,
						&facts->merge_rank);
	return cli_token_bytes(tokenizer, id, &facts->bytes);
}

static const char *type_name(enum tok_piece_type type)
{
	switch (type) {
	case TOK_PIECE_NORMAL:
		return "normal";
	case TOK_PIECE_UNKNOWN:
		return "unknown";
	case TOK_PIECE_CONTROL:
		return "control";
	case TOK_PIECE_USER_DEFINED:
		return "user defined";
	case TOK_PIECE_UNUSED:
		return "unused";
	case TOK_PIECE_BYTE:
		return "byte";
	}
	return "";
}

static bool has_score(const struct tok_model_spec *model)
{
	return model->kind == TOK_MODEL_UNIGRAM ||
	       (model->kind == TOK_MODEL_BPE && model->as.bpe.order == TOK_BPE_SCORES);
}

static bool has_rank(const struct tok_model_spec *model)
{
	return model->kind == TOK_MODEL_BPE && model->as.bpe.order == TOK_BPE_RANKS;
}

static void print_facts(const struct tok_tokenizer *tokenizer, tok_id id,
			const struct token_facts *facts)
{
	const struct tok_model_spec *model = &tok_tokenizer_spec(tokenizer)->model;
	char line[VOCAB_LINE];
	vocab_describe_text(facts->text, line);
	printf("%-8s %u\n%-8s %s\n%-8s", "id", id, "text", line, "bytes");
	for (size_t i = 0; i < facts->bytes.count; i++)
		printf(" %02x", facts->bytes.bytes[i]);
	printf("\n%-8s %s\n", "special", facts->special ? "yes" : "no");
	printf("%-8s %s\n", "type",
	       facts->added    ? "added"
	       : !facts->known ? "-"
			       : type_name(facts->entry.type));
	if (facts->known && has_score(model))
		printf("%-8s %.9g\n", "score", facts->entry.score);
	if (facts->known && has_rank(model))
		printf("%-8s %u\n", "rank", facts->entry.id);
	if (!facts->merged)
		return;
	printf("%-8s %zu:", "merge", facts->merge_rank);
	vocab_describe_text(tok_tokenizer_token(tokenizer, facts->merge.left), line);
	printf(" %s", line);
	vocab_describe_text(tok_tokenizer_token(tokenizer, facts->merge.right), line);
	printf(" %s\n", line);
}

static bool add_facts(struct tok_buffer *out, const struct tok_tokenizer *tokenizer, tok_id id,
		      const struct token_facts *facts)
{
	const struct tok_model_spec *model = &tok_tokenizer_spec(tokenizer)->model;
	bool ok = cli_add_format(out, "{\"schema\":\"tok.token.1\",\"id\":%u,\"text\":", id) &&
		  tok_json_put_string(out, facts->text) && cli_add_format(out, ",\"bytes\":\"");
	for (size_t i = 0; ok && i < facts->bytes.count; i++)
		ok = cli_add_format(out, "%02x", facts->bytes.bytes[i]);
	ok = ok && cli_add_format(out, "\",\"special\":%s,\"added\":%s", cli_bool(facts->special),
				  cli_bool(facts->added != NULL));
	if (ok && facts->known)
		ok = cli_add_format(out, ",\"type\":\"%s\"", type_name(facts->entry.type));
	if (ok && facts->known && has_score(model))
		ok = cli_add_format(out, ",\"score\":%.9g", facts->entry.score);
	if (ok && facts->known && has_rank(model))
		ok = cli_add_format(out, ",\"rank\":%u", facts->entry.id);
	if (ok && facts->merged)
		ok = cli_add_format(out, ",\"merge\":{\"rank\":%zu,\"left\":%u,\"right\":%u}",
				    facts->merge_rank, facts->merge.left, facts->merge.right);
	return ok && tok_buffer_add(out, "}\n", 2);
}

enum cli_exit cli_inspect_token(const struct tok_tokenizer *tokenizer, tok_id id, bool json)
{
	struct token_facts facts;
	struct tok_buffer out = { 0 };
	bool ok = gather(tokenizer, id, &facts);
	if (ok && json) {
		ok = add_facts(&out, tokenizer, id, &facts);
		if (ok)
			fwrite(out.bytes, 1, out.count, stdout);
	} else if (ok) {
		print_facts(tokenizer, id, &facts);
	}
	tok_buffer_release(&facts.bytes);
	tok_buffer_release(&out);
	return ok ? CLI_OK : cli_error("out of memory");
}
