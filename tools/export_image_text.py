"""An image-text model (CLIP, SigLIP) of the transformers library as files that Mien reads.

    python3 tools/export_image_text.py MODEL VOCABULARY.csv OUT [--id ID] [--licence TEXT]
        [--threshold 0.2]

MODEL is a name or a folder that transformers' from_pretrained takes; VOCABULARY.csv has the columns id
and name (docs/contexts.md). Writes OUT/ID.onnx, the image tower for pixels of 0 to 1, OUT/ID_vectors.json,
one vector a context, and OUT/ID.json, the manifest that `mien annotate --context-model` takes
(docs/context-models.md). Needs torch and transformers; it need not run where Mien does.
"""
import argparse
import csv
import hashlib
import inspect
import json
import pathlib

import torch
import transformers

PROMPT = "a photo of {}."


def features(output):
    """transformers 5 gives an object, earlier ones the tensor."""
    return output if isinstance(output, torch.Tensor) else output.pooler_output


class Tower(torch.nn.Module):
    """Pixels of 0 to 1 -> the vector of a picture."""

    def __init__(self, model, images):
        super().__init__()
        self.model = model
        self.mean = torch.tensor(images.image_mean).view(1, 3, 1, 1)
        self.std = torch.tensor(images.image_std).view(1, 3, 1, 1)

    def forward(self, image):
        return features(self.model.get_image_features(pixel_values=(image - self.mean) / self.std))


def export(model, images, side, file):
    for layer in model.modules():  # exporters of torch 1 know the number alone
        if getattr(layer, "padding", None) == "valid":
            layer.padding = (0, 0)
    how = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
    torch.onnx.export(
        Tower(model, images).eval(), torch.rand(1, 3, side, side), str(file), input_names=["image"],
        output_names=["vector"], dynamic_axes={"image": {0: "batch"}, "vector": {0: "batch"}},
        opset_version=14, **how)


def text_vectors(model, tokenizer, names):
    length = model.config.text_config.max_position_embeddings
    words = tokenizer([PROMPT.format(name) for name in names], return_tensors="pt",
                      padding="max_length", truncation=True, max_length=length)
    with torch.no_grad():
        return features(model.get_text_features(**words)).tolist()


def sha256(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("vocabulary")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--id", default="image_text")
    parser.add_argument("--licence", default="see the model's page")
    parser.add_argument("--threshold", type=float, default=0.2, help="a context is present from this score on")
    options = parser.parse_args()
    model = transformers.AutoModel.from_pretrained(options.model).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(options.model)
    images = transformers.AutoImageProcessor.from_pretrained(options.model)
    with open(options.vocabulary, encoding="utf-8", newline="") as file:
        contexts = list(csv.DictReader(file))
    options.out.mkdir(parents=True, exist_ok=True)
    onnx = options.out / f"{options.id}.onnx"
    vectors = options.out / f"{options.id}_vectors.json"
    side = model.config.vision_config.image_size
    export(model, images, side, onnx)
    of_contexts = text_vectors(model, tokenizer, [context["name"] for context in contexts])
    vectors.write_text(json.dumps({"contexts": [context["id"] for context in contexts],
                                   "vectors": of_contexts}))
    # SigLIP asks of each context for itself, CLIP which of them fits best.
    own = hasattr(model, "logit_bias")
    manifest = {
        "id": options.id, "version": "1", "role": "image_text", "licence": options.licence,
        "source": {"format": "onnx"}, "onnx_file": onnx.name, "onnx_sha256": sha256(onnx),
        "input": {"name": "image", "shape": [-1, 3, side, side], "meaning": "picture"},
        "framing": "stretched" if own else "middle", "colour_order": "rgb",
        "scaling": {"subtract": [0, 0, 0], "multiply": 1 / 255},
        "outputs": [{"name": "vector", "shape": [-1, len(of_contexts[0])], "meaning": "of the picture"}],
        "activation": "sigmoid" if own else "softmax",
        "texts": {"vectors": vectors.name, "vectors_sha256": sha256(vectors),
                  "logit_scale": model.logit_scale.exp().item(),
                  "logit_bias": model.logit_bias.item() if own else 0,
                  "threshold_prob": options.threshold},
        "intended_use": "Contexts of pictures, heads filled.",
        "known_limits": [f"Exported from {options.model}; its scores are not calibrated."]}
    (options.out / f"{options.id}.json").write_text(json.dumps(manifest, indent=1) + "\n")


if __name__ == "__main__":
    main()
