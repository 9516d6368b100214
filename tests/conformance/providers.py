#!/usr/bin/env python3
"""Models that other programs compute, through tok, beside those programs themselves.

    providers.py --rows build/tests/test_provider --bytes build/tests/conformance/provider_driver \
        --tok build/tok --cache build/test-data [--only hf]

hf      a small causal model with random weights, saved by transformers and served by
        tests/providers/hf.py
llama   the same weights as a GGUF file in a llama-server on the loopback

Rows are the log-softmax of what torch computes; recorded and replayed they print the same to the last
digit.  The byte machine on top says what going through all rows of tokens says, valid ones being
those that Hugging Face's tokenizers make.  Another tokenizer is refused, with the ids that
differ.  A server that is stopped, or gone, is an error and no hang.

What tok charbench run has of the llama-server is what the server says to somebody else who asks the same.
"""
import argparse
import json
import math
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PROVIDERS = HERE.parent / "providers"
sys.path.insert(0, str(PROVIDERS))
import programs  # noqa: E402

SIZE, WIDTH, HEADS, LAYERS, INNER, CONTEXT = 320, 64, 4, 2, 128, 256
MERGES = ["a b", "b c", "ab c", "a a", "c a", "bc a", "Ġ a", "Ġa b", "aa b", "b b", "Ã ¤", "Ġ Ġ"]
TEXTS = [b"", b"a", b"ab", b"abca", b"aabb", b"caab", b"bbbc", b" abc", b"\xc3\xa4", b"\xc3", b"  a", b"z\xff", b"\0"]
LATE = 1000  # milliseconds
troubles = []


def expect(name, condition, *words):
    if not condition:
        troubles.append(name)
        print(f"{name}:", *words)


# ---- the model ------------------------------------------------------------------------


class Model:
    """Llama with random weights, its tokenizer, and what they say themselves."""

    def __init__(self, folder):
        from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
        self.tokenizer = make_tokenizer(MERGES)
        self.bos, self.eos = (self.tokenizer.token_to_id(t) for t in ("<s>", "</s>"))
        saved = PreTrainedTokenizerFast(tokenizer_object=self.tokenizer, bos_token="<s>", eos_token="</s>")
        saved.save_pretrained(folder)
        torch.manual_seed(1)
        config = LlamaConfig(vocab_size=SIZE, hidden_size=WIDTH, intermediate_size=INNER, num_hidden_layers=LAYERS,
                             num_attention_heads=HEADS, num_key_value_heads=HEADS, max_position_embeddings=CONTEXT,
                             bos_token_id=self.bos, eos_token_id=self.eos, initializer_range=0.3,
                             tie_word_embeddings=False, rms_norm_eps=1e-5)
        self.network = LlamaForCausalLM(config).eval()
        self.alphabet = bytes_to_unicode()
        byte = {c: b for b, c in self.alphabet.items()}
        special = {self.bos, self.eos}
        names = [self.tokenizer.id_to_token(i) for i in range(SIZE)]
        self.texts = [b"" if i in special or name is None else bytes(byte[c] for c in name)
                      for i, name in enumerate(names)]
        # The best of a row is ASCII: servers answer with text only.
        with torch.inference_mode():
            for i, text in enumerate(self.texts):
                self.network.lm_head.weight[i] *= 1 if text and text.isascii() else .2
        self.network.save_pretrained(folder)
        self.rows = {}
        self.slow = {"all": Slow(self, False), "valid-renorm": Slow(self, True)}

    def row(self, context):
        """Logarithms behind a tuple of ids, in double precision."""
        if context not in self.rows:
            with torch.inference_mode():
                logits = self.network(torch.tensor([context])).logits[0, -1].double()
            self.rows[context] = torch.log_softmax(logits, -1).numpy()
        return self.rows[context]


