/* train_exact.c - how exact a file is that joins words: superbpe's way of cutting text
 * lets supertokens be joined of parts of words too, which boundless never does. */
#include <inttypes.h>
#include <math.h>

#include "cmd/train_stages.h"

enum { SAMPLE_BYTES = 4 << 20, SAMPLE_BYTES_A_FILE = 1 << 18 };

struct measuring {
	struct vocab_exact *exact;
	struct tok_encoder *encoder;
	struct train_exactness found;
	uint64_t bytes;
};

static enum tok_status measure_line(struct measuring *m, struct tok_span line,
				    struct tok_error *err)
{
	const struct tok_encode_options how = { .special_text = TOK_SPECIAL_ORDINARY };
	const tok_id *ids;
	size_t count;
	struct tok_encoding encoding;
	enum tok_status status = vocab_exact_encode(m->exact, line, &ids, &count, err);
	if (status == TOK_OK)
		status = tok_encode(m->encoder, line, &how, &encoding, err);
	if (status != TOK_OK) /* a line may be too long to be encoded at once */
		return status == TOK_ELIMIT ? TOK_OK : status;
	m->found.lines++;
	m->found.differing += count != encoding.count ||
			      (count && memcmp(ids, encoding.ids, count * sizeof *ids) != 0);
	m->found.exact_ids += count;
	m->found.ids += encoding.count;
	m->bytes += line.count;
	return TOK_OK;
}

static enum tok_status measure_text(void *context, size_t file, struct tok_span text, bool first,
				    bool *enough, struct tok_error *err)
{
	struct measuring *m = context;
	enum tok_status status = TOK_OK;
	(void)file;
	(void)first;
	while (text.count && status == TOK_OK) {
		const uint8_t *at = memchr(text.bytes, '\n', text.count);
		const size_t count = at ? (size_t)(at - text.bytes) + 1 : text.count;
		status = measure_line(m, tok_span_slice(text, 0, count), err);
		text = tok_span_slice(text, count, text.count);
	}
	*enough = m->bytes >= SAMPLE_BYTES;
	return status;
}

static enum tok_status compile(const struct train_stages *s, const struct vocab_learned *learned,
			       enum vocab_relaxed relaxed, struct tok_tokenizer **out,
			       struct tok_error *err)
{
	struct tok_spec spec = { 0 };
	enum tok_status status = train_stages_tokenizer(s, learned, relaxed, &spec, err);
	if (status == TOK_OK)
		status = tok_tokenizer_new(&spec, out, err);
	tok_spec_release(&spec);
	return status;
}

/* The words' part of what was learned. */
static struct vocab_learned front_of(const struct train_stages *s)
{
	struct vocab_learned words = s->joined;
	tok_id end = s->first.entry_count ? s->first.entries[0].id + 256 : 0;
	words.merge_count = s->word_merges;
	for (size_t i = 0; i < words.merge_count; i++)
		end += words.merges[i].result == end;
	while (words.entry_count && words.entries[words.entry_count - 1].id >= end)
		words.entry_count--;
	return words;
}

enum tok_status train_exactness_measure(struct train_stages *s, struct tok_error *err)
{
	struct measuring m = { 0 };
	struct tok_tokenizer *words = NULL, *relaxed = NULL;
	struct tok_spec spec = { 0 };
	struct vocab_base base = { 0 };
	struct vocab_runs *runs = NULL;
	const struct vocab_learned front = front_of(s);
	enum tok_status status = compile(s, &front, VOCAB_RELAXED_NOT, &words, err);
	if (status == TOK_OK)
		status = compile(s, &s->joined, VOCAB_RELAXED_SUPERBPE, &relaxed, err);
	if (status == TOK_OK)
		status = train_stages_tokenizer(s, &front, VOCAB_RELAXED_NOT, &spec, err);
	if (status == TOK_OK)
		status = vocab_base_of(&spec, &base, err);
	if (status == TOK_OK)
		status = vocab_runs_new(&base.model, s->pattern, &runs, err);
	const struct vocab_exact_options options = {
		.words = words,
		.model = &base.model,
		.runs = runs,
		.supers = s->joined.merges + s->word_merges,
		.super_count = s->joined.merge_count - s->word_merges,
	};
	if (status == TOK_OK)
		status = vocab_exact_new(&options, &m.exact, err);
	if (status == TOK_OK && !(m.encoder = tok_encoder_new(relaxed)))
		status = tok_fail_memory(err);
	const struct train_texts texts = {
		.files = s->run->files,
		.split = &s->opts->split,
		.raw = s->opts->raw,
		.cut = { .tokenizer = relaxed, .between_lines = true },
		.bytes = SAMPLE_BYTES_A_FILE,
		.use = measure_text,
		.context = &m,
	};
	if (status == TOK_OK)
		status = train_each_text(&texts, err);
	s->exactness = m.found;
	tok_encoder_free(m.encoder);
	vocab_exact_free(m.exact);
	vocab_runs_free(runs);
	vocab_base_release(&base);
	tok_spec_release(&spec);
	tok_tokenizer_free(words);
	tok_tokenizer_free(relaxed);
	return status;
}

void train_exactness_tell(const struct train_exactness *m)
{
	if (m->lines == 0)
		return;
	fprintf(stderr,
		"tok train: of %" PRIu64 " lines of the text, %.1f%% have other tokens than words "
		"joined only whole would have; all have %.2f%% %s tokens\n",
		m->lines, 100.0 * (double)m->differing / (double)m->lines,
		m->exact_ids ? 100.0 * fabs((double)m->ids / (double)m->exact_ids - 1) : 0.0,
		m->ids <= m->exact_ids ? "fewer" : "more");
}
