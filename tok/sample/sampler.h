/*
 * sampler.h - texts to ids by a segmentation that is drawn, not the canonical one.
 *
 *	struct tok_sample_options o = { .method = TOK_SAMPLE_BPE_DROPOUT, .p = 0.1 };
 *	status = tok_sampler_new(tokenizer, &o, &sampler, &err);  // shared by threads
 *	struct tok_sampling *s = tok_sampling_new(sampler);       // one per thread
 *	for each epoch and document, in a training loop:
 *		status = tok_sample(s, text, &how, seed, stream, &encoding, &err);
 *	tok_sampling_free(s);
 *	tok_sampler_free(sampler);
 *
 * All around the model - added tokens, normaliser, pre-tokenizer, template - is done as
 * in tok_encode; what is drawn is how each piece is spelled by the vocabulary's tokens
 * (surfaces.h).  A character that no token spells is its byte tokens, or the unknown
 * token, as in the tokenizer's own model.  At p = 0 dropout is the tokenizer's own
 * segmentation, where its model is of that kind.  Unigram sampling takes an unknown
 * character for a token like others, as its model does; uniform sampling gives only those
 * segmentations that have the fewest of them.  User-defined pieces are tokens like others
 * to both and to maxmatch, as in SentencePiece's lattice: smaller ones may spell the same.
 *
 * What is drawn decodes to what the canonical ids decode to, except where a method comes to an
 * unknown token that these do not have: maxmatch in a WordPiece word, which is unknown as a whole
 * where no token that goes on is left, and all where a character is no token but part of one.
 *
 * A BPE piece above TOK_STRETCH_MAX bytes that has no break is TOK_ELIMIT.
 *
 * SentencePiece adds up in 32 bits, these samplers in 64: for sentences scores differ by
 * 1e-4, log probabilities of words by 2e-5, entropies by up to a ten-thousandth of them.
 *
 * Draws depend on seed and stream only: tok/base/random.h.
 */
#ifndef TOK_SAMPLE_SAMPLER_H
#define TOK_SAMPLE_SAMPLER_H

#include "tok/base/random.h"
#include "tok/pipe/encoder.h"

enum tok_sample_method {
	/* Provilkov et al. 2020 (arXiv 1910.13267), algorithm 1: at each step every merge
	 * that could be applied is dropped with probability p; the best that is left, the
	 * leftmost of equals, is applied; none left: the end.  (subword-nmt 0.3.8 applies
	 * all that are left of the best pair in one step, which is another distribution
	 * where a pair stands in a word twice.)  Each step of a piece offers all others
	 * again, so that a long piece stays nearer to its canonical segmentation than its
	 * words would by themselves: SentencePiece's models split nothing.  BPE only. */
	TOK_SAMPLE_BPE_DROPOUT,
	/* Hugging Face tokenizers 0.23 (src/models/bpe/word.rs): the same, but candidates
	 * whose symbols have merged with others stay in its queue, and when one of them is
	 * not dropped, all that were are offered again.  That is far from the paper's where
	 * merges compete: GPT-2's " tokenization" at p = 0.1 stays what it is with
	 * probability 0.994, the paper's method 0.796, SentencePiece's 0.314.  As there,
	 * a piece that is a token is not looked up whole where p is not 0.  BPE only. */
	TOK_SAMPLE_BPE_DROPOUT_HF,
	/* SentencePiece 0.2 (src/bpe_model.cc): a merge is tried once; dropped, it is gone.
	 * BPE only. */
	TOK_SAMPLE_BPE_DROPOUT_SP,
	/* Hiraoka 2022 (MaxMatch-Dropout): from left to right the longest token that is not
	 * dropped; those of one symbol never are.  Any vocabulary.  p = 0: longest match. */
	TOK_SAMPLE_MAXMATCH,
	/* Kudo 2018 (arXiv 1804.10959), as SentencePiece 0.2 does it: a path through the
	 * lattice with probability proportional to exp(alpha x score).  Unigram only. */
	TOK_SAMPLE_UNIGRAM,
	/* Cognetta et al. 2024 (arXiv 2408.04443): each segmentation of a piece is as likely
	 * as any other.  Any vocabulary. */
	TOK_SAMPLE_UNIFORM,
	TOK_SAMPLE_METHOD_COUNT
};

/* "bpe-dropout", "bpe-dropout-hf", "bpe-dropout-sp", "maxmatch", "unigram", "uniform" */
TOK_API const char *tok_sample_method_name(enum tok_sample_method method);

struct tok_sample_options {
	enum tok_sample_method method;
	double p;     /* dropout: 0 to 1.  Uniform: with which probability a piece is drawn
		       * instead of being encoded as the model does; the paper's is 1 */
	double alpha; /* unigram: 0 to 100 */
	/* unigram: 0 and 1 the best segmentation, above 1 (up to 512) drawn among the best
	 * so many of a piece, -1 among all. */
	int nbest;
};

