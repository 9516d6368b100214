/*
 * gguf_pre.c - how the tokenizers that tokenizer.ggml.pre names split text.
 *
 * The names are llama.cpp's.  The patterns are those of the models' own
 * tokenizer.json where llama.cpp rewrites them for an engine without classes.
 * Left out are the names that stand for code instead of patterns.
 */
#include "vocab/format/gguf_internal.h"

#define WORDS       "'s|'t|'re|'ve|'m|'ll|'d"
#define SHORT_FORMS "(?i:" WORDS ")"
#define SPACES      "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define FRONT       "[^\\r\\n\\p{L}\\p{N}]?"
#define SIGNS       "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
#define UPPER       "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER       "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define GPT2        WORDS "| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
#define GPT4O                                                                                      \
	FRONT UPPER "*" LOWER "+" SHORT_FORMS "?|" FRONT UPPER "+" LOWER "*" SHORT_FORMS           \
		    "?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" SPACES
#define HAN_KANA "[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+"
#define CJK      "[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+"
#define NO_SIGNS " ?[^(\\s|.,!?\u2026\u3002\uFF0C\u3001\u0964\u06D4\u060C)]+"

static const char *const general[] = { "[\\p{P}\\$\\+<=>\\^~\\|]+", GPT2, "\\p{N}+",
				       "[0-9][0-9][0-9]", NULL };
static const char *const gpt2[] = { GPT2, NULL };
static const char *const digits_gpt2[] = { "\\p{N}", GPT2, NULL };
static const char *const llama3[] = { SHORT_FORMS "|" FRONT "\\p{L}+|\\p{N}{1,3}" SIGNS SPACES,
				      NULL };
static const char *const qwen2[] = { SHORT_FORMS "|" FRONT "\\p{L}+|\\p{N}" SIGNS SPACES, NULL };
static const char *const qwen35[] = {
	SHORT_FORMS "|" FRONT "[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*" SPACES,
	NULL
};
static const char *const ufakzeka[] = { FRONT "\\p{L}+|\\p{N}" SIGNS SPACES, NULL };
static const char *const minicpm5[] = { "\\p{N}{1,3}",
					SHORT_FORMS "|" FRONT "\\p{L}+|\\p{N}+" SIGNS SPACES,
					NULL };
static const char *const seed_coder[] = {
	SHORT_FORMS "|" FRONT "\\p{L}+|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\\r\\n]+" SPACES, NULL
};
static const char *const bailingmoe[] = { "'(?i:[sdmt]|ll|ve|re)|" FRONT "\\p{L}+|\\p{N}" SIGNS
					  "|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
					  NULL };
static const char *const exaone_moe[] = {
	SHORT_FORMS "|" FRONT "(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+|\\p{N}"
		    "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]?|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
	NULL
};
static const char *const gpt4o[] = { GPT4O, NULL };
static const char *const tiny_aya[] = { "\\d{1,3}(?=(?:\\d{3})*\\b)", GPT4O, NULL };
static const char *const tekken[] = { FRONT UPPER "*" LOWER "+|" FRONT UPPER "+" LOWER
						  "*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" SPACES,
				      NULL };
static const char *const deepseek3[] = {
	"\\p{N}{1,3}", HAN_KANA,
	"[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|"
	"[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*" SPACES,
	NULL
};
static const char *const deepseek_coder[] = { "[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+",
					      CJK,        "\\p{N}",      NULL };
static const char *const deepseek_llm[] = {
	"[\\r\\n]",
	"\\s?[A-Za-z"
	"\u00B5\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u01BA\u01BC-\u01BF\u01C4-\u0293"
	"\u0295-\u02AF\u0370-\u0373\u0376\u0377\u037B-\u037D\u037F\u0386"
	"\u0388-\u038A\u038C\u038E-\u03A1\u03A3-\u03F5\u03F7-\u0481\u048A-\u052F"
	"\u0531-\u0556\u10A0-\u10C5\u13A0-\u13F5\u13F8-\u13FD\u1C90-\u1CBA"
	"\u1CBD-\u1CBF\u1D00-\u1D2B\u1D6B-\u1D77\u1D79-\u1D9A\u1E00-\u1F15"
	"\u1F18-\u1F1D\u1F20-\u1F45\u1F48-\u1F4D\u1F50-\u1F57\u1F59\u1F5B\u1F5D"
	"\u1F5F-\u1F7D\u1F80-\u1FB4\u1FB6-\u1FBC\u1FBE\u1FC2-\u1FC4\u1FC6-\u1FCC"
	"\u1FD0-\u1FD3\u1FD6-\u1FDB\u1FE0-\u1FEC\u1FF2-\u1FF4\u1FF6-\u1FFC\u2102"
	"\u2107\u210A-\u2113\u2115\u2119-\u211D\u2124\u2126\u2128\u212A-\u212D"
	"\u212F-\u2134\u2139\u213C-\u213F\u2145-\u2149\u214E\u2183\u2184"
	"\u2C00-\u2C7B\u2C7E-\u2CE4\u2CEB-\u2CEE\u2CF2\u2CF3\uA640-\uA66D"
	"\uA680-\uA69B\uA722-\uA76F\uA771-\uA787\uA78B-\uA78E\uAB70-\uABBF"
	"\uFB00-\uFB06\uFB13-\uFB17\uFF21-\uFF3A\uFF41-\uFF5A"
	"\U00010400-\U0001044F\U000104B0-\U000104D3\U000104D8-\U000104FB"
	"\U00010C80-\U00010CB2\U00010CC0-\U00010CF2\U000118A0-\U000118DF"
	"\U0001E900-\U0001E943"
	"]+",
	"\\s?[!-/:-~\uFF01-\uFF0F\uFF1A-\uFF5E\u2018-\u201F\u3000-\u3002]+",
	"\\s+$",
	CJK,
	"\\p{N}+",
	NULL,
};
static const char *const falcon[] = { "[\\p{P}\\$\\+<=>\\^~\\|`]+", GPT2, "[0-9][0-9][0-9]", NULL };
static const char *const bloom[] = { NO_SIGNS, NULL };
static const char *const viking[] = { NO_SIGNS, "\\p{N}", NULL };

