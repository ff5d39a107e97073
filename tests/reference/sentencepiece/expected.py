"""A small SentencePiece model, its tokenizer file, and the ids that SentencePiece gives.

    cd tests/reference/sentencepiece && python3 expected.py

Needs the Python package sentencepiece 0.2. The model is trained on the texts of ../sentences and on
English words; trailing spaces are not among the texts, since SentencePiece drops them and encoders
are given none.
"""
import io
import json
import pathlib
import subprocess
import sys
import tempfile

import sentencepiece

here = pathlib.Path(__file__).parent
texts = [text.strip() for text in json.loads((here / "../sentences/texts.json").read_text(encoding="utf-8"))]
made = io.BytesIO()
sentencepiece.SentencePieceTrainer.train(
    sentence_iterator=iter(texts * 3), model_writer=made, vocab_size=500, character_coverage=0.98,
    model_type="unigram", num_threads=1, minloglevel=2)
with tempfile.NamedTemporaryFile(suffix=".model") as file:
    file.write(made.getvalue())
    file.flush()
    tool = here / "../../../tools/unigram_from_sentencepiece"
    tokenizer = subprocess.run(
        [sys.executable, str(tool), file.name, "--offset", "1", "--unknown", "3"], check=True, capture_output=True).stdout
model = sentencepiece.SentencePieceProcessor(model_proto=made.getvalue())
rows = []
for text in texts:
    ids = [3 if one == model.unk_id() else one + 1 for one in model.encode(text)]
    rows.append(json.dumps({"text": text, "ids": ids}, ensure_ascii=False, separators=(",", ":")))
(here / "tokenizer.json").write_bytes(tokenizer)
(here / "expected.json").write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")