def make_tokenizer(merges):
    """BPE of bytes, where a whole text is one piece."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    names = list(bytes_to_unicode().values()) + [m.replace(" ", "") for m in merges]
    vocabulary = {name: i for i, name in enumerate(names)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[tuple(m.split(" ")) for m in merges]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<s>", "</s>"])
    return tokenizer


def make_contexts(model):
    draw = random.Random(7)
    return [(model.bos, *(draw.randrange(SIZE) for _ in range(draw.randrange(40)))) for _ in range(30)]


# ---- bytes by going through all rows of tokens -------------------------------------------


class Slow:
    """P of bytes by its definition, with or without the rows that the encoder does not make."""

    def __init__(self, model, renorm):
        self.model, self.renorm, self.known = model, renorm, {}

    def valid(self, ids):
        """A text is one piece, so beginnings of encodings are encodings."""
        text = b"".join(self.model.texts[i] for i in ids)
        made = self.model.tokenizer.model.tokenize("".join(self.model.alphabet[b] for b in text))
        return [token.id for token in made] == list(ids)

    def row(self, ids):
        """id -> probability behind the tokens `ids`."""
        if ids not in self.known:
            p = numpy.exp(self.model.row((self.model.bos, *ids)))
            if self.renorm:
                keep = [not self.model.texts[i] or self.valid((*ids, i)) for i in range(SIZE)]
                p = numpy.where(keep, p, 0.0)
                p = p / math.fsum(p)
            self.known[ids] = p
        return self.known[ids]

    def heads(self, text):
        """(tokens, weight, bytes of the text) of each row that spells the text's beginning."""
        found = [((), 1.0, 0)]
        for ids, weight, at in found:
            row = self.row(ids) if at < len(text) else None
            for i, token in enumerate(self.model.texts):
                if token and at < len(text) and text.startswith(token, at) and row[i] > 0:
                    found.append(((*ids, i), weight * row[i], at + len(token)))
        return found

    def answer(self, text):
        """P, and of 256 bytes, the end and what is no text the joint probability."""
        whole, joint = [], [[] for _ in range(258)]
        for ids, weight, at in self.heads(text):
            row, rest = self.row(ids), text[at:]
            for i, token in enumerate(self.model.texts):
                if token.startswith(rest) and len(token) > len(rest):
                    joint[token[len(rest)]].append(weight * row[i])
                if token and rest and token.startswith(rest):
                    whole.append(weight * row[i])
            if not rest:
                joint[256].append(weight * row[self.model.eos])
                joint[257].extend(weight * row[i] for i, token in enumerate(self.model.texts)
                                  if not token and i != self.model.eos)
        return math.fsum(whole) if text else 1.0, [math.fsum(part) for part in joint]


# ---- through tok --------------------------------------------------------------------------


def ask(options, name, contexts, tokenizer, record=None, milliseconds=60000):
    lines = "".join(" ".join(map(str, c)) + "\n" for c in contexts)
    command = [options.rows, "--rows", name, milliseconds, tokenizer, *([record] if record else [])]
    return subprocess.run(list(map(str, command)), input=lines, text=True, capture_output=True, timeout=300)


def check_rows(options, label, name, model, tokenizer, info, within, folder):
    contexts, record = make_contexts(model), folder / f"{label}.tokp"
    done = ask(options, name, contexts, tokenizer, record)
    head, *lines = done.stdout.splitlines() or [""]
    expect(label, done.returncode == 0, done.stderr)
    expect(label, info in head, head)
    expect(label, len(lines) == len(contexts), len(lines), "rows")
    got = [numpy.exp(numpy.array(line.split(), dtype=float)) for line in lines]
    want = [numpy.exp(model.row(context)) for context in contexts]
    worst = max(float(numpy.max(numpy.abs(a - b))) for a, b in zip(got, want))
    print(f"{label}: {len(lines)} rows of {SIZE}, largest difference {worst:.1e}")
    expect(label, worst <= within, "differs by", worst)
    # A check that cannot fail proves nothing: rows of other contexts are other rows.
    expect(label, numpy.max(numpy.abs(got[1] - want[0])) > 1000 * within, "all rows are alike")
    again = ask(options, f"replay:{record}", contexts, tokenizer)
    expect(label, again.returncode == 0 and again.stdout == done.stdout, "the replay differs", again.stderr)


def check_other(options, label, name, model, folder):
    """Two tokens have changed places."""
    other = folder / "other.json"
    make_tokenizer([MERGES[1], MERGES[0], *MERGES[2:]]).save(str(other))
    for where in (name, f"replay:{folder / label}.tokp"):
        done = ask(options, where, [(model.bos,)], other)
        expect(label, done.returncode == 4 and all(part in done.stderr for part in (
            " 2 of ", "ids differ", "256 adds 'ab', here 'bc'", "257 adds 'bc', here 'ab'")), where, done.stderr)


