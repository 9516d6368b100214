#!/usr/bin/env python3
"""The network that predicts embeddings, measured, beside the way the paper's program computes it.

    hypernet.py speed --driver D --cache build/test-data --torch PYTHON [--tokens 2048] [--rounds 3]
    hypernet.py whole --driver D --cache build/test-data --shape xlmr|mistral --modes bf16 [--tokens N]
    hypernet.py memory --driver D

D is build/tests/conformance/hypernet_driver.  Tokens are GPT-2's, in a seeded order, in the pieces of
Llama's tokenizer; weights are made (tests/oracles/hypernet_ref.py).  PYTHON has torch and transformers:
the other side is dense and padded, transformers' RobertaModel between torch's own layers.  Both sides
take turns; numbers are medians.  Opening the files is not part of tokens a second.
"""
import argparse
import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "oracles"), str(HERE.parent / "conformance")]

MISTRAL = dict(
    hn_n_layers=3, hn_single_head=False, hn_predict_bias=True, hn_rescale_embeddings=True,
    hn_embed_using_source_embeddings=True, hn_surface_maxlen=7, hn_hidden_size=4096, hn_intermediate_size=8192,
    hn_num_attention_heads=32, n_embd=4096, separate_out_embeddings=True, original_vocab_size=32000,
    hn_n_extra_tokens=522, pad_token_id=2, hn_embed_lang_id=False, n_langs=7, max_position_embeddings=514)


# ---- what is computed ------------------------------------------------------------------

def pieces(cache):
    """The surface forms of GPT-2's tokens: Llama's model on their text, a space being its U+2581."""
    from tokenizers import Tokenizer
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    moved = [b for b in range(256) if b not in plain]
    to_byte = {**{chr(b): b for b in plain}, **{chr(256 + i): b for i, b in enumerate(moved)}}
    model = Tokenizer.from_file(str(cache / "tokenizers/llama2/tokenizer.json")).model
    vocabulary = json.loads((cache / "tokenizers/gpt2/encoder.json").read_text())
    for token in vocabulary:
        data = bytes(to_byte[c] for c in token) if token != "<|endoftext|>" else token.encode()
        try:
            yield [piece.id for piece in model.tokenize(data.decode().replace(" ", "\u2581"))]
        except UnicodeDecodeError:
            yield [model.token_to_id(f"<0x{b:02X}>") for b in data]


def forms_of(c, rows):
    import numpy as np
    forms = np.full((len(rows), c["hn_surface_maxlen"]), c["pad_token_id"], np.int32)
    for form, row in zip(forms, rows):
        kept = row[:len(form)]
        form[:len(kept)] = kept
    return forms


def write_weights(path, c):
    """One tensor at a time: the largest network is 2.7 GB."""
    import hypernet_ref as ref
    shapes = sorted(ref.shapes(c).items())
    size = {name: 4 * shape[0] * (shape[1] if len(shape) > 1 else 1) for name, shape in shapes}
    with open(path, "wb") as out:
        out.write(ref.header([(name, "F32", shape, size[name]) for name, shape in shapes]))
        for name, shape in shapes:
            out.write(ref.make(name, shape).tobytes())


def prepare(folder, c, rows):
    import hypernet
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(c))
    if not (folder / "model.safetensors").exists():
        write_weights(folder / "model.part", c)
        (folder / "model.part").rename(folder / "model.safetensors")
    hypernet.write_case(folder / "case.safetensors", c, forms_of(c, rows))


# ---- the two sides ---------------------------------------------------------------------

def run_ours(driver, folder, mode, threads, kernel="best"):
    """(kernel, seconds to open, seconds to predict, bytes of weights, most anonymous memory, seconds of processors)."""
    command = [driver, "predict", folder / "config.json", folder / "model.safetensors", folder / "case.safetensors",
               kernel, mode, str(threads), "0", "0"]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    most = 0
    while child.poll() is None:
        try:
            for line in pathlib.Path(f"/proc/{child.pid}/status").read_text().splitlines():
                if line.startswith("RssAnon"):
                    most = max(most, int(line.split()[1]) * 1024)
        except OSError:
            pass
        time.sleep(0.02)
    told = child.stderr.read().split()
    if child.returncode:
        sys.exit(f"hypernet_driver: {' '.join(told)}")
    return told[0], float(told[1]), float(told[2]), int(told[3]), most, float(told[4])


