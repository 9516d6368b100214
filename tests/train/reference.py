"""reference.py - the hypernetwork in numpy, float64, one token after another: as it is described, and slow.

    rows = rows_of(settings, tensors, source, surfaces)    # surfaces: lists of ids -> [n, E]

For networks as network.py makes them: one embedding a token, no language, no bias.  What is folded, packed or
remembered elsewhere is not here.
"""
import math

import numpy

erf = numpy.vectorize(math.erf)


def gelu(x):
    return x * (1 + erf(x / math.sqrt(2))) / 2


def gelu_tanh(x):
    return x * (1 + numpy.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3))) / 2


def softmax(x):
    x = numpy.exp(x - x.max(-1, keepdims=True))
    return x / x.sum(-1, keepdims=True)


def rows_of(settings, tensors, source, surfaces):
    t = {name: array.astype("float64") for name, array in tensors.items()}
    source, rows = source.astype("float64"), settings["original_vocab_size"]
    heads = settings["hn_num_attention_heads"]

    def linear(x, name):
        return x @ t[name + ".weight"].T + t[name + ".bias"]

    def norm(x, name, eps):
        x = x - x.mean(-1, keepdims=True)
        return x / numpy.sqrt((x ** 2).mean(-1, keepdims=True) + eps) * t[name + ".weight"] + t[name + ".bias"]

    def block(x, name):
        y = gelu_tanh(linear(gelu_tanh(linear(x, name + ".dense1")), name + ".dense2"))
        return norm(y + x, name + ".ln", 1e-6)

    def layer(x, name):
        q, k, v = (numpy.stack(numpy.split(linear(x, f"{name}.attention.self.{part}"), heads, -1))
                   for part in ("query", "key", "value"))
        seen = softmax(q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])) @ v
        seen = linear(numpy.concatenate(list(seen), -1), name + ".attention.output.dense")
        x = norm(seen + x, name + ".attention.output.LayerNorm", 1e-5)
        return norm(linear(gelu(linear(x, name + ".intermediate.dense")), name + ".output.dense") + x,
                    name + ".output.LayerNorm", 1e-5)

    def one(surface):
        x = numpy.stack([source[i] * t["in_scaler.w"][0] + t["in_scaler.b"][0] if i < rows
                         else t["fallback_embeddings.weight"][i - rows] for i in surface])
        x = block(linear(x, "input_projection.0"), "input_projection.1")
        x = x + t["model.embeddings.token_type_embeddings.weight"][0]
        x = norm(x + t["model.embeddings.position_embeddings.weight"][:len(x)], "model.embeddings.LayerNorm", 1e-5)
        for i in range(settings["hn_n_layers"]):
            x = layer(x, f"model.encoder.layer.{i}")
        made = linear(block(x[0], "output_projection.0"), "output_projection.1")
        return made * t["scaler.w"][0] + t["scaler.b"][0]

    return numpy.stack([one(surface[:settings["hn_surface_maxlen"]]) for surface in surfaces])