/* Name, patterns, is a piece that is a token that token, does bos come first, does llama.cpp
 * split otherwise. */
static const struct gguf_pre known[] = {
	{ "default", general, false, false },
	{ "llama-bpe", llama3, true, true },
	{ "llama3", llama3, true, true },
	{ "llama-v3", llama3, true, true },
	{ "falcon3", llama3, true, true },
	{ "falcon-h1", llama3, true, true },
	{ "pixtral", llama3, true, true },
	{ "midm-2.0", llama3, true, true },
	{ "lfm2", llama3, true, true },
	{ "jina-v5-nano", llama3, true, true },
	{ "glm4", llama3, true, false },
	{ "glm5", llama3, true, false },
	{ "dbrx", llama3, false, false },
	{ "smaug-bpe", llama3, false, false },
	{ "chatglm-bpe", llama3, false, false },
	{ "gpt-2", gpt2, false, false },
	{ "phi-2", gpt2, false, false },
	{ "jina-es", gpt2, false, false },
	{ "jina-de", gpt2, false, false },
	{ "jina-v2-es", gpt2, false, false },
	{ "jina-v2-de", gpt2, false, false },
	{ "jina-v1-en", gpt2, false, false },
	{ "jina-v2-code", gpt2, false, false },
	{ "roberta-bpe", gpt2, false, false },
	{ "gigachat", gpt2, false, false },
	{ "a.x-4.0", gpt2, false, false },
	{ "mellum", gpt2, false, false },
	{ "modern-bert", gpt2, false, false },
	{ "exaone4", gpt2, false, false },
	{ "mpt", gpt2, false, false },
	{ "olmo", gpt2, false, false },
	{ "jais", gpt2, false, false },
	{ "trillion", gpt2, false, false },
	{ "granite-docling", gpt2, false, false },
	{ "starcoder", digits_gpt2, false, false },
	{ "refact", digits_gpt2, false, false },
	{ "command-r", digits_gpt2, false, false },
	{ "smollm", digits_gpt2, false, false },
	{ "codeshell", digits_gpt2, false, false },
	{ "exaone", digits_gpt2, false, false },
	{ "minerva-7b", digits_gpt2, false, false },
	{ "mellum2", digits_gpt2, false, false },
	{ "qwen2", qwen2, false, false },
	{ "deepseek-r1-qwen", qwen2, false, false },
	{ "kormo", qwen2, false, false },
	{ "f2llmv2", qwen2, false, false },
	{ "megrez", qwen2, false, false },
	{ "stablelm2", qwen2, false, false },
	{ "hunyuan", qwen2, false, false },
	{ "solar-open", qwen2, false, false },
	{ "grok-2", qwen2, false, false },
	{ "qwen35", qwen35, false, false },
	{ "ufakzeka", ufakzeka, false, false },
	{ "minicpm5", minicpm5, true, false },
	{ "seed-coder", seed_coder, false, false },
	{ "bailingmoe", bailingmoe, false, false },
	{ "bailingmoe2", bailingmoe, false, false },
	{ "llada-moe", bailingmoe, false, false },
	{ "exaone-moe", exaone_moe, false, false },
	{ "gpt-4o", gpt4o, false, false, true },
	{ "llama4", gpt4o, false, false, true },
	{ "kanana2", gpt4o, false, false, true },
	{ "talkie", gpt4o, false, false, true },
	{ "minimax-m2", gpt4o, false, false, true },
	{ "granite-embed-multi-97m", gpt4o, true, false, true },
	{ "tiny_aya", tiny_aya, false, false, true },
	{ "cohere2moe", tiny_aya, false, false, true },
	{ "tekken", tekken, true, true, true },
	{ "deepseek-v3", deepseek3, false, false },
	{ "hunyuan-dense", deepseek3, false, false },
	{ "joyai-llm", deepseek3, false, false },
	{ "hy_v4", deepseek3, false, false },
	{ "deepseek-coder", deepseek_coder, false, false },
	{ "deepseek-llm", deepseek_llm, false, false },
	{ "falcon", falcon, false, false },
	{ "bloom", bloom, false, false },
	{ "poro-chat", bloom, false, false },
	{ "gpt3-finnish", bloom, false, false },
	{ "viking", viking, false, false },
};

const struct gguf_pre *gguf_find_pre(struct tok_span name)
{
	if (name.count == 0)
		return &known[0];
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (tok_span_equal(name, tok_span_of(known[i].name)))
			return &known[i];
	return NULL;
}

static bool has_splits(const struct gguf_pre *pre, const struct tok_span *splits, size_t count)
{
	size_t i = 0;
	while (i < count && pre->splits[i] &&
	       tok_span_equal(splits[i], tok_span_of(pre->splits[i])))
		i++;
	return i == count && !pre->splits[i];
}

const struct gguf_pre *gguf_match_pre(const struct tok_span *splits, size_t count,
				      bool ignore_merges, struct tok_span usual)
{
	const struct gguf_pre *first = NULL;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (known[i].ignore_merges != ignore_merges ||
		    !has_splits(&known[i], splits, count))
			continue;
		if (tok_span_equal(usual, tok_span_of(known[i].name)))
			return &known[i];
		first = first ? first : &known[i];
	}
	return first;
}