def run_torch(python, folder, mode, threads):
    done = subprocess.run([python, "-B", __file__, "upstream", folder, mode, str(threads)], stdout=subprocess.PIPE,
                          text=True, check=True)
    return [float(seconds) for seconds in done.stdout.split()]


def upstream(folder, mode, threads, batch=512):
    """Seconds that torch takes for the tokens of a case, and those of processors: a first batch is not counted."""
    import numpy as np
    import torch
    import hypernet_ref as ref
    from hypernet_torch import Network
    from transformers import RobertaConfig, RobertaModel

    torch.set_num_threads(threads)
    c = json.loads((folder / "config.json").read_text())

    class Dense(Network):
        """With transformers' layers, as the paper's program has them."""

        def __init__(self, weights):
            super().__init__(c, weights)
            self.roberta = RobertaModel(
                RobertaConfig(vocab_size=2, hidden_size=c["hn_hidden_size"], num_hidden_layers=c["hn_n_layers"],
                              intermediate_size=c["hn_intermediate_size"],
                              num_attention_heads=c["hn_num_attention_heads"], max_position_embeddings=514,
                              type_vocab_size=1, layer_norm_eps=1e-5), add_pooling_layer=False).eval()

        def forward(self, forms, source, language):
            rows = self.in_scaler(source)
            extra = forms >= c["original_vocab_size"]
            found = self.fallback_embeddings(torch.clamp(forms - c["original_vocab_size"], min=0))
            x = self.input_projection(torch.where(extra[..., None], found, rows))
            mask = forms != c["pad_token_id"]
            if c["hn_embed_lang_id"]:
                x = torch.cat([x, self.lang_embeddings.weight[language].expand(len(x), 1, -1)], 1)
                mask = torch.cat([mask, torch.ones(len(x), 1, dtype=torch.bool)], 1)
            places = torch.arange(x.shape[1]).expand(len(x), -1)
            z = self.roberta(inputs_embeds=x, attention_mask=mask, position_ids=places).last_hidden_state[:, 0]
            into = self.scaler(self.output_projection(z))
            out = self.out_scaler(self.output_projection_out(z)) if c["separate_out_embeddings"] else None
            return into, out, self.bias_projection(z)[:, 0]

    weights = ref.checkpoint(c)
    weights = {k: v for k, v in weights.items() if "word_embeddings" not in k}
    dtype = torch.bfloat16 if mode == "bf16" else torch.float32
    net = Dense(weights).to(dtype)
    with open(folder / "case.safetensors", "rb") as case:
        count = int.from_bytes(case.read(8), "little")
        shape = json.loads(case.read(count))["surface_forms"]["shape"]
        forms = np.frombuffer(case.read(4 * shape[0] * shape[1]), np.int32).reshape(shape)
    ids, where = np.unique(np.minimum(forms, c["original_vocab_size"] - 1), return_inverse=True)
    table = torch.tensor(ref.source_rows(c, ids)).to(dtype)
    where, forms = torch.tensor(where.reshape(forms.shape)), torch.tensor(forms).long()
    with torch.inference_mode():
        net(forms[:batch], table[where[:batch]], 0)
        began, worked = time.monotonic(), time.process_time()
        for at in range(0, len(forms), batch):
            net(forms[at:at + batch], table[where[at:at + batch]], 0)
        print(time.monotonic() - began, time.process_time() - worked)


# ---- what is measured -------------------------------------------------------------------

def chosen(cache, count, seed=5):
    found = list(pieces(cache))
    print(f"{len(found)} tokens, {statistics.mean(len(r) for r in found):.3f} pieces each,",
          f"{sum(len(r) > 7 for r in found)} cut", flush=True)
    random.Random(seed).shuffle(found)
    while len(found) < count:  # other tokens of as many pieces: the order within is another
        found += [row[::-1] for row in found if len(row) > 1]
    return found[:count]


