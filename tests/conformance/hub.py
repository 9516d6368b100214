#!/usr/bin/env python3
"""tok vocab add hf:ORG/MODEL beside huggingface_hub, from the same server, with real tokenizers.

    hub.py --tok build/tok --cache build/test-data

Both ask tests/cli/hub_server.py, which is thereby held to what the reference takes for a hub: the same
commit, the same licence, the same bytes, over TLS, with the same variable for its certificate.  What the
reference has downloaded, tok finds in its cache, offline, and in each way a model has the ids of its files.
A model that is transplanted to it by its name, of the cache or of the store, has the bytes of one that is by
its path.
"""
import argparse
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
import hub_server as server  # noqa: E402

SHA = "0a1b2c3d" * 5
TEXT = "Hello, world! 123 caf\u00e9 \u4f60\u597d  \n\n don't".encode()
MODELS = {
    "openai-community/gpt2": ("gpt2", ("encoder.json", "vocab.bpe"), ("encoder.json",), {"cardData": {"license": "mit"}}),
    "google-bert/bert-base": ("bert", ("vocab.txt",), (), {"cardData": {"license": ["apache-2.0"]}}),
    "albert": ("albert", ("spiece.model",), ("spiece.model",), {"tags": ["license:apache-2.0"]}),
}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--tok", required=True)
    options.add_argument("--cache", required=True, type=pathlib.Path)
    options = options.parse_args()
    hub, store = server.Hub(secure=True), server.Hub(secure=True)
    hub.store, hub.token = store, "hf_abc"
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(HF_HOME=folder + "/hf", HF_ENDPOINT=hub.url(), HF_TOKEN="hf_abc", HF_HUB_DISABLE_XET="1", SSL_CERT_FILE=str(server.CERTIFICATE),
                          HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1")
        for name in [n for n in os.environ if n.lower().endswith("_proxy") or n in ("HF_HUB_OFFLINE", "HF_HUB_CACHE", "CURL_CA_BUNDLE")]:
            del os.environ[name]
        check(options, hub, folder)
    assert not [1 for _, _, headers in store.asked if "Authorization" in headers], "another server has heard the token"
    print(f"{len(MODELS)} models, {len(hub.asked) + len(store.asked)} requests: as huggingface_hub")


def run(options, folder, *words, data=b"", store="store", **more):
    environment = dict(os.environ, TOK_CACHE="off", TOK_STORE=f"{folder}/{store}", **more)
    done = subprocess.run((options.tok, *words), input=data, capture_output=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, b""), (words, done.stderr)
    return done.stdout


def make_model(folder):
    """Three rows of one number, each of a token."""
    folder.mkdir()
    header = json.dumps({"model.embed_tokens.weight": {"dtype": "F32", "shape": [3, 1], "data_offsets": [0, 12]}}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + struct.pack("<3f", 1, 2, 3))
    (folder / "config.json").write_text('{"model_type":"llama","vocab_size":3,"tie_word_embeddings":true}')
    (folder / "tokenizer.json").write_text(json.dumps({"added_tokens": [], "model": {
        "type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]}}))


def transplanted(options, folder, tokenizer, store="store"):
    """What lies in a model's folder that has this tokenizer."""
    out = pathlib.Path(folder) / "out"
    done = subprocess.run((os.path.abspath(options.tok), "transplant", "run", "model", tokenizer, "-m", "zero", "-o", "out"),
                          capture_output=True, cwd=folder, check=False,
                          env=dict(os.environ, TOK_CACHE="off", TOK_STORE=f"{folder}/{store}"))
    assert done.returncode == 0, (tokenizer, done.stderr)
    found = {path.name: path.read_bytes() for path in out.iterdir()}
    shutil.rmtree(out)
    return found


def check_transplants(options, folder, name, bodies):
    """A name of the store is as the files alone, one of the cache as their folder."""
    lone = pathlib.Path(folder) / "files" / name.replace("/", "-")
    lone.mkdir(parents=True)
    for file, body in bodies.items():
        (lone / file).write_bytes(body)
    for path, kept, where in ((lone, "none", "cache"), (lone / next(iter(bodies)), "store", "store")):
        wanted, found = transplanted(options, folder, path), transplanted(options, folder, name, kept)
        assert len(wanted) > 4 and wanted.keys() == found.keys(), (name, where, wanted.keys(), found.keys())
        for file, body in wanted.items():
            assert found[file] == body, f"{name}: by the name of the {where} {file} differs"


def check(options, hub, folder):
    import huggingface_hub  # pylint: disable=import-outside-toplevel; it reads the environment when it is loaded
    api = huggingface_hub.HfApi(endpoint=hub.url())
    make_model(pathlib.Path(folder) / "model")
    for name, (place, files, linked, more) in MODELS.items():
        real = options.cache / "tokenizers" / place
        bodies = {file: (real / file).read_bytes() for file in files}
        hub.add(name, {"config.json": b"{}", **bodies}, SHA, linked=linked, **more)
        ids = run(options, folder, "encode", "-t", str(real if len(files) > 1 else real / files[0]), data=TEXT)
        info = api.model_info(name, revision="main")
        for file, body in bodies.items():
            got = huggingface_hub.hf_hub_download(name, file, endpoint=hub.url())
            assert pathlib.Path(got).read_bytes() == body, (name, file)
        assert run(options, folder, "encode", "-t", name, data=TEXT) == ids, f"{name}: the reference's cache"
        run(options, folder, "vocab", "add", f"hf:{name}")
        asked = len(hub.asked)
        run(options, folder, "vocab", "add", f"hf:{name}", store="offline", HF_HUB_OFFLINE="1")
        assert len(hub.asked) == asked, f"{name}: offline is not"
        for kept in ("store", "offline"):
            noted = json.loads(run(options, folder, "vocab", "show", name, "--json", store=kept))["vocabularies"][0]
            assert noted["origin"] == f"hf:{name}@{info.sha}", noted
            assert [f["name"] for f in noted["files"]] == list(files), noted
            assert [f["bytes"] for f in noted["files"]] == [len(b) for b in bodies.values()], noted
            assert run(options, folder, "encode", "-t", name, data=TEXT, store=kept) == ids, f"{name}: {kept}"
            licences = [t.removeprefix("license:") for t in info.tags or [] if t.startswith("license:")]
            card = (info.card_data or {}).get("license")
            licences += card if isinstance(card, list) else [card] if card else []
            assert noted["licence"] in (licences if kept == "store" else [None]), (noted, licences)
        check_transplants(options, folder, name, bodies)


if __name__ == "__main__":
    main()
