/* embed.c - tok embed: embeddings for tokens that a model has never seen; what is done is one
 * word each. */
#include "cmd/cli_pool.h"
#include "cmd/cli_progress.h"
#include "cmd/embed_internal.h"
#include "cmd/embed_write.h"
#include "hypernet/ann/nearest.h"

static const struct embed_options defaults = {
	.lines = -1,
	.kind = -1,
	.k = 10,
	.links = 16,
	.build_effort = 200,
	.effort = 100,
};

static const struct cli_option option_table[] = {
	CLI_LOAD_ROWS(struct embed_options, load),
	{ CLI_GROUP, .name = "What predict is asked" },
	{ CLI_TEXT, 0, "hypernet", "FOLDER",
	  "the hypernetwork: config.json, model.safetensors and tokenizer.json",
	  CLI_FIELD(struct embed_options, hypernet.folder, const char *) },
	{ CLI_CHOICE, 0, "tokens", EMBED_LINES_WORDS,
	  "rows for the tokens that FILEs have, one a line, instead of a vocabulary",
	  CLI_FIELD(struct embed_options, lines, int) },
	CLI_HYPERNET_ROWS(struct embed_options, hypernet),
	{ CLI_GROUP, .name = "The model of predict and nearest" },
	CLI_TENSOR_ROWS(struct embed_options, hypernet.names),
	{ CLI_FLAG, 0, "predict-special", NULL,
	  "predict special tokens, too, instead of keeping the model's own rows of that name",
	  CLI_FIELD(struct embed_options, predict_special, bool) },
	{ CLI_GROUP, .name = "What nearest looks for" },
	{ CLI_SIZE, 'k', "nearest", "N", "so many rows for each token (10)",
	  CLI_FIELD(struct embed_options, k, uint64_t) },
	{ CLI_CHOICE, 0, "measure", HYPER_MEASURE_WORDS, "what near means (cosine)",
	  CLI_FIELD(struct embed_options, measure, int) },
	{ CLI_TEXT, 0, "queries", "FILE", "what is near to the rows of this safetensors file",
	  CLI_FIELD(struct embed_options, queries, const char *) },
	{ CLI_TEXT, 0, "index", "FILE",
	  "ask the graph in FILE, which is made where there is none, instead of looking at every "
	  "row",
	  CLI_FIELD(struct embed_options, index, const char *) },
	{ CLI_SIZE, 0, "effort", "N", "rows that a search of the graph keeps in hand (100)",
	  CLI_FIELD(struct embed_options, effort, uint64_t) },
	{ CLI_SIZE, 0, "links", "N", "neighbours of a row in a graph that is made (16)",
	  CLI_FIELD(struct embed_options, links, uint64_t) },
	{ CLI_SIZE, 0, "build-effort", "N", "the effort of making one (200)",
	  CLI_FIELD(struct embed_options, build_effort, uint64_t) },
	{ CLI_FLAG, 0, "judge", NULL,
	  "look at every row, too, and tell what share of the nearest the graph finds",
	  CLI_FIELD(struct embed_options, judge, bool) },
	{ CLI_GROUP, .name = "What convert-tokenizer makes" },
	{ CLI_TEXT, 0, "like", "BASE",
	  "with the special tokens, their ids and the template of the tokenizer BASE",
	  CLI_FIELD(struct embed_options, like, const char *) },
	{ CLI_FLAG, 0, "whitespace", NULL,
	  "with 135 runs of white space, whatever the vocabulary had",
	  CLI_FIELD(struct embed_options, whitespace, bool) },
	{ CLI_FLAG, 0, "keep-normalizer", NULL, "with the normaliser that it had",
	  CLI_FIELD(struct embed_options, keep_normalizer, bool) },
	{ CLI_FLAG, 0, "keep-pretokenizer", NULL, "splitting text as it did",
	  CLI_FIELD(struct embed_options, keep_pretokenizer, bool) },
	{ CLI_GROUP, .name = "Output" },
	{ CLI_TEXT, 'o', "output", "FILE",
	  "write to FILE, which is replaced in one step at the end",
	  CLI_FIELD(struct embed_options, output, const char *) },
	{ CLI_CHOICE, 'F', "format", EMBED_KINDS,
	  "what predict writes, where the name of FILE does not end so (jsonl)",
	  CLI_FIELD(struct embed_options, kind, int) },
	{ CLI_CHOICE, 0, "dtype", EMBED_DTYPES, "the numbers of predict's arrays (f32)",
	  CLI_FIELD(struct embed_options, dtype, int) },
	{ CLI_CHOICE, 0, "side", EMBED_SIDES,
	  "which rows an array of numpy has, of a model with two matrices (in)",
	  CLI_FIELD(struct embed_options, side, int) },
	{ CLI_FLAG, 0, "resume", NULL,
	  "keep FILE.part until the array is whole, and go on from one that is there",
	  CLI_FIELD(struct embed_options, resume, bool) },
	{ CLI_FLAG, 'j', "json", NULL,
	  "tell what was done as a JSON object: convert-tokenizer of schema tok.embed.convert.1, "
	  "predict of tok.embed.predict.1",
	  CLI_FIELD(struct embed_options, json, bool) },
	{ CLI_GROUP, .name = "Running" },
	CLI_THREADS_ROW(struct embed_options, hypernet.threads),
	CLI_PROGRESS_ROW(struct embed_options, progress),
	{ CLI_END }
};

