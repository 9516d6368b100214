#!/usr/bin/env python3
"""The network that predicts embeddings against its architecture in torch, in float64.

    hypernet_torch.py --driver build/tests/conformance/hypernet_driver

Runs itself in a Python that has torch; where there is none it is skipped.
"""
import argparse
import json
import os
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "oracles"), str(HERE.parent / "providers")]
import programs  # noqa: E402


def compare(name, told, driver):
    import hypernet
    import hypernet_ref as ref
    import numpy as np
    import torch
    from hypernet_torch import Network

    c = dict(told)
    c["hn_intermediate_size"] = c["hn_intermediate_size"] or 2 * c["hn_hidden_size"]
    language = 1 if c["hn_embed_lang_id"] else None
    weights, forms = ref.checkpoint(c), hypernet.holes(c, ref.surface_forms(c, 20))
    rows = ref.source_rows(c, np.minimum(forms, c["original_vocab_size"] - 1).ravel())
    with torch.inference_mode():
        want = Network(c, weights).double()(torch.tensor(forms).long(),
                                            torch.tensor(rows).double().reshape(*forms.shape, -1), language)
    want = [part.numpy() for part in want if part is not None]
    if c["hn_predict_bias"]:
        want[-1] = want[-1][:, None]
    # The two opinions first, which are both exact.
    other = [part for part in ref.forward(c, weights, forms, language) if part is not None]
    apart = max(np.abs(a.reshape(b.shape) - b).max() / np.abs(b).max() for a, b in zip(other, want, strict=True))
    if not apart < 1e-13:
        sys.exit(f"{name}: numpy and torch differ by {apart:.3g}")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "config.json").write_text(json.dumps(told))
        ref.write(folder / "model.safetensors", weights)
        hypernet.write_case(folder / "case.safetensors", c, forms)
        off = hypernet.check(name, "f32", hypernet.predict(driver, folder, c, len(forms), language, "f32"), want)
    print(f"{name}: f32 {off:.2g}, numpy {apart:.2g}")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--driver", required=True)
    options.add_argument("--here", action="store_true", help="this Python has torch")
    options = options.parse_args()
    if not options.here:
        python = programs.with_torch()
        if python is None:
            programs.skip("no Python here has torch: python3-torch")
        os.execv(python, [python, "-B", __file__, "--driver", options.driver, "--here"])
    import hypernet
    for name, told in hypernet.CASES.items():
        if told["hn_hidden_size"] < 768:
            compare(name, told, options.driver)


if __name__ == "__main__":
    main()
