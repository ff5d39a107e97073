"""A tiny CLIP and a tiny SigLIP with random weights, exported by tools/export_image_text.py, read by Mien.

    python3 tests/reference/image_text/tiny.py build/release/mien WORK

No weights are at hand, so this says nothing of what such models know: it shows that the script's files
are what Mien reads, and that Mien's scores of a picture are those that torch computes.
"""
import csv
import io
import json
import pathlib
import subprocess
import sys

import numpy
import PIL.Image
import sentencepiece
import torch
import transformers

ROOT = pathlib.Path(__file__).resolve().parents[3]
CONTEXTS = {"sea": "the sea", "forest": "a forest", "fire": "a fire"}
SMALL = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2)


def write_clip(folder):
    symbols = list("abcdefghijklmnopqrstuvwxyz.") + [f"{c}</w>" for c in "abcdefghijklmnopqrstuvwxyz."]
    vocabulary = {word: i for i, word in enumerate(symbols + ["<|startoftext|>", "<|endoftext|>"])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    transformers.CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt")).save_pretrained(folder)
    transformers.CLIPImageProcessor(size={"shortest_edge": 64}, crop_size=64).save_pretrained(folder)
    text = dict(SMALL, vocab_size=len(vocabulary), max_position_embeddings=48,
                bos_token_id=len(vocabulary) - 2, eos_token_id=len(vocabulary) - 1)
    transformers.CLIPModel(transformers.CLIPConfig(
        text_config=text, vision_config=dict(SMALL, image_size=64, patch_size=16),
        projection_dim=24)).save_pretrained(folder)


def write_siglip(folder):
    words = folder / "words.txt"
    words.write_text("\n".join(f"a photo of {name}." for name in CONTEXTS.values()) + "\n")
    sentencepiece.SentencePieceTrainer.train(
        input=str(words), model_prefix=str(folder / "spiece"), vocab_size=40, hard_vocab_limit=False,
        pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    transformers.SiglipTokenizer(str(folder / "spiece.model"), pad_token="<pad>").save_pretrained(folder)
    transformers.SiglipImageProcessor(size={"height": 64, "width": 64}).save_pretrained(folder)
    text = dict(SMALL, vocab_size=64, max_position_embeddings=16)
    transformers.SiglipModel(transformers.SiglipConfig(
        text_config=text, vision_config=dict(SMALL, image_size=64, patch_size=16))).save_pretrained(folder)


def scores_of_torch(folder, picture):
    """By the library's own forward pass, its own preparation of picture and words."""
    model = transformers.AutoModel.from_pretrained(folder).eval()
    pixels = transformers.AutoImageProcessor.from_pretrained(folder)(PIL.Image.open(picture), return_tensors="pt")
    words = transformers.AutoTokenizer.from_pretrained(folder)(
        [f"a photo of {name}." for name in CONTEXTS.values()], return_tensors="pt", padding="max_length",
        truncation=True, max_length=model.config.text_config.max_position_embeddings)
    with torch.no_grad():
        logits = model(**pixels, **words).logits_per_image[0]
    return (logits.sigmoid() if hasattr(model, "logit_bias") else logits.softmax(0)).tolist()


def scores_of_mien(mien, folder, picture, work):
    study = work / f"study-{folder.name}"
    subprocess.run([mien, "annotate", picture, "--out", study, "--redo", "--contexts", "--channels", "action",
                    "--context-model", folder / "out" / f"{folder.name}.json",
                    "--context-vocabulary", work / "contexts.csv"], check=True, stdout=subprocess.PIPE)
    table = subprocess.run([mien, "export", study, "--table", "contexts"], check=True, stdout=subprocess.PIPE)
    rows = csv.DictReader(io.StringIO(table.stdout.decode()))
    found = {row["context"]: float(row["score_prob"]) for row in rows}
    return [found[name] for name in CONTEXTS]


def main():
    mien, work = sys.argv[1], pathlib.Path(sys.argv[2])
    work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(5)
    picture = work / "picture.png"  # of the networks' size, so that nothing is resized; shows no face
    noise = numpy.random.default_rng(5).integers(0, 256, (64, 64, 3), dtype=numpy.uint8)
    PIL.Image.fromarray(noise).save(picture)
    (work / "contexts.csv").write_text(
        "id,name\n" + "".join(f"{key},{name}\n" for key, name in CONTEXTS.items()))
    for name, write in {"clip": write_clip, "siglip": write_siglip}.items():
        folder = work / name
        folder.mkdir(exist_ok=True)
        write(folder)
        subprocess.run([sys.executable, ROOT / "tools/export_image_text.py", folder, work / "contexts.csv",
                        folder / "out", "--id", name], check=True)
        torchs, miens = scores_of_torch(folder, picture), scores_of_mien(mien, folder, picture, work)
        worst = max(abs(a - b) for a, b in zip(torchs, miens))
        print(f"{name}: torch {torchs}, Mien {miens}, largest difference {worst:.1e}")
        assert worst < 1e-4 and max(torchs) - min(torchs) > 1e-3, "scores differ, or say nothing"


if __name__ == "__main__":
    main()