def speed(options):
    import hypernet_ref as ref
    folder = options.work / "xlmr"
    prepare(folder, ref.CONFIGS["xlmr_shape"], chosen(options.cache, options.tokens))
    print("mode\tthreads\tours, tokens/s\tslowest\tfastest\ttorch\tslowest\tfastest\tratio\tkernel")
    for mode in options.modes:
        for threads in options.threads:
            rates, kernel = {"ours": [], "torch": []}, ""
            for _ in range(options.rounds):
                kernel, _, seconds, _, _, worked = run_ours(options.driver, folder, mode, threads)
                rates["ours"].append(options.tokens / (worked if options.processor else seconds))
                seconds = run_torch(options.torch, folder, mode, threads)
                rates["torch"].append(options.tokens / seconds[options.processor])
            ours, other = (f"{statistics.median(r):.0f}\t{min(r):.0f}\t{max(r):.0f}" for r in rates.values())
            ratio = statistics.median(a / b for a, b in zip(*rates.values()))
            print(f"{mode}\t{threads}\t{ours}\t{other}\t{ratio:.2f}\t{kernel}", flush=True)


def whole(options):
    import hypernet_ref as ref
    c = MISTRAL if options.shape == "mistral" else ref.CONFIGS["xlmr_shape"]
    folder = options.work / options.shape
    prepare(folder, c, chosen(options.cache, options.tokens))
    for threads in options.threads:
        times = [run_ours(options.driver, folder, options.modes[0], threads) for _ in range(options.rounds)]
        kernel, opened, seconds, size, most, worked = sorted(times, key=lambda t: t[2])[len(times) // 2]
        print(f"{options.shape}\t{options.modes[0]}\t{kernel}\t{threads} threads\topened {opened:.2f} s"
              f"\t{options.tokens} tokens in {seconds:.2f} s ({worked:.2f} s of processors)\t32768: {opened + seconds * 32768 / options.tokens:.1f} s"
              f"\tweights {size / 2**20:.0f} MiB\tmost memory {most / 2**20:.0f} MiB", flush=True)


def memory(options):
    """128k tokens of few forms, so that it takes minutes: blocks and threads are as large as ever, and
    what the two memos do not hold of their 256 MiB each is added."""
    folder, chance = options.work / "mistral", random.Random(3)
    ids = chance.sample(range(3, 32000), 600)
    forms = [[chance.choice(ids) for _ in range(chance.choice([1, 2, 2, 3]))] for _ in range(300)]
    prepare(folder, MISTRAL, [chance.choice(forms) for _ in range(131072)])
    kernel, _, seconds, size, most, _ = run_ours(options.driver, folder, "bf16", 2)
    held = 4 * 4096 * len({2, *(piece for form in forms for piece in form)})
    held += 12 * 4096 * len({(piece, place) for form in forms for place, piece in enumerate(form)})
    total = most + 2 * 2**28 - held
    print(f"{kernel}: weights {size / 2**20:.0f} MiB, most memory {most / 2**20:.0f} MiB, with full memos "
          f"{total / 2**20:.0f} MiB: weights + {(total - size) / 2**20:.0f} MiB; {seconds:.0f} s")


def main():
    if sys.argv[1:2] == ["upstream"]:
        upstream(pathlib.Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
        return
    options = argparse.ArgumentParser()
    options.add_argument("what", choices=["speed", "whole", "memory"])
    options.add_argument("--driver", required=True)
    options.add_argument("--cache", type=pathlib.Path)
    options.add_argument("--torch")
    options.add_argument("--shape", choices=["xlmr", "mistral"], default="xlmr")
    options.add_argument("--modes", nargs="+", default=["f32", "bf16"])
    options.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    options.add_argument("--tokens", type=int, default=2048)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--processor", action="store_true", help="tokens per second of processor: beside other work")
    options.add_argument("--work", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "hypernet-bench")
    options = options.parse_args()
    {"speed": speed, "whole": whole, "memory": memory}[options.what](options)


if __name__ == "__main__":
    main()