struct tok_sampler;  /* immutable */
struct tok_sampling; /* of one thread */

/* TOK_EARG where the method needs another model than the tokenizer has, or a number is
 * out of its range. */
TOK_API TOK_MUST_USE enum tok_status tok_sampler_new(const struct tok_tokenizer *tokenizer,
						     const struct tok_sample_options *options,
						     struct tok_sampler **out,
						     struct tok_error *err);
TOK_API void tok_sampler_free(struct tok_sampler *sampler);

TOK_API struct tok_sampling *tok_sampling_new(const struct tok_sampler *sampler);
TOK_API void tok_sampling_free(struct tok_sampling *sampling);

/* One segmentation of a text; *out belongs to `sampling` and lives until its next call. */
TOK_API TOK_MUST_USE enum tok_status tok_sample(struct tok_sampling *sampling, struct tok_span text,
						const struct tok_encode_options *how, uint64_t seed,
						uint64_t stream, struct tok_encoding *out,
						struct tok_error *err);

/* Of the distribution that tok_sample draws from, without listing it: its entropy in nats,
 * and the expected number of ids.  In time and memory linear in the text.  Of maxmatch, unigram
 * with nbest -1, and uniform with p 1.  TOK_EARG, not known, of others, where `how` truncates,
 * and where unknown symbols that are one token with their neighbours, or none, are part of
 * tokens in other segmentations. */
TOK_API TOK_MUST_USE enum tok_status tok_sample_entropy(struct tok_sampling *sampling,
							struct tok_span text,
							const struct tok_encode_options *how,
							double *entropy, double *length,
							struct tok_error *err);

/* ---- several at once, through the lattice of the whole text ---------------------
 *
 * Neither p nor nbest are looked at: the distribution is that of all segmentations.  Two
 * may have the same ids where unknown tokens hide what they stand for, or `how` truncates.
 * TOK_ELIMIT where the search takes more than 2^25 steps, which are at most as many as the
 * segmentations asked for have tokens, where those found have more tokens than that in all, or
 * the text has more than TOK_STRETCH_MAX bytes. */

struct tok_draw {
	const tok_id *ids;
	size_t count;
	double log_probability; /* natural logarithm, under the method's distribution */
	/* Without replacement: logarithm of the probability of being among those drawn,
	 * SentencePiece's estimate; else equal to log_probability. */
	double log_inclusion;
};

struct tok_draws {
	const struct tok_draw *items; /* belong to `sampling` and live until its next call */
	size_t count;
};

/* The `count` most probable segmentations, best first; of unigram only.  Fewer where
 * there are fewer.  SentencePiece's NBestEncode. */
TOK_API TOK_MUST_USE enum tok_status tok_sample_best(struct tok_sampling *sampling,
						     struct tok_span text,
						     const struct tok_encode_options *how,
						     size_t count, struct tok_draws *out,
						     struct tok_error *err);

/* `count` different segmentations drawn without replacement; of unigram and uniform.  Fewer
 * where there are fewer: all of them, with log_inclusion 0.  With `include_best`, of unigram
 * only, the most probable is the first, with log_inclusion 0, and the others are drawn
 * among the rest.  Source: W. Kool et al.,
 * "Stochastic Beams and Where to Find Them" (arXiv 1903.06059), appendix B.3, as SentencePiece's
 * SampleEncodeAndScore. */
TOK_API TOK_MUST_USE enum tok_status
tok_sample_distinct(struct tok_sampling *sampling, struct tok_span text,
		    const struct tok_encode_options *how, size_t count, bool include_best,
		    uint64_t seed, uint64_t stream, struct tok_draws *out, struct tok_error *err);

/* ---- the whole distribution of a short text ------------------------------------- */

/* Every segmentation that the method can give, most probable first, equal ones in the order of
 * their ids; probabilities add up to 1.  Of dropout without those of less than 1e-300.  With
 * nbest above 1 those among which is drawn.
 *
 * TOK_ELIMIT where there are more than `limit`, or they have more than 2^24 ids in all, where the
 * text's bytes times their number are above 2^28, and where a piece has more than 2^20 bytes.
 * Of maxmatch, uniform, and unigram over all, it is found out before a piece is listed, in time
 * linear in its bytes.  Of dropout also where there are more than 64 x limit states on the way,
 * or they have more than 2^25 numbers, or more of these are gone through than 2^22 + 2^10 x limit,
 * of Hugging Face's 2^22 + 2^13 x limit. */
TOK_API TOK_MUST_USE enum tok_status tok_sample_exact(struct tok_sampling *sampling,
						      struct tok_span text,
						      const struct tok_encode_options *how,
						      size_t limit, struct tok_draws *out,
						      struct tok_error *err);

#endif
