#!/usr/bin/env python3
"""Tensor files beside the programs of others: the packages safetensors, gguf, numpy and
ml_dtypes write what tok reads, and read what tok writes.

    tensors.py --driver build/tests/conformance/tensors_driver
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

import gguf
import ml_dtypes
import numpy as np
from gguf import GGMLQuantizationType as Type
from safetensors import deserialize
from safetensors.numpy import save_file

READABLE = {"F32": np.float32, "F16": np.float16, "BF16": ml_dtypes.bfloat16, "F64": np.float64}
OTHERS = {"I8": np.int8, "U8": np.uint8, "I16": np.int16, "U16": np.uint16, "I32": np.int32, "U32": np.uint32,
          "I64": np.int64, "U64": np.uint64, "BOOL": np.bool_, "F8_E4M3": ml_dtypes.float8_e4m3fn,
          "F8_E5M2": ml_dtypes.float8_e5m2, "C64": np.complex64}
SHAPES = [(), (7,), (3, 5), (2, 0, 4), (2, 3, 4, 5)]
BLOCKS = ["Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"]
SCALES = {"Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q2_K": [80, 82], "Q3_K": [108],
          "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}


class Driver:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def run(self, *words):
        done = subprocess.run([self.program, *map(str, words)], capture_output=True, text=True)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout

    def read(self, path):
        """Name: (type, array): F32 of what can be read, else bytes."""
        out, found = self.folder / "numbers", {}
        listed = self.run("read", path, out)
        data, at = out.read_bytes(), 0
        for line in listed.splitlines():
            name, dtype, shape = line.split("\t")
            shape = tuple(map(int, shape.split(","))) if shape else ()
            count = int(np.prod(shape))
            if dtype in READABLE or dtype in BLOCKS:
                numbers = np.frombuffer(data, np.float32, count, at).reshape(shape)
                found[name] = dtype, numbers
                at += 4 * count
            else:
                size = count * np.dtype(OTHERS[dtype]).itemsize
                found[name] = dtype, (shape, data[at:at + size])
                at += size
        assert at == len(data)
        return found

    def write(self, kind, dtype, path, suffix):
        out = self.folder / f"written.{suffix}"
        self.run("write", kind, dtype, path, out)
        return out


def load_file(path):
    """The package's own load_file knows no arrays of 8-bit floats."""
    kinds = {**READABLE, **OTHERS}
    return {name: np.frombuffer(one["data"], kinds[one["dtype"]]).reshape(one["shape"])
            for name, one in deserialize(path.read_bytes())}


def bits(array):
    return array.tobytes()


def same_numbers(got, wanted, what):
    """To the last bit, but for which of the many NaNs it is."""
    assert got.shape == wanted.shape, f"{what}: {got.shape} instead of {wanted.shape}"
    nan = np.isnan(wanted.astype(np.float64))
    assert (np.isnan(got.astype(np.float64)) == nan).all(), f"{what}: other numbers are none"
    if bits(np.where(nan, 0, got).astype(got.dtype)) != bits(np.where(nan, 0, wanted).astype(wanted.dtype)):
        bad = np.flatnonzero(~nan & (got != wanted).reshape(nan.shape))
        raise AssertionError(f"{what}: {got.flat[bad[:4]]} instead of {wanted.flat[bad[:4]]}")


def any_bits(random, dtype, shape):
    """Every pattern of bits is a number of some kind."""
    size = np.dtype(dtype).itemsize
    if dtype is np.bool_:
        return random.integers(0, 2, size=shape).astype(np.bool_)
    raw = random.integers(0, 256, size=(int(np.prod(shape)), size), dtype=np.uint8)
    return raw.reshape(-1).view(dtype).reshape(shape)


def make_all(random):
    arrays = {}
    for name, dtype in {**READABLE, **OTHERS}.items():
        for shape in SHAPES:
            arrays[f"{name}.{'x'.join(map(str, shape))} é"] = any_bits(random, dtype, shape)
    arrays["every half"] = np.arange(65536, dtype=np.uint16).view(np.float16)
    arrays["every bfloat"] = np.arange(65536, dtype=np.uint16).view(ml_dtypes.bfloat16)
    return arrays


def check_read(found, arrays):
    assert set(found) == set(arrays), set(found) ^ set(arrays)
    for name, array in arrays.items():
        dtype, got = found[name]
        if dtype in READABLE:
            assert array.dtype == READABLE[dtype], name
            same_numbers(got, array.astype(np.float32), name)
        else:
            assert array.dtype == OTHERS[dtype], name
            assert got == (array.shape, bits(array)), name


def check_safetensors(driver, folder, random):
    arrays = make_all(random)
    whole = folder / "whole.safetensors"
    save_file(arrays, whole, metadata={"format": "np"})
    check_read(driver.read(whole), arrays)

    shards = folder / "shards"
    shards.mkdir()
    names, where = sorted(arrays), {}
    for i in range(3):
        file = f"model-{i + 1:05}-of-00003.safetensors"
        save_file({name: arrays[name] for name in names[i::3]}, shards / file)
        where.update({name: file for name in names[i::3]})
    (shards / "model.safetensors.index.json").write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": where}))
    check_read(driver.read(shards), arrays)

    back = load_file(driver.write("safetensors", "keep", whole, "safetensors"))
    assert set(back) == set(arrays)
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype and back[name].shape == array.shape, name
        assert bits(back[name]) == bits(array), name
    return len(arrays)


