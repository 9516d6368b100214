/*
 * fast.h - a SentencePiece model as the steps that a tokenizer.json knows.
 *
 *	status = vocab_fast(&spec, &losses, &err);
 *	if (losses.count) ... ids may differ where the lines say ...
 *	status = vocab_write(VOCAB_TOKENIZER_JSON, &spec, &file, &err);
 *
 * What SentencePiece does in one becomes a list: its rules for characters (Precompiled), extra
 * white space taken away (Replace), U+2581 put in front (Prepend), spaces replaced by it. There
 * is no pre-tokenizer, since SentencePiece cuts nothing beforehand. A BPE by scores gets merges:
 * each way to put a piece together of two, the highest score first. A Unigram's user-defined pieces
 * get the score that they have there. Bytes stay the fallback. Decoding undoes all that.
 *
 * Three things are of every tokenizer.json and are not told as losses: text is UTF-8; a Unigram
 * adds its scores in double precision, and finds the names of its own special tokens also in
 * text that is to be ordinary; an unknown token decodes to its name.
 *
 * Sources: SentencePiece 0.2 (normalizer.cc, bpe_model.cc, unigram_model.cc, word_model.cc) and
 * what Hugging Face tokenizers 0.23 does with such steps.
 */
#ifndef VOCAB_CONVERT_FAST_H
#define VOCAB_CONVERT_FAST_H

#include "tok/pipe/spec.h"
#include "vocab/convert/losses.h"

/* Change `spec`, which must be of SentencePiece, into one that is not; what is new lives in its
 * arena. What cannot be said is left out and added to `losses`. TOK_EARG where it is not of
 * SentencePiece, TOK_EFORMAT where its rules for characters are broken, TOK_ENOMEM; `spec` is then
 * only fit to be released. */
TOK_API TOK_MUST_USE enum tok_status vocab_fast(struct tok_spec *spec, struct vocab_losses *losses,
						struct tok_error *err);

#endif
