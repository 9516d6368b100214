"""network.py - the hypernetwork of "Zero-Shot Tokenizer Transfer" (arXiv 2405.07883) for training, in torch.

    net = Network(config(...), source)      # source: rows of the model, numpy [V, E]
    rows = net(surfaces)                    # a list of lists of ids -> torch [n, E]
    save(net, folder); net = load(folder, source)

Names and shapes of tensors are those of its published checkpoints, for a model whose output embeddings are its
input embeddings, without languages and without a bias.  Positions are packed: nothing is computed for padding, nor
in the last layer for what nobody looks at.
"""
import json
import math
import pathlib
import struct

import numpy
import torch
from torch import nn
from torch.nn import functional

POSITIONS = 514  # what roberta-base has; the published program makes the table that large


def config(source, extra, pad, hidden, intermediate, layers, heads, surface):
    """config.json as the published checkpoints have it."""
    return {
        "architectures": ["ZettHypernet"], "model_type": "roberta", "n_embd": source.shape[1], "hn_hidden_size": hidden,
        "hn_intermediate_size": intermediate, "hn_n_layers": layers, "hn_num_attention_heads": heads,
        "hn_surface_maxlen": surface, "hn_n_extra_tokens": extra, "original_vocab_size": source.shape[0],
        "pad_token_id": pad, "separate_out_embeddings": False, "hn_embed_lang_id": False, "n_langs": 0,
        "hn_predict_bias": False, "hn_rescale_embeddings": True, "hn_single_head": False,
        "hn_model_name_or_path": "roberta-base", "hn_model_type": "roberta", "hn_embed_using_source_embeddings": True,
        "hn_add_inter_token_attention": False, "hn_embed_target_priors": False,
        "hn_language_adapter_bottleneck_dim": 0, "hn_concat_last_hidden_state": False,
        "max_position_embeddings": POSITIONS,
    }


class Scaler(nn.Module):
    """Not learned: columns of the source to mean 0 and deviation 1, or back."""

    def __init__(self, weight, bias):
        super().__init__()
        self.register_buffer("w", weight[None])
        self.register_buffer("b", bias[None])

    def forward(self, x):
        return x * self.w + self.b


class Block(nn.Module):
    def __init__(self, hidden, intermediate):
        super().__init__()
        self.dense1, self.dense2 = nn.Linear(hidden, intermediate), nn.Linear(intermediate, hidden)
        self.ln = nn.LayerNorm(hidden, eps=1e-6)

    def forward(self, x):
        y = functional.gelu(self.dense1(x), approximate="tanh")
        return self.ln(functional.gelu(self.dense2(y), approximate="tanh") + x)


def module(**children):
    made = nn.Module()
    for name, child in children.items():
        made.add_module(name, child)
    return made


class Layer(nn.Module):
    """A layer of RoBERTa whose queries may be fewer than its keys."""

    def __init__(self, hidden, intermediate, heads):
        super().__init__()
        self.heads, norm = heads, lambda: nn.LayerNorm(hidden, eps=1e-5)
        self.attention = module(
            self=module(**{name: nn.Linear(hidden, hidden) for name in ("query", "key", "value")}),
            output=module(dense=nn.Linear(hidden, hidden), LayerNorm=norm()))
        self.intermediate = module(dense=nn.Linear(hidden, intermediate))
        self.output = module(dense=nn.Linear(intermediate, hidden), LayerNorm=norm())

    def forward(self, x, asking, groups, drop):
        """x [positions, H]; `asking`, the rows with queries; groups (tokens, pieces) in the order of the rows."""
        read, at, rows = getattr(self.attention, "self"), x[asking], []
        query, key, value = read.query(at), read.key(x), read.value(x)
        first_q = first_k = 0
        for tokens, pieces in groups:
            asked = pieces if len(asking) == len(x) else 1

            def of(y, first, each):
                return y[first:first + tokens * each].view(tokens, each, self.heads, -1).transpose(1, 2)

            q, k, v = of(query, first_q, asked), of(key, first_k, pieces), of(value, first_k, pieces)
            weights = torch.softmax(q @ k.transpose(2, 3) / math.sqrt(q.shape[-1]), -1)
            rows.append((weights @ v).transpose(1, 2).reshape(tokens * asked, -1))
            first_q, first_k = first_q + tokens * asked, first_k + tokens * pieces
        at = self.attention.output.LayerNorm(drop(self.attention.output.dense(torch.cat(rows))) + at)
        made = self.output.dense(functional.gelu(self.intermediate.dense(at)))
        return self.output.LayerNorm(drop(made) + at)