def check_bytes(options, label, name, model, tokenizer, within):
    questions = [(kind, text) for kind in ("all", "valid-renorm") for text in TEXTS]
    done = subprocess.run([options.bytes, name, str(tokenizer)], text=True, capture_output=True, timeout=300,
                          input="".join(f"{kind} {text.hex()}\n" for kind, text in questions))
    lines = done.stdout.splitlines()
    expect(label, done.returncode == 0 and len(lines) == len(questions), len(lines), done.stderr)
    worst = 0.0
    for (kind, text), line in zip(questions, lines):
        log_p, *joint = map(float, line.split())
        whole, want = model.slow[kind].answer(text)
        off = max(abs(math.exp(log_p) - whole) / whole, *(abs(a - b / whole) for a, b in zip(joint, want)),
                  abs(joint[258]))
        expect(label, off <= within, kind, text, "differs by", off)
        worst = max(worst, off)
    print(f"{label}: bytes behind {len(questions)} texts, largest difference {worst:.1e}")


# ---- the same model for llama.cpp -----------------------------------------------------------


def rotated(weight):
    """llama.cpp rotates neighbours where transformers rotates halves."""
    rows, columns = weight.shape
    half = rows // HEADS // 2
    return numpy.ascontiguousarray(weight.reshape(HEADS, 2, half, columns).swapaxes(1, 2).reshape(rows, columns))


