"""The network that predicts embeddings, from torch's own layers, for a second opinion on hypernet_ref.py.

    net = hypernet_torch.Network(config, weights).double()
    into, out, bias = net(forms, source, language)

What the paper's program takes of RoBERTa is torch.nn.TransformerEncoderLayer with the exact GELU, the
norms behind the sums.
"""
import torch
from torch import nn


class Rescaler(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.w, self.b = nn.Parameter(torch.ones(1, width)), nn.Parameter(torch.zeros(1, width))

    def forward(self, x):
        return torch.addcmul(self.b, x, self.w)


class Projector(nn.Module):
    def __init__(self, hidden, middle):
        super().__init__()
        self.dense1, self.dense2 = nn.Linear(hidden, middle), nn.Linear(middle, hidden)
        self.ln = nn.LayerNorm(hidden, eps=1e-6)
        self.act = nn.GELU(approximate="tanh")

    def forward(self, x):
        return self.ln(x + self.act(self.dense2(self.act(self.dense1(x)))))


def encoder_state(weights, at):
    """Tensors of one layer, by the names that torch has for them."""
    def taken(*names):
        return {f"{mine}.{leaf}": weights[f"{at}.{theirs}.{leaf}"] for mine, theirs in names for leaf in ("weight", "bias")}

    state = taken(("self_attn.out_proj", "attention.output.dense"), ("norm1", "attention.output.LayerNorm"),
                  ("linear1", "intermediate.dense"), ("linear2", "output.dense"), ("norm2", "output.LayerNorm"))
    for leaf in ("weight", "bias"):
        state[f"self_attn.in_proj_{leaf}"] = torch.cat(
            [weights[f"{at}.attention.self.{part}.{leaf}"] for part in ("query", "key", "value")])
    return state


class Network(nn.Module):
    def __init__(self, c, weights):
        super().__init__()
        self.c = c
        hidden, middle, width = c["hn_hidden_size"], c["hn_intermediate_size"], c["n_embd"]
        sep, single = c["separate_out_embeddings"], c["hn_single_head"]
        wide = 2 * width if sep else width
        weights = {name: torch.tensor(value) for name, value in weights.items()}
        self.fallback_embeddings = nn.Embedding(max(c["hn_n_extra_tokens"], 1), wide)
        self.input_projection = nn.Sequential(nn.Linear(wide, hidden), Projector(hidden, middle))
        self.output_projection = nn.Sequential(Projector(hidden, middle), nn.Linear(hidden, wide if single else width))
        if sep and not single:
            self.output_projection_out = nn.Sequential(Projector(hidden, middle), nn.Linear(hidden, width))
        if c["hn_embed_lang_id"]:
            self.lang_embeddings = nn.Embedding(c["n_langs"], hidden)
        if c["hn_rescale_embeddings"]:
            self.in_scaler, self.scaler = Rescaler(wide), Rescaler(width)
            if sep:
                self.out_scaler = Rescaler(width)
        if c["hn_predict_bias"]:
            self.bias_projection = nn.Linear(hidden, 1)
        self.load_state_dict({name: value for name, value in weights.items() if not name.startswith("model.")})
        at = "model.embeddings."
        self.place = nn.Embedding.from_pretrained(weights[at + "position_embeddings.weight"])
        self.kind = nn.Embedding.from_pretrained(weights[at + "token_type_embeddings.weight"])
        self.norm = nn.LayerNorm(hidden, eps=1e-5)
        self.norm.load_state_dict({leaf: weights[f"{at}LayerNorm.{leaf}"] for leaf in ("weight", "bias")})
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(hidden, c["hn_num_attention_heads"], middle, dropout=0.0, activation="gelu",
                                       layer_norm_eps=1e-5, batch_first=True)
            for _ in range(c["hn_n_layers"]))
        for i, layer in enumerate(self.layers):
            layer.load_state_dict(encoder_state(weights, f"model.encoder.layer.{i}"))
        self.eval()

    def forward(self, forms, source, language=None):
        """`source`: the old model's rows for the ids of `forms`, in their places."""
        c, count, length = self.c, *forms.shape
        rows = self.in_scaler(source) if c["hn_rescale_embeddings"] else source
        extra = forms >= c["original_vocab_size"]
        rows = rows.clone()
        rows[extra] = self.fallback_embeddings(forms[extra] - c["original_vocab_size"])
        x = self.input_projection(rows) + self.place(torch.arange(length)) + self.kind(torch.zeros(1, dtype=torch.long))
        hidden = forms == c["pad_token_id"]
        if c["hn_embed_lang_id"]:
            x = torch.cat([x, self.lang_embeddings.weight[language].expand(count, 1, -1)], 1)
            hidden = torch.cat([hidden, torch.zeros(count, 1, dtype=torch.bool)], 1)
        x = self.norm(x)
        # The lowest number, not minus infinity: where all is hidden all is seen alike.  Repeated for
        # every head and query.
        mask = hidden.to(x.dtype) * torch.finfo(x.dtype).min
        mask = mask[:, None, None, :].expand(-1, c["hn_num_attention_heads"], x.shape[1], -1).flatten(0, 1)
        for layer in self.layers:
            x = layer(x, src_mask=mask)
        z = x[:, 0]
        into, out = self.output_projection(z), None
        if c["separate_out_embeddings"]:
            if c["hn_single_head"]:
                into, out = into.split(c["n_embd"], 1)
            else:
                out = self.output_projection_out(z)
        if c["hn_rescale_embeddings"]:
            into, out = self.scaler(into), None if out is None else self.out_scaler(out)
        return into, out, self.bias_projection(z)[:, 0] if c["hn_predict_bias"] else None