class Network(nn.Module):
    def __init__(self, settings, source, dropout=0.0):
        super().__init__()
        self.settings, self.drop = settings, nn.Dropout(dropout)
        self.source = torch.tensor(source)
        hidden, intermediate, width = settings["hn_hidden_size"], settings["hn_intermediate_size"], settings["n_embd"]
        mean, deviation = self.source.mean(0), self.source.std(0, unbiased=False)
        self.in_scaler, self.scaler = Scaler(1 / deviation, -mean / deviation), Scaler(deviation, mean)
        self.fallback_embeddings = nn.Embedding(max(settings["hn_n_extra_tokens"], 1), width)
        self.input_projection = nn.Sequential(nn.Linear(width, hidden), Block(hidden, intermediate))
        self.output_projection = nn.Sequential(Block(hidden, intermediate), nn.Linear(hidden, width))
        # The first of these tables is never read, here or there: published checkpoints have it.
        self.model = module(
            embeddings=module(word_embeddings=nn.Embedding(settings["pad_token_id"] + 1, hidden),
                              position_embeddings=nn.Embedding(POSITIONS, hidden),
                              token_type_embeddings=nn.Embedding(1, hidden), LayerNorm=nn.LayerNorm(hidden, eps=1e-5)),
            encoder=module(layer=nn.ModuleList(Layer(hidden, intermediate, settings["hn_num_attention_heads"])
                                               for _ in range(settings["hn_n_layers"]))))
        self.initialize()

    def initialize(self):
        for part in self.modules():
            if isinstance(part, nn.Linear):
                nn.init.normal_(part.weight, std=part.in_features ** -0.5 / 2)
                nn.init.zeros_(part.bias)
            elif isinstance(part, nn.Embedding):
                nn.init.normal_(part.weight, std=0.02)
        nn.init.normal_(self.fallback_embeddings.weight)
        with torch.no_grad():  # rows that no token reaches, as small in a file as they can be
            self.model.embeddings.word_embeddings.weight.zero_()
            self.model.embeddings.position_embeddings.weight[self.settings["hn_surface_maxlen"]:].zero_()

    def forward(self, surfaces):
        longest = self.settings["hn_surface_maxlen"]
        surfaces = [s[:longest] for s in surfaces]
        order = sorted(range(len(surfaces)), key=lambda i: len(surfaces[i]))
        counts = torch.tensor([len(surfaces[i]) for i in order])
        groups = [(int((counts == n).sum()), n) for n in range(1, longest + 1) if n in counts]
        ids = torch.tensor([piece for i in order for piece in surfaces[i]])
        places = torch.cat([torch.arange(n).repeat(tokens) for tokens, n in groups])
        firsts = counts.cumsum(0) - counts

        known, which = ids.unique(return_inverse=True)  # what depends on an id alone is computed once
        rows = len(self.source)
        old, new = known[known < rows], known[known >= rows]
        pieces = torch.cat((self.in_scaler(self.source[old]), self.fallback_embeddings(new - rows)))
        x = self.input_projection(pieces)[which]
        tables = self.model.embeddings
        x = tables.LayerNorm(self.drop(x + tables.token_type_embeddings.weight[0] + tables.position_embeddings(places)))
        for layer in self.model.encoder.layer[:-1]:
            x = layer(x, torch.arange(len(x)), groups, self.drop)
        x = self.model.encoder.layer[-1](x, firsts, groups, self.drop)
        made = self.scaler(self.output_projection(x))
        back = torch.empty(len(order), dtype=torch.long)
        back[torch.tensor(order)] = torch.arange(len(order))
        return made[back]


# ---- files ---------------------------------------------------------------------------

NAMES = {"float32": "F32", "float16": "F16", "int32": "I32", "int64": "I64"}


def write_tensors(path, arrays):
    header, at = {}, 0
    for name in sorted(arrays):
        array = arrays[name]
        header[name] = {"dtype": NAMES[array.dtype.name], "shape": list(array.shape),
                        "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in sorted(arrays):
            file.write(numpy.ascontiguousarray(arrays[name]).tobytes())


def read_tensors(path):
    data = pathlib.Path(path).read_bytes()
    size, = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__", None)
    kinds = {name: kind for kind, name in NAMES.items()}
    return {name: numpy.frombuffer(data, kinds[t["dtype"]], math.prod(t["shape"]), 8 + size + t["data_offsets"][0])
            .reshape(t["shape"]) for name, t in header.items()}


def save(net, folder, half=True):
    """Numbers of 16 bits, but for the scalers, which everything else goes through."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(net.settings, indent=1) + "\n")
    arrays = {name: tensor.numpy() for name, tensor in net.state_dict().items()}
    write_tensors(folder / "model.safetensors", {
        name: array.astype("float16") if half and "scaler" not in name else array for name, array in arrays.items()})


def load(folder, source):
    folder = pathlib.Path(folder)
    net = Network(json.loads((folder / "config.json").read_text()), source)
    arrays = read_tensors(folder / "model.safetensors")
    net.load_state_dict({name: torch.from_numpy(a.astype("float32")) for name, a in arrays.items()})
    return net.eval()
