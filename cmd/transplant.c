/* transplant.c - tok transplant: give a model another tokenizer; what is done is one word each. */
#include "cmd/cli_pool.h"
#include "cmd/cli_progress.h"
#include "cmd/transplant_files.h"
#include "hypernet/lab/lab.h"

static const struct transplant_options defaults = {
	.preset = -1,
	.temperature = TRANSPLANT_UNSET,
	.weight = TRANSPLANT_UNSET,
	.threshold = TRANSPLANT_UNSET,
	.ridge = -1,
	.knn = -1,
	.chat_template = -1,
	.tie = -1,
	.dtype = -1,
	.seed = TRANSPLANT_SEED_UNSET,
	.holdout = .1,
	.probe = 50,
	.samples = 1200000,
	.seeds = 3,
};

static const struct cli_option option_table[] = {
	{ CLI_GROUP, .name = "Methods" },
	{ CLI_TEXT, 'm', "method", "NAME",
	  "how new tokens get rows: hybrid, or omp where there is a donor; "
	  "tok-transplanting(7) tells all",
	  CLI_FIELD(struct transplant_options, method, const char *) },
	{ CLI_TEXT, 0, "in-method", "NAME", "the same for the input's rows alone",
	  CLI_FIELD(struct transplant_options, in_method, const char *) },
	{ CLI_TEXT, 0, "out-method", "NAME", "the same for the output's",
	  CLI_FIELD(struct transplant_options, out_method, const char *) },
	{ CLI_CHOICE, 0, "preset", TRANSPLANT_PRESET_WORDS,
	  "do what that program does where nothing else is asked for",
	  CLI_FIELD(struct transplant_options, preset, int) },
	{ CLI_TEXT, 0, "donor", "MODEL", "a model that has the new tokenizer",
	  CLI_FIELD(struct transplant_options, donor, const char *) },
	{ CLI_TEXT, 0, "aux", "KINDS",
	  "what tokens are compared by: ngram[:WIDTH], self, donor, cooc:TEXT, file:VECTORS, "
	  "several joined by '+' (ngram)",
	  CLI_FIELD(struct transplant_options, aux, const char *) },
	{ CLI_REAL, 0, "temperature", "T", "of hybrid, local and global (.3), focus, wechsel",
	  CLI_FIELD(struct transplant_options, temperature, double) },
	{ CLI_REAL, 0, "weight", "W", "the share of neighbours in hybrid, 0 to 1 (.3)",
	  CLI_FIELD(struct transplant_options, weight, double) },
	{ CLI_REAL, 0, "threshold", "COSINE", "neighbours that are less alike do not count (0)",
	  CLI_FIELD(struct transplant_options, threshold, double) },
	{ CLI_SIZE, 0, "topk", "N",
	  "neighbours of global (3), wechsel (10), knn (64) and clp (256)",
	  CLI_FIELD(struct transplant_options, topk, uint64_t) },
	{ CLI_CHOICE, 0, "knn", HYPER_KNN_WORDS, "how knn weighs its neighbours (distance)",
	  CLI_FIELD(struct transplant_options, knn, int) },
	{ CLI_FLAG, 0, "euclid", NULL, "knn's neighbours are those at the least distance",
	  CLI_FIELD(struct transplant_options, euclid, bool) },
	{ CLI_SIZE, 'k', "atoms", "N",
	  "rows that omp makes one of (a sixteenth of the width, at most 64)",
	  CLI_FIELD(struct transplant_options, k, uint64_t) },
	{ CLI_FLAG, 0, "normalize-atoms", NULL, "omp chooses by cosines",
	  CLI_FIELD(struct transplant_options, normalize_atoms, bool) },
	{ CLI_SIZE, 0, "screen", "N",
	  "omp chooses among the N rows that are nearest at first: quick, and approximate",
	  CLI_FIELD(struct transplant_options, screen, uint64_t) },
	{ CLI_REAL, 0, "ridge", "LAMBDA", "of ridge (.01), and of omp's coefficients (0)",
	  CLI_FIELD(struct transplant_options, ridge, double) },
	{ CLI_TEXT, 0, "lang", "CODE", "the language of the tokens, for a hypernetwork that asks",
	  CLI_FIELD(struct transplant_options, language, const char *) },
	{ CLI_SIZE, 0, "seed", "N", "of everything random (42)",
	  CLI_FIELD(struct transplant_options, seed, uint64_t) },
	{ CLI_GROUP, .name = "Which token is which" },
	{ CLI_TEXT, 0, "match", HYPER_MATCH_WORDS,
	  "classes of tokens that are the same (exact,role,byte)",
	  CLI_FIELD(struct transplant_options, match, const char *) },
	{ CLI_TEXT, 0, "special-map", "FILE",
	  "special tokens that take each other's place: NEW<tab>OLD, one pair a line",
	  CLI_FIELD(struct transplant_options, special_map, const char *) },
	{ CLI_TEXT, 0, "source-tokenizer", "PATH", "the model's own, where its folder has none",
	  CLI_FIELD(struct transplant_options, source_tokenizer, const char *) },
	{ CLI_TEXT, 0, "pattern", "NAME|REGEX",
	  "how a .tiktoken file splits text: gpt2, cl100k, o200k, ..., or an expression",
	  CLI_FIELD(struct transplant_options, pattern, const char *) },
	{ CLI_TEXT, 0, "pre", "NAME",
	  "in a GGUF file: llama.cpp's name for how text is split, where it is not known",
	  CLI_FIELD(struct transplant_options, pre, const char *) },
	{ CLI_GROUP, .name = "The model" },
	CLI_TENSOR_ROWS(struct transplant_options, names),
	{ CLI_CHOICE, 0, "tie", HYPER_TIE_WORDS,
	  "one matrix for both sides, or two (as the model has it)",
	  CLI_FIELD(struct transplant_options, tie, int) },
	{ CLI_CHOICE, 0, "dtype", TRANSPLANT_DTYPE_WORDS,
	  "the numbers of the embeddings (as the model has them)",
	  CLI_FIELD(struct transplant_options, dtype, int) },
	{ CLI_TEXT, 0, "rows", "tight|keep|pad:N",
	  "rows of the new embeddings: one an id, as many as there were, or a multiple of N "
	  "(tight)",
	  CLI_FIELD(struct transplant_options, rows, const char *) },
	{ CLI_CHOICE, 0, "chat-template", TRANSPLANT_CHAT_WORDS,
	  "whose chat template: the new tokenizer's, else the old one if the new tokenizer has "
	  "all that it names; the new one only; or the old one",
	  CLI_FIELD(struct transplant_options, chat_template, int) },
	{ CLI_GROUP, .name = "Output" },
	{ CLI_TEXT, 'o', "output", "FOLDER", "the folder that is made; it must not be there",
	  CLI_FIELD(struct transplant_options, output, const char *) },
	{ CLI_FLAG, 0, "dry-run", NULL, "do everything but write",
	  CLI_FIELD(struct transplant_options, dry_run, bool) },
	{ CLI_TEXT, 0, "text", "FILE", "tell what share of this text has made-up rows",
	  CLI_FIELD(struct transplant_options, text, const char *) },
	{ CLI_FLAG, 'j', "json", NULL,
	  "plan, eval and lab tell a JSON object, schema tok.transplant.WORD.1",
	  CLI_FIELD(struct transplant_options, json, bool) },
	{ CLI_GROUP, .name = "More tokens" },
	{ CLI_TEXT, 0, "add", "FILE", "extend: tokens of the model's own tokenizer, one a line",
	  CLI_FIELD(struct transplant_options, add, const char *) },
	{ CLI_SIZE, 0, "superwords", "N",
	  "extend: learn so many from --text, of words and what lies between them",
	  CLI_FIELD(struct transplant_options, superwords, uint64_t) },
	{ CLI_GROUP, .name = "Trying methods" },
	{ CLI_REAL, 0, "holdout", "SHARE", "of the tokens that both have, what eval hides (.1)",
	  CLI_FIELD(struct transplant_options, holdout, double) },
	{ CLI_TEXT, 0, "methods", "NAME,NAME...",
	  "what eval tries (mean,subword,hybrid, with a donor omp,procrustes,ridge) and lab "
	  "(random,mean,subword,hybrid,omp,procrustes,ridge; IN/OUT is another one a side)",
	  CLI_FIELD(struct transplant_options, methods, const char *) },
	{ CLI_CHOICE, 0, "lab-model", HYPER_LAB_KIND_WORDS, "what lab trains (feed-forward)",
	  CLI_FIELD(struct transplant_options, lab_model, int) },
	{ CLI_SIZE, 0, "samples", "N", "places of a text that each of its models learns (1200000)",
	  CLI_FIELD(struct transplant_options, samples, uint64_t) },
	{ CLI_SIZE, 0, "probe", "N",
	  "steps that train rows alone, after which it counts again (50)",
	  CLI_FIELD(struct transplant_options, probe, uint64_t) },
	{ CLI_SIZE, 0, "seeds", "N", "runs of all that, for the spread (3)",
	  CLI_FIELD(struct transplant_options, seeds, uint64_t) },
	{ CLI_TEXT, 0, "against", "MODEL", "check beside the model that it was made of",
	  CLI_FIELD(struct transplant_options, against, const char *) },
	{ CLI_GROUP, .name = "Running" },
	CLI_THREADS_ROW(struct transplant_options, threads),
	CLI_PROGRESS_ROW(struct transplant_options, progress),
	{ CLI_END }
};

