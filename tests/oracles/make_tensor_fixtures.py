#!/usr/bin/env python3
"""Writes fixtures/hypernet/blocks.gguf and what is in it, with the packages gguf, numpy and
safetensors of tests/oracles/requirements.txt.

    venv/bin/python make_tensor_fixtures.py fixtures/hypernet
"""
import pathlib
import sys

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from safetensors.numpy import save_file

READ = ["F32", "F16", "BF16", "F64", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"]
COPIED = ["IQ4_NL", "IQ4_XS", "IQ2_XXS", "TQ1_0", "I32"]
ROWS, WIDTH = 2, 512
# Where the blocks of a type keep their scales, which are F16: any bytes would make some infinite.
SCALES = {"Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q2_K": [80, 82], "Q3_K": [108],
          "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}


def make_blocks(name, random):
    size, count = gguf.GGML_QUANT_SIZES[Type[name]]
    raw = random.integers(0, 256, size=(ROWS * WIDTH // size, count), dtype=np.uint8)
    for at in SCALES.get(name, []):
        scales = random.standard_normal(len(raw)).astype(np.float16)
        raw[:, at:at + 2] = scales.view(np.uint8).reshape(-1, 2)
    return raw.reshape(ROWS, WIDTH // size * count)


def make_q8_0(random):
    """Numbers to write, with what is special: nothing but zeros, one number, a tie, tiny ones."""
    numbers = random.standard_normal((8, 64)).astype(np.float32)
    numbers[1] = 0
    numbers[2, 1:] = 0
    numbers[3] = (np.arange(64) - 32) * 0.5
    numbers[3, 0] = 127
    numbers[3, 32] = 127
    numbers[4] *= 1e-6
    numbers[5] *= -3e4
    numbers[6] = -0.0
    return numbers


def main():
    folder = pathlib.Path(sys.argv[1])
    random = np.random.default_rng(7)
    writer = gguf.GGUFWriter(folder / "blocks.gguf", "llama")
    writer.add_string("general.name", "blocks of every type")
    writer.add_token_list(["a", "b"])
    writer.add_custom_alignment(64)
    expected = {}
    for name in READ + COPIED:
        if name in ("F32", "F16", "F64"):
            array = random.standard_normal((ROWS, WIDTH)).astype({"F32": "f4", "F16": "f2", "F64": "f8"}[name])
            expected[name] = array.astype(np.float32)
            writer.add_tensor(name, array)
        elif name == "I32":
            writer.add_tensor(name, np.arange(7, dtype=np.int32))
        elif name == "BF16":
            numbers = random.standard_normal((ROWS, WIDTH)).astype(np.float32)
            raw = gguf.quantize(numbers, Type.BF16)
            expected[name] = gguf.dequantize(raw, Type.BF16).astype(np.float32)
            writer.add_tensor(name, raw, raw_dtype=Type.BF16)
        else:
            raw = make_blocks(name, random)
            if name in READ:
                expected[name] = gguf.dequantize(raw, Type[name]).astype(np.float32)
            writer.add_tensor(name, raw, raw_dtype=Type[name])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    expected["to_q8_0"] = make_q8_0(random)
    expected["to_q8_0.bytes"] = gguf.quantize(expected["to_q8_0"], Type.Q8_0)
    save_file(expected, folder / "blocks.expected.safetensors")


if __name__ == "__main__":
    main()
