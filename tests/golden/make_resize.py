#!/usr/bin/env python3
"""Pillow's antialiased bicubic resize of small random images, for tests/unit/data/resize_test.ts.

Run: python3 tests/golden/make_resize.py   (needs numpy and Pillow). Writes resize.json beside itself.
"""
import base64, json, os
import numpy as np, PIL
from PIL import Image

random, cases = np.random.RandomState(7), []
for (width, height), (to_width, to_height), box in [
    ((32, 32), (16, 16), None), ((7, 5), (20, 13), None), ((61, 43), (17, 17), None), ((33, 20), (33, 9), None),
    ((1, 1), (4, 3), None), ((100, 3), (5, 5), None), ((40, 30), (24, 24), (5, 3, 35, 28)), ((13, 13), (13, 13), (2, 2, 11, 9)),
]:
    pixels = random.randint(0, 256, (height, width, 3), dtype=np.uint8)
    pixels[: height // 2, : width // 2] = random.choice([0, 255])  # hard edges overshoot, and must be clipped
    out = Image.fromarray(pixels).resize((to_width, to_height), Image.BICUBIC, box)
    pack = lambda a: base64.b64encode(np.asarray(a).tobytes()).decode()
    cases.append({"width": width, "height": height, "to": [to_width, to_height], "box": box, "pixels": pack(pixels), "resized": pack(out)})
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "resize.json"), "w") as file:
    json.dump({"pillow": PIL.__version__, "cases": cases}, file)
