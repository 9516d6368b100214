"""llama_tokens.py - what llama.cpp itself makes of texts.

    ids = llama_tokens.ask(cache, model, texts, vocab_only=True)    # a list for each text, or the test is skipped

It is asked through the libraries that llama-server is made of, in a process of its own, for they may
not be for this processor.  Special tokens are ordinary text; `around`: those of the template are put there.
"""
import ctypes
import json
import os
import pathlib
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import programs  # noqa: E402


class Parameters(ctypes.Structure):
    """llama_model_params of llama.h, as far as it is asked; what comes behind is left as it was."""
    _fields_ = [("devices", ctypes.c_void_p), ("overrides", ctypes.c_void_p), ("gpu_layers", ctypes.c_int32),
                ("split_mode", ctypes.c_int32), ("main_gpu", ctypes.c_int32), ("tensor_split", ctypes.c_void_p),
                ("progress", ctypes.c_void_p), ("progress_data", ctypes.c_void_p), ("kv_overrides", ctypes.c_void_p),
                ("vocab_only", ctypes.c_bool), ("rest", ctypes.c_uint8 * 127)]


def load(folder):
    for name in ("libggml-base.so.0", "libggml-cpu.so.0"):
        ctypes.CDLL(str(folder / name), mode=ctypes.RTLD_GLOBAL)
    llama = ctypes.CDLL(str(folder / "libllama.so.0"))
    llama.llama_model_default_params.restype = Parameters
    llama.llama_model_load_from_file.argtypes = [ctypes.c_char_p, Parameters]
    llama.llama_model_load_from_file.restype = llama.llama_model_get_vocab.restype = ctypes.c_void_p
    llama.llama_model_get_vocab.argtypes = [ctypes.c_void_p]
    llama.llama_tokenize.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32, ctypes.POINTER(ctypes.c_int32),
                                     ctypes.c_int32, ctypes.c_bool, ctypes.c_bool]
    llama.llama_backend_init()
    return llama


def tell(folder, model, texts, vocab_only, around):
    """A line of ids for each text."""
    llama = load(folder)
    parameters = llama.llama_model_default_params()
    parameters.gpu_layers, parameters.vocab_only = 0, vocab_only
    loaded = llama.llama_model_load_from_file(os.fsencode(model), parameters)
    if not loaded:
        sys.exit(3)
    vocabulary = llama.llama_model_get_vocab(loaded)
    for text in texts:
        data = text.encode()
        room = (ctypes.c_int32 * (2 * len(data) + 16))()
        count = llama.llama_tokenize(vocabulary, data, len(data), room, len(room), around, False)
        assert count >= 0, (text, count)
        print(json.dumps(room[:count]))


def ask(cache, model, texts, vocab_only=False, around=False):
    folder = programs.llama_server(cache).parent
    done = subprocess.run([sys.executable, "-B", __file__, folder, model, str(vocab_only), str(around)], input=json.dumps(texts).encode(),
                          capture_output=True, env=dict(os.environ, LD_LIBRARY_PATH=str(folder)))
    if done.returncode == -signal.SIGILL:
        programs.skip("this llama.cpp was built for other processors")
    if done.returncode:
        raise ValueError(f"llama.cpp takes no {model}: {done.stderr.decode(errors='replace')[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


if __name__ == "__main__":
    tell(pathlib.Path(sys.argv[1]), sys.argv[2], json.load(sys.stdin), sys.argv[3] == "True", sys.argv[4] == "True")