def put_tokenizer(writer, model):
    import gguf
    kinds = {model.bos: gguf.TokenType.CONTROL, model.eos: gguf.TokenType.CONTROL}
    names = [model.tokenizer.id_to_token(i) for i in range(SIZE)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([f"[PAD{i}]" if name is None else name for i, name in enumerate(names)])
    writer.add_token_types([gguf.TokenType.UNUSED if name is None else kinds.get(i, gguf.TokenType.NORMAL)
                            for i, name in enumerate(names)])
    writer.add_token_merges(MERGES)
    writer.add_bos_token_id(model.bos)
    writer.add_eos_token_id(model.eos)
    writer.add_add_bos_token(True)


def put_weights(writer, model):
    weights = {name: value.detach().numpy() for name, value in model.network.state_dict().items()}
    put = writer.add_tensor
    put("token_embd.weight", weights["model.embed_tokens.weight"])
    put("output_norm.weight", weights["model.norm.weight"])
    put("output.weight", weights["lm_head.weight"])
    for layer in range(LAYERS):
        theirs, ours = f"model.layers.{layer}.", f"blk.{layer}."
        for a, b in (("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k")):
            put(ours + b + ".weight", rotated(weights[theirs + a + ".weight"]))
        for a, b in (("self_attn.v_proj", "attn_v"), ("self_attn.o_proj", "attn_output"),
                     ("mlp.gate_proj", "ffn_gate"), ("mlp.up_proj", "ffn_up"), ("mlp.down_proj", "ffn_down"),
                     ("input_layernorm", "attn_norm"), ("post_attention_layernorm", "ffn_norm")):
            put(ours + b + ".weight", weights[theirs + a + ".weight"])


def write_gguf(model, path):
    import gguf
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(SIZE)
    put_tokenizer(writer, model)
    put_weights(writer, model)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


class Server:
    """A llama-server while the block lasts; killed whatever happens."""

    def __init__(self, program, model, log):
        self.program, self.model, self.log = program, model, log

    def __enter__(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [self.program, "-m", self.model, "--host", "127.0.0.1", "--port", str(port), "-c", str(CONTEXT), "-np", "1",
             "-dev", "none", "-ngl", "0", "-ctk", "f32", "-ctv", "f32", "-fa", "off", "-t", "1", "--no-webui",
             "--no-warmup", "--offline"],
            stdout=self.log.open("wb"), stderr=subprocess.STDOUT)
        self.wait()
        return self

    def wait(self):
        for _ in range(600):
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(self.url + "/health", timeout=2):
                    return
            except OSError:
                time.sleep(0.05)
        self.__exit__()
        if self.process.returncode == -signal.SIGILL:
            programs.skip("this llama-server was built for other processors")
        sys.exit(f"llama-server does not answer:\n{self.log.read_text(errors='replace')[-3000:]}")

    def __exit__(self, *trouble):
        self.process.kill()
        self.process.wait()
        if trouble and trouble[0]:
            print(self.log.read_text(errors="replace")[-3000:])


def check_silence(options, label, server, model, tokenizer):
    """Who hangs and who dies in the middle is told, and leaves what was printed before."""
    lines = f"{model.bos}\n"
    for stop, message in ((signal.SIGSTOP, "timed out"), (signal.SIGKILL, "127.0.0.1")):
        asked = subprocess.Popen([options.rows, "--rows", f"llama:{server.url}", str(LATE), str(tokenizer)], text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        asked.stdin.write(lines)
        asked.stdin.flush()
        asked.stdout.readline()  # a row is longer than what is held back, so it is there too
        os.kill(server.process.pid, stop)
        said, trouble = asked.communicate(lines, timeout=60)
        expect(label, asked.returncode == 4 and message in trouble and len(said.splitlines()) == 1, stop, said[:200],
               trouble)
        os.kill(server.process.pid, signal.SIGCONT)


# ---- whole answers ----------------------------------------------------------------------------


def post(url, body):
    """(output, finish, prompt tokens, output tokens)."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        said = json.load(answer)
    choice, usage = said["choices"][0], said["usage"]
    output = choice["message"]["content"] if "messages" in body else choice["text"]
    return output, choice["finish_reason"], usage["prompt_tokens"], usage["completion_tokens"]


def check_answers(options, label, server, folder):
    items = [{"id": i, "task": "t", "word": "w", "prompt": f"spell {'abc'[i % 3] * (i // 3 + 1)}", "answer": "a"}
             for i in range(12)]
    (folder / "items").write_text("".join(json.dumps(i) + "\n" for i in items))
    for path in ("/v1/chat/completions", "/v1/completions"):
        answers, system = folder / f"answers{path.count('/')}", {"role": "system", "content": "Be brief."}
        chat = path.startswith("/v1/chat")
        asked = subprocess.run([options.tok, "charbench", "run", folder / "items", "-o", answers, "--endpoint",
                                server.url + path, "--model", "tiny", "--max-tokens", "5", "--tries", "1", "--concurrency",
                                "3", *(["--system", "Be brief."] if chat else [])], text=True, capture_output=True,
                               timeout=300)
        got = {r["id"]: r for r in map(json.loads, answers.read_text().splitlines())}
        expect(label, asked.returncode == 0, asked.returncode, asked.stderr)
        for item in items:
            body = {"model": "tiny", "temperature": 0, "max_tokens": 5, "stream": False}
            user = {"role": "user", "content": item["prompt"]}
            want = post(server.url + path, {**body, "messages": [system, user]} if chat
                        else {**body, "prompt": item["prompt"]})
            r = got.get(item["id"], {"usage": {}})
            have = r.get("output"), r.get("finish"), *r["usage"].values()
            expect(label, have == want, path, item["id"], r, "and not", want)
        print(f"{label}: {path}: {len(got)} answers, those of the server")


def check_hf(options, model, folder):
    name = f"exec:'{sys.executable}' '{PROVIDERS / 'hf.py'}' '{folder / 'model'}'"
    tokenizer = folder / "model/tokenizer.json"
    info = f"llama {SIZE} {CONTEXT} start {model.bos} eos {model.eos}"
    check_rows(options, "hf", name, model, tokenizer, info, 1e-12, folder)
    check_other(options, "hf", name, model, folder)
    check_bytes(options, "hf", name, model, tokenizer, 1e-12)


def check_llama(options, model, folder):
    gguf, tokenizer = folder / "model.gguf", folder / "model/tokenizer.json"
    if "without libcurl" in ask(options, "llama:http://127.0.0.1:9", [], tokenizer).stderr:
        programs.skip("this build has no libcurl")
    program = programs.llama_server(options.cache)
    write_gguf(model, gguf)
    with Server(program, gguf, folder / "server.log") as server:
        name = f"llama:{server.url}"
        info = f"llama-server {SIZE} {CONTEXT - 1} start {model.bos} eos {model.eos}"
        check_rows(options, "llama", name, model, tokenizer, info, 1e-5, folder)
        check_other(options, "llama", name, model, folder)
        done = ask(options, name, [(model.bos,)], gguf)
        expect("llama", done.returncode == 0, "its own file is another tokenizer:", done.stderr)
        check_bytes(options, "llama", name, model, tokenizer, 1e-4)
        check_answers(options, "llama", server, folder)
        check_silence(options, "llama", server, model, tokenizer)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", required=True)
    parser.add_argument("--bytes", required=True)
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    parser.add_argument("--only", choices=("hf", "llama"))
    options = parser.parse_args()
    python = programs.python(options.cache)
    if pathlib.Path(sys.executable) != python:
        # More threads would sum in another order than the adapter's.
        os.environ.update(OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1")
        os.execv(python, [python, "-B", *sys.argv])

    global numpy, torch, bytes_to_unicode
    import numpy
    import torch
    from transformers.models.gpt2.tokenization_gpt2 import bytes_to_unicode
    with tempfile.TemporaryDirectory() as where:
        folder = pathlib.Path(where)
        model = Model(folder / "model")
        if options.only != "llama":
            check_hf(options, model, folder)
        if options.only != "hf" and not troubles:
            check_llama(options, model, folder)
    print(f"{len(troubles)} troubles")
    sys.exit(bool(troubles))


main()