static const struct cli_word words[] = {
	{ "convert-tokenizer", "TOKENIZER",
	  "write the tokenizer with a vocabulary in the alphabet of bytes", false, embed_convert },
	{ "predict", "MODEL [FILE...]", "rows for a vocabulary or for tokens that are given", false,
	  embed_predict },
	{ "nearest", "MODEL [FILE...]", "the tokens whose rows are nearest to those of others",
	  false, embed_nearest },
	{ NULL },
};

const struct cli_tool tool_embed = {
	.name = "embed",
	.summary = "embeddings for tokens that a model has never seen",
	.operands = "WORD TOKENIZER|MODEL [FILE...]",
	.description =
	    "With the word convert-tokenizer, reads TOKENIZER, a file, a folder or a name\n"
	    "(tok-store(7)), of any kind that tok-formats(5) names, and writes it as a\n"
	    "tokenizer.json whose tokens are rows of bytes in GPT-2's alphabet: what a\n"
	    "hypernetwork takes tokens apart with, and what a vocabulary must be to have\n"
	    "embeddings predicted for. It is done as in Zero-Shot Tokenizer Transfer\n"
	    "(Minixhofer et al., 2024), step by step:\n"
	    "\n"
	    "  tokens    added tokens become tokens of the vocabulary, and only special ones stay\n"
	    "            added; what stands for a space in the vocabulary becomes one, what goes\n"
	    "            on a word in WordPiece loses its prefix, and what begins one gets a "
	    "space\n"
	    "  bytes     <0xNN> becomes its byte where no token is that byte, and bytes that are\n"
	    "            missing are appended\n"
	    "  merges    characters of several bytes, and tokens that had no merges, are merged "
	    "from\n"
	    "            their bytes two by two; what comes about on the way is appended, sorted\n"
	    "  pipeline  a space is put in front, text is split as GPT-2 does, then ByteLevel\n"
	    "\n"
	    "No id changes, and of XLM-R, Llama 2 and Mistral as many tokens are appended, 161,\n"
	    "362 and 522, as the published hypernetworks have rows of their own for. So that they\n"
	    "are, <0xFF> keeps its name, as it does there by mistake, and its byte is\n"
	    "appended. Scores of Unigram stay; bytes that were missing get -100000. A word of\n"
	    "WordPiece may have four times as many bytes as it had characters, and one more.\n"
	    "A vocabulary that is in the alphabet already stays as it is.\n"
	    "\n"
	    "With --whitespace, which is for vocabularies to predict for, tokens with two or\n"
	    "more of space, newline and tab are those that are one of the three and behind it\n"
	    "1 to 15 of one of them, 135 in all: others are renamed <unused_whitespace__ID>,\n"
	    "and missing ones appended. A row of up to 16 spaces is then one token, whatever\n"
	    "the tokenizer was.\n"
	    "\n"
	    "With --like, special tokens, their ids and the template are those of BASE, the\n"
	    "tokenizer of the model that embeddings are for. All other tokens move up or\n"
	    "down, and ids have no holes; special tokens whose ids are beyond the vocabulary\n"
	    "come behind it. Special tokens are those that the files call so.\n"
	    "\n"
	    "Two tokens may be written alike in the alphabet: that with the higher id is then\n"
	    "renamed <unused_duplicate__ID>. Models of whole words, and BPE with a prefix or\n"
	    "a suffix such as </w>, have no such form. --keep-normalizer keeps the steps of\n"
	    "the normaliser but for those that write spaces otherwise; --keep-pretokenizer is\n"
	    "for what was in the alphabet already.\n"
	    "\n"
	    "How many tokens were added, renamed, moved and dropped is told on standard\n"
	    "error.\n"
	    "\n"
	    "With the word predict, the hypernetwork in the folder that --hypernet names\n"
	    "predicts rows for the vocabulary of --tokenizer, or with --tokens for the tokens\n"
	    "that FILEs or standard input have, one a line, of the model in the folder or\n"
	    "file MODEL. It writes lines of JSON, or a file of safetensors or numpy, row by\n"
	    "row; special tokens keep the rows that MODEL has for them. With --resume a run\n"
	    "that was interrupted goes on where it was.\n"
	    "\n"
	    "With the word nearest, writes for each token of FILEs or standard input, or each\n"
	    "row of --queries, the tokens whose rows in MODEL are nearest, as lines of JSON.\n"
	    "Every row is looked at unless --index names the file of a graph.\n"
	    "\n"
	    "tok-embedding(7) tells what these take and write.",
	.examples = "  printf 'low lower lowest' | tok train -v 262 -o low.json\n"
		    "  tok embed convert-tokenizer low.json --whitespace -o bytes.json 2>report\n"
		    "  printf '%s\\n' '[UNK]' the dog '##s' >vocab.txt\n"
		    "  tok embed convert-tokenizer vocab.txt -o dogs.json 2>report\n"
		    "  echo 'the dogs' | tok encode -t dogs.json\n",
	.guide = "tok-embedding",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.words = words,
};
