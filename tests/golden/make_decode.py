#!/usr/bin/env python3
"""Small images in every format, and the RGB that Pillow or a plain formula makes of them, for decode_golden_test.ts.

Run: python3 tests/golden/make_decode.py   (needs numpy and Pillow with WebP and libtiff). Writes decode.json beside itself.
A case's tolerance is 0 where the pixels are stored as they are. JPEG and lossy WebP are decoded by other arithmetic here
than in Pillow: rounding, and the interpolation of colours that were stored at half the size.
"""
import base64, io, json, os, struct, zlib
import numpy as np, PIL
from PIL import Image

WIDTH, HEIGHT = 21, 13
y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
rgb = np.stack([x * 255 // (WIDTH - 1), y * 255 // (HEIGHT - 1), (x * 7 + y * 13) % 256], -1).astype(np.uint8)
alpha = ((x * 40) % 256).astype(np.uint8)
deep = (x * 3000 + y * 411 + 77).astype(np.uint16)
color, gray = Image.fromarray(rgb), Image.fromarray(rgb).convert("L")
palette, bilevel, rgba = color.quantize(16), color.convert("1"), Image.fromarray(np.dstack([rgb, alpha]))
gray_alpha, cmyk = Image.merge("LA", [gray, Image.fromarray(alpha)]), color.convert("CMYK")
inks = np.asarray(cmyk).astype(int)
inks[..., 3] = (x * 9) % 256
cmyk = Image.fromarray(inks.astype(np.uint8), "CMYK")
cases = []

def plain(cmyk):
    cmyk = np.asarray(cmyk).astype(int)
    return np.floor((255 - cmyk[..., :3]) * (255 - cmyk[..., 3:]) / 255 + 0.5).astype(np.uint8)

def add(name, file, pixels=None, tolerance=0):
    """`pixels`: what it must be, where that is not Pillow's own RGB of the file."""
    pixels = np.asarray(Image.open(io.BytesIO(file)).convert("RGB") if pixels is None else pixels)
    cases.append({"name": name, "file": base64.b64encode(file).decode(), "width": pixels.shape[1], "height": pixels.shape[0],
                  "tolerance": tolerance, "pixels": base64.b64encode(pixels.astype(np.uint8).tobytes()).decode()})

def save(image, format, **options):
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()

rounded = np.repeat(np.floor(deep[..., None].astype(int) * 255 / 65535 + 0.5), 3, -1)
for name, image in {"gray": gray, "rgb": color, "palette": palette, "bilevel": bilevel, "rgba": rgba, "gray with alpha": gray_alpha}.items():
    add(f"png {name}", save(image, "PNG"))
    add(f"webp {name}", save(image.convert("RGBA" if "a" in image.mode.lower() else "RGB"), "WEBP", lossless=True, exact=True))
    for compression in ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"]:
        add(f"tiff {name}, {compression}", save(image, "TIFF", compression=compression))
    if "alpha" not in name and name != "rgba":
        add(f"gif {name}", save(image, "GIF"))
    if "alpha" not in name:
        add(f"bmp {name}", save(image, "BMP"), None if name != "rgba" else rgb)
add("png gray, 16 bits", save(Image.fromarray(deep), "PNG"), rounded)
add("png palette with transparency", save(palette, "PNG", transparency=3))
add("gif with transparency", save(palette, "GIF", transparency=3))
for compression in ["raw", "tiff_lzw"]:
    add(f"tiff gray, 16 bits, {compression}", save(Image.fromarray(deep), "TIFF", compression=compression), rounded)
    add(f"tiff cmyk, {compression}", save(cmyk, "TIFF", compression=compression), plain(cmyk))
    add(f"tiff rgb, predictor, {compression}", save(color, "TIFF", compression=compression, tiffinfo={317: 2} if compression == "tiff_lzw" else {}))
noise = Image.fromarray(np.random.RandomState(3).randint(0, 256, (90, 70, 3), dtype=np.uint8))
add("tiff lzw, whose table fills up", save(noise, "TIFF", compression="tiff_lzw"))
add("gif animation", save(palette, "GIF", save_all=True, append_images=[palette.transpose(Image.FLIP_TOP_BOTTOM)]))
add("webp animation", save(color, "WEBP", save_all=True, append_images=[noise.resize(color.size)], lossless=True))
add("gif interlaced", save(palette, "GIF", interlace=1))
add("webp lossy", save(color, "WEBP", quality=90), tolerance=1)
add("jpeg gray", save(gray, "JPEG", quality=95), tolerance=2)
add("jpeg rgb", save(color, "JPEG", quality=95, subsampling=0), tolerance=3)
add("jpeg progressive", save(color, "JPEG", quality=95, subsampling=0, progressive=True), tolerance=3)
adobe = save(cmyk, "JPEG", quality=100, subsampling=0)
marker = adobe.index(b"\xff\xee")
assert adobe[marker + 4:marker + 9] == b"Adobe" and adobe[marker + 15] == 0
ycck = adobe[:marker + 15] + b"\x02" + adobe[marker + 16:]  # the same numbers, now taken for YCCK: garish, and defined
bare = adobe[:marker] + adobe[marker + 16:]  # Pillow takes it for Adobe's all the same
for name, file in {"cmyk by Adobe": adobe, "ycck": ycck, "cmyk without a marker": bare}.items():
    add(f"jpeg {name}", file, plain(Image.open(io.BytesIO(file))), tolerance=3)

TURNS = {2: Image.FLIP_LEFT_RIGHT, 3: Image.ROTATE_180, 4: Image.FLIP_TOP_BOTTOM, 5: Image.TRANSPOSE, 6: Image.ROTATE_270,
         7: Image.TRANSVERSE, 8: Image.ROTATE_90}
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[274] = orientation
    for format, options, tolerance in [("PNG", {}, 0), ("WEBP", {"lossless": True}, 0), ("JPEG", {"quality": 95, "subsampling": 0}, 3)]:
        stored = Image.open(io.BytesIO(save(color, format, **options))).convert("RGB")
        upright = stored.transpose(TURNS[orientation]) if orientation > 1 else stored
        add(f"{format.lower()} of orientation {orientation}", save(color, format, exif=exif.tobytes(), **options), upright, tolerance)
    upright = color.transpose(TURNS[orientation]) if orientation > 1 else color
    add(f"tiff of orientation {orientation}", save(color, "TIFF", tiffinfo={274: orientation}), upright)

def tiff(pixels, order, tile=None, deflate=False, apart=False):
    """A TIFF by hand, for Pillow writes neither tiles nor, of RGB, the other byte order."""
    pixels = pixels if pixels.ndim == 3 else pixels[..., None]
    height, width, channels = pixels.shape
    across, down = tile or (width, height)
    blocks = []
    for plane in [pixels[..., c:c + 1] for c in range(channels)] if apart else [pixels]:
        for top in range(0, height, down):
            for left in range(0, width, across):
                block = np.zeros((down, across, plane.shape[2]), pixels.dtype)
                part = plane[top:top + down, left:left + across]
                block[:part.shape[0], :part.shape[1]] = part
                data = block.astype(pixels.dtype.newbyteorder(order)).tobytes()
                blocks.append(zlib.compress(data) if deflate else data)
    at, offsets = 8, []
    for block in blocks:
        offsets.append(at)
        at += len(block) + len(block) % 2
    tags = {256: ("H", [width]), 257: ("H", [height]), 258: ("H", [pixels.dtype.itemsize * 8] * channels),
            259: ("H", [8 if deflate else 1]), 262: ("H", [2 if channels == 3 else 1]), 277: ("H", [channels]),
            284: ("H", [2 if apart else 1]), 324 if tile else 273: ("L", offsets),
            325 if tile else 279: ("L", [len(block) for block in blocks])}
    tags.update({322: ("H", [across]), 323: ("H", [down])} if tile else {278: ("H", [height])})
    rows, behind, free = b"", b"", at + 2 + 12 * len(tags) + 4
    for tag, (kind, values) in sorted(tags.items()):
        data = struct.pack(f"{order}{len(values)}{kind}", *values)
        if len(data) > 4:
            data, behind = struct.pack(order + "L", free + len(behind)), behind + data + b"\0" * (len(data) % 2)
        rows += struct.pack(order + "HHL", tag, {"H": 3, "L": 4}[kind], len(values)) + data.ljust(4, b"\0")
    head = struct.pack(order + "2sHL", b"II" if order == "<" else b"MM", 42, at)
    directory = struct.pack(order + "H", len(tags)) + rows + struct.pack(order + "L", 0)
    return head + b"".join(block + b"\0" * (len(block) % 2) for block in blocks) + directory + behind

for order, name in {"<": "little-endian", ">": "big-endian"}.items():
    add(f"tiff {name}, rgb", tiff(rgb, order), rgb)
    add(f"tiff {name}, gray, 16 bits", tiff(deep, order), rounded)
    for tile in [(16, 16), (32, 16)]:
        add(f"tiff {name}, tiles of {tile[0]} x {tile[1]}", tiff(rgb, order, tile), rgb)
        add(f"tiff {name}, tiles of {tile[0]} x {tile[1]}, deflate, 16 bits", tiff(deep, order, tile, deflate=True), rounded)
    add(f"tiff {name}, tiles, planes apart", tiff(rgb, order, (16, 16), apart=True), rgb)
# Where Pillow reads such a file at all, it is the referee of what the writer above means.
for case in cases[-14:]:
    file = base64.b64decode(case["file"])
    if "16 bits" not in case["name"] and "apart" not in case["name"]:
        assert np.asarray(Image.open(io.BytesIO(file)).convert("RGB")).tobytes() == base64.b64decode(case["pixels"]), case["name"]

for name, image in {"gray": gray, "rgb": color, "bilevel": bilevel}.items():
    add(f"pnm {name}", save(image, "PPM"))
add("pnm gray, 16 bits", b"P5 # a comment\n# and another\n%d\t%d\n65535\n" % (WIDTH, HEIGHT) + deep.astype(">u2").tobytes(), rounded)
few = rgb // 16
add("pnm rgb, of sixteen levels", b"P6\n%d %d 15\n" % (WIDTH, HEIGHT) + few.tobytes())

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "decode.json"), "w") as file:
    json.dump({"pillow": PIL.__version__, "cases": cases}, file, indent=0)
