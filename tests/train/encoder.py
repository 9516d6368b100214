"""encoder.py - the encoder of fetch_encoder.py in torch: rows of tokens to one vector a text.

    encoder = Encoder(folder)
    vectors = encoder(rows, lengths)   # rows [texts, longest, E] as of encoder.words -> [texts, E], length 1

A BERT: what is added to the rows (places, one kind of token), six layers, the mean over a text's tokens.  Nothing in
it learns; gradients go through to the rows.
"""
import json
import math
import pathlib

import torch
from torch.nn import functional

import network


class Encoder:
    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.settings = json.loads((folder / "config.json").read_text())
        arrays = network.read_tensors(folder / "model.safetensors")
        self.weights = {name: torch.from_numpy(a.copy()) for name, a in arrays.items() if a.dtype.kind == "f"}
        self.words = self.weights["embeddings.word_embeddings.weight"]

    def linear(self, x, name):
        return functional.linear(x, self.weights[name + ".weight"], self.weights[name + ".bias"])

    def norm(self, x, name):
        return functional.layer_norm(x, x.shape[-1:], self.weights[name + ".weight"], self.weights[name + ".bias"],
                                     self.settings["layer_norm_eps"])

    def attend(self, x, name, hidden):
        texts, longest, width = x.shape
        heads = self.settings["num_attention_heads"]
        q, k, v = (self.linear(x, f"{name}.self.{part}").view(texts, longest, heads, -1).transpose(1, 2)
                   for part in ("query", "key", "value"))
        scores = q @ k.transpose(2, 3) / math.sqrt(width // heads) + hidden
        return (torch.softmax(scores, -1) @ v).transpose(1, 2).reshape(texts, longest, width)

    def __call__(self, rows, lengths):
        longest = rows.shape[1]
        there = torch.arange(longest) < torch.as_tensor(lengths)[:, None]
        hidden = torch.where(there, 0.0, -1e30)[:, None, None, :]
        x = rows + self.weights["embeddings.position_embeddings.weight"][:longest]
        x = self.norm(x + self.weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for i in range(self.settings["num_hidden_layers"]):
            name = f"encoder.layer.{i}"
            made = self.linear(self.attend(x, name + ".attention", hidden), name + ".attention.output.dense")
            x = self.norm(x + made, name + ".attention.output.LayerNorm")
            made = self.linear(functional.gelu(self.linear(x, name + ".intermediate.dense")), name + ".output.dense")
            x = self.norm(x + made, name + ".output.LayerNorm")
        mean = (x * there[..., None]).sum(1) / there.sum(1, keepdim=True)
        return functional.normalize(mean, dim=1)