static const struct cli_word words[] = {
	{ "plan", "MODEL TOKENIZER", "what a transplant would be, before anything is written",
	  false, transplant_plan },
	{ "run", "MODEL TOKENIZER", "write the model with that tokenizer", false, transplant_run },
	{ "extend", "MODEL", "write the model with more tokens in its own tokenizer", false,
	  transplant_extend },
	{ "apply", "DONE MODEL", "do to another checkpoint what run did in the folder DONE", false,
	  transplant_apply },
	{ "explain", "DONE TOKEN|ID", "where a row is from, and what it is near to", false,
	  transplant_explain },
	{ "eval", "MODEL TOKENIZER",
	  "hide tokens that both have, and see how well methods find their rows again", false,
	  transplant_eval },
	{ "check", "DONE", "is it whole: rows, ids, ties; beside --against, what was copied", false,
	  transplant_check },
	{ "lab", "TEXT...",
	  "small models, trained here, get other tokenizers: bits per byte of each method", false,
	  transplant_lab },
	{ NULL },
};

const struct cli_tool tool_transplant = {
	.name = "transplant",
	.summary = "give a model another tokenizer",
	.operands = "WORD MODEL TOKENIZER",
	.description =
	    "A model's embeddings are rows, one a token of its tokenizer. With the word run,\n"
	    "the model in the folder or GGUF file MODEL is written anew with TOKENIZER, a file\n"
	    "or folder of any kind that tok-formats(5) names, or a name as tok-store(7) has it:\n"
	    "tokens that both have keep their rows, to the bit, and new ones get rows by a\n"
	    "method. Nothing else of the model is touched: other tensors are copied as they are,\n"
	    "and files without a changed tensor are linked. The configuration, the tokenizer's\n"
	    "files and the ids of special tokens are made to fit.\n"
	    "\n"
	    "Tokens are compared as the bytes that they stand for, however a file spells them,\n"
	    "in classes (--match): exact; role, special tokens for the same end; byte, a byte's\n"
	    "own token and the text of that byte; and, where they are asked for, space, the\n"
	    "same but for a space in front; case; prefix, the longest old token that a new one\n"
	    "begins with.\n"
	    "\n"
	    "A new token is a sum of rows: of its pieces under the old tokenizer, of old tokens\n"
	    "that are like it, or of both (hybrid); or, where a donor is given, a model that has\n"
	    "the new tokenizer, what is most like the donor's row among tokens that both have\n"
	    "(omp, ridge, procrustes). Each side, input and output, may have a method of its\n"
	    "own. tok-transplanting(7) tells them all, what is known of them, and what a\n"
	    "transplant can be hoped to do.\n"
	    "\n"
	    "With the word plan, tells how the vocabularies overlap, which special token takes\n"
	    "whose place, whether digits are cut otherwise, and what it would take, before\n"
	    "anything is written. With --text FILE, also how much of a text would be read\n"
	    "through made-up rows: the best cheap sign of what to expect.\n"
	    "\n"
	    "The new folder also has transplant.json, transplant.html and mapping.tsv, which\n"
	    "say of each row how it came to be, and, unless rows were made that belong to one\n"
	    "model only, mapping.safetensors. By that, with the word apply, another checkpoint\n"
	    "of the same model gets the same; explain tells of one token.\n"
	    "\n"
	    "With the word extend the model keeps its tokenizer, which gets more tokens behind\n"
	    "those that it has: the words of --add's lines, made of what its merges make, or\n"
	    "--superwords of --text, up to four words in one token, for which text is cut at\n"
	    "numbers and punctuation only from then on. No id moves, and text becomes them.\n"
	    "\n"
	    "The folder appears whole or not at all.\n"
	    "\n"
	    "The word eval hides a share of the tokens of three bytes and more that both have\n"
	    "(--holdout), has each of --methods make their rows from the others, and compares\n"
	    "with the true ones; no model is run, and nothing is written.\n"
	    "\n"
	    "The word lab needs no model: of each TEXT, a domain, it holds a tenth back, trains\n"
	    "tokenizers (A of all texts; B, and S with tokens over several words, of the last)\n"
	    "and with each a small model, gives A's model the tokenizers B and S by each of\n"
	    "--methods, and tells the bits per byte of what was held back: as it is, and after\n"
	    "--probe steps of training. B's model, of another seed, is the donor. It takes\n"
	    "about a minute a model; what it tells of is the methods' order, not large models'\n"
	    "loss.",
	.examples = "  for tool in encode train bytes; do tok $tool --help; done >text\n"
		    "  tok transplant lab text --samples 2000 --probe 5 --seeds 1 --methods "
		    "random,subword 2>report\n",
	.guide = "tok-transplanting",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.words = words,
};