def make_numbers(random):
    """What rounding can be wrong about: any bits, near halves and bfloats, ties, the ends."""
    near = np.concatenate([np.arange(65536, dtype=np.uint16).view(kind).astype(np.float32)
                           for kind in (np.float16, ml_dtypes.bfloat16)])
    patterns = near.view(np.uint32)
    beside = [(patterns + np.uint32(d)).view(np.float32) for d in (0x1000, 0xFFF, 0x1001, 0x8000, 0x7FFF, 0x8001, 1)]
    return {
        "any": any_bits(random, np.float32, (40000, 32)),
        "usual": random.standard_normal((3000, 32)).astype(np.float32),
        "near": np.concatenate([near, *beside]).reshape(-1, 32),
    }


def check_rounding(driver, folder, random):
    arrays = make_numbers(random)
    path = folder / "numbers.safetensors"
    save_file(arrays, path)
    for name, dtype in READABLE.items():
        back = load_file(driver.write("safetensors", name, path, "safetensors"))
        for key, array in arrays.items():
            assert back[key].dtype == dtype
            same_numbers(back[key], array.astype(dtype), f"{key} as {name}")
    for name, array in arrays.items():
        one = folder / "one.safetensors"
        save_file({name: array}, one)
        for dtype in ("F32", "F16", "F64"):
            wanted = array.astype(READABLE[dtype])
            got = np.load(driver.write("npy", dtype, one, "npy"))
            assert got.dtype == wanted.dtype
            same_numbers(got, wanted, f"{name} as {dtype} in npy")
    vector = folder / "vector.safetensors"
    save_file({"v": arrays["usual"][0]}, vector)
    same_numbers(np.load(driver.write("npy", "F32", vector, "npy")), arrays["usual"][0], "a vector in npy")


def make_blocks(random, name, rows, width):
    size, count = gguf.GGML_QUANT_SIZES[Type[name]]
    raw = random.integers(0, 256, size=(rows * width // size, count), dtype=np.uint8)
    for at in SCALES[name]:
        scales = (random.standard_normal(len(raw)) * 10.0 ** random.integers(-7, 4, len(raw))).astype(np.float16)
        raw[:, at:at + 2] = scales.view(np.uint8).reshape(-1, 2)
    return raw.reshape(rows, -1)


def write_gguf(path, tensors):
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_string("tokenizer.chat_template", "{{ messages }}\né")
    writer.add_token_list(["<s>", "a", "é"])
    writer.add_float32("llama.rope.freq_base", 10000.0)
    writer.add_array("numbers", [1, 2, 3])
    for name, (array, dtype) in tensors.items():
        writer.add_tensor(name, array, raw_dtype=dtype)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def check_gguf(driver, folder, random):
    rows, width = 64, 1024
    tensors, wanted = {}, {}
    for name in BLOCKS:
        raw = make_blocks(random, name, rows, width)
        tensors[name], wanted[name] = (raw, Type[name]), gguf.dequantize(raw, Type[name])
    usual = random.standard_normal((rows, width)).astype(np.float32)
    tensors["F32"], wanted["F32"] = (usual, None), usual
    tensors["F16"], wanted["F16"] = (usual.astype(np.float16), None), usual.astype(np.float16).astype(np.float32)
    raw = gguf.quantize(usual, Type.BF16)
    tensors["BF16"], wanted["BF16"] = (raw, Type.BF16), gguf.dequantize(raw, Type.BF16)
    path = folder / "all.gguf"
    write_gguf(path, tensors)
    found = driver.read(path)
    assert list(found) == list(tensors)
    for name, (dtype, got) in found.items():
        assert dtype == name
        exact = wanted[name].astype(np.float32)
        assert got.shape == exact.shape
        # A sum that is rounded once or twice, as the processor has it.
        assert np.allclose(got, exact, rtol=1e-6, atol=1e-6 * np.abs(exact).max()), name

    # Rewritten as it stands: the same file.
    assert driver.write("gguf", "keep", path, "gguf").read_bytes() == path.read_bytes()

    plain = folder / "plain.gguf"
    write_gguf(plain, {"token_embd.weight": (usual, None), "output.weight": (-usual, None)})
    for name in ("F32", "F16", "BF16", "Q8_0"):
        reader = gguf.GGUFReader(driver.write("gguf", name, plain, "gguf"))
        assert "tokenizer.chat_template" in reader.fields and "numbers" in reader.fields
        for tensor, sign in zip(reader.tensors, (1, -1), strict=True):
            assert tensor.tensor_type == Type[name] and list(tensor.shape) == [width, rows]
            assert bits(np.asarray(tensor.data)) == bits(gguf.quantize(sign * usual, Type[name])), name
    reader = gguf.GGUFReader(driver.write("gguf", "Q8_0", folder / "numbers.safetensors.usual", "gguf"))
    assert len(reader.tensors) == 1 and len(reader.fields) == 3  # the counts only
    return len(tensors)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    args = parser.parse_args()
    random = np.random.default_rng(17)
    np.seterr(over="ignore", invalid="ignore")
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        driver = Driver(args.driver, folder)
        safe = check_safetensors(driver, folder, random)
        check_rounding(driver, folder, random)
        save_file({"usual": random.standard_normal((8, 64)).astype(np.float32)}, folder / "numbers.safetensors.usual")
        blocks = check_gguf(driver, folder, random)
    print(f"{safe} tensors of safetensors, {blocks} of gguf: all as the others have them")


if __name__ == "__main__":
    main()
