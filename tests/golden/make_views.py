#!/usr/bin/env python3
"""Makes views.json and views.safetensors beside it: what each operation of the augmentation, and whole chains of them,
make of small images. See README.md.

  python3 tests/golden/make_views.py     (needs numpy)

Written from the definitions (a mapping of numbers to numbers, with loops where they read best), in float64, without a
look at a kernel. HSV is Python's own colorsys; the blur is numpy.convolve. Parameters are float32 values, because that
is what a kernel is handed; results are rounded to float32 at the end.
"""
import base64, colorsys, itertools, json, math, pathlib, struct
import numpy as np

HERE = pathlib.Path(__file__).parent
RNG = np.random.default_rng(20)
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
BRIGHTNESS, CONTRAST, SATURATION, HUE = range(4)

# ---- the operations; images are [height, width, 3] in [0, 1] -------------------------------------------------------


def keys(distance):
    """Keys (1981), eq. 15 with a = -1/2."""
    s = abs(distance)
    if s < 1:
        return 3 / 2 * s**3 - 5 / 2 * s**2 + 1
    if s < 2:
        return -1 / 2 * s**3 + 5 / 2 * s**2 - 4 * s + 2
    return 0.0


def resize_line(line, px):
    """A line of [length, 3] at px half-pixel centres. What lies beyond its ends has no weight; the rest's sum is 1."""
    length, out = len(line), []
    for i in range(px):
        centre = (i + 0.5) * length / px - 0.5
        weights = np.array([keys(centre - k) for k in range(length)])
        out.append(weights @ line / weights.sum())
    return np.array(out)


def crop_resize(pixels, left, top, width, height, flip, px):
    part = pixels[top : top + height, left : left + width] / 255
    rows = np.array([resize_line(row, px) for row in part])
    out = np.array([resize_line(rows[:, column], px) for column in range(px)]).transpose(1, 0, 2)
    out = np.clip(out, 0, 1)
    return out[:, ::-1] if flip else out


def each_pixel(x, mapping):
    return np.array([[mapping(*pixel) for pixel in row] for row in x])


def saturate(r, g, b, factor):
    h, s, v = colorsys.rgb_to_hsv(r, g, b)
    return colorsys.hsv_to_rgb(h, min(max(s * factor, 0), 1), v)


def turn(r, g, b, delta):
    h, s, v = colorsys.rgb_to_hsv(r, g, b)
    return colorsys.hsv_to_rgb((h + delta) % 1, s, v)


def jitter(x, d):
    for operation in d["order"]:
        if operation == BRIGHTNESS:
            x = x + d["brightness"]
        elif operation == CONTRAST:
            mean = x.mean(axis=(0, 1))
            x = mean + d["contrast"] * (x - mean)
        elif operation == SATURATION:
            x = each_pixel(x, lambda r, g, b: saturate(r, g, b, d["saturation"]))
        else:
            x = each_pixel(x, lambda r, g, b: turn(r, g, b, d["hue"]))
        x = np.clip(x, 0, 1)
    return x


def grayscale(x):
    return np.repeat((0.2989 * x[..., :1] + 0.5870 * x[..., 1:2] + 0.1140 * x[..., 2:]), 3, axis=2)


def blur(x, sigma):
    """With a kernel of 2 * ((side / 10) // 2) + 1 and zeros outside."""
    radius = int((len(x) / 10) // 2)
    kernel = np.array([math.exp(-(k**2) / (2 * sigma**2)) for k in range(-radius, radius + 1)])
    kernel /= kernel.sum()
    for axis in (1, 0):
        x = np.apply_along_axis(lambda line: np.convolve(line, kernel, mode="same"), axis, x)
    return x


def solarize(x):
    return np.where(x >= 0.5, 1 - x, x)


def view(pixels, d, px):
    """In [0, 1]: not yet normalised."""
    x = crop_resize(pixels, *(d[name] for name in ("left", "top", "width", "height", "flip")), px)
    if d["jitter"]:
        x = jitter(x, d)
    if d["grayscale"]:
        x = grayscale(x)
    if d["blur"]:
        x = blur(x, d["sigma"])
    if d["solarize"]:
        x = solarize(x)
    return np.clip(x, 0, 1)


# ---- the fixtures --------------------------------------------------------------------------------------------------

CASES, TENSORS = [], {}
f32 = lambda v: float(np.float32(v))


def draw(size, **changes):
    """What leaves an image as it is, but for the changes."""
    height, width = size
    plain = dict(left=0, top=0, width=width, height=height, flip=False, jitter=False, order=[0, 1, 2, 3], brightness=0.0,
                 contrast=1.0, saturation=1.0, hue=0.0, grayscale=False, solarize=False, blur=False, sigma=1.0)
    return {k: f32(v) if isinstance(v, float) else v for k, v in (plain | changes).items()}


def case(op, pixels, draws, px, normalize=False):
    """One source image, and the views of it that the draws make."""
    views = [view(pixels, d, px) for d in draws]
    if normalize:
        views = [(v - MEAN) / STD for v in views]
    name = f"{op}.{len(CASES)}"
    TENSORS[name] = np.array(views).astype("<f4")
    CASES.append({"op": op, "name": name, "px": px, "normalize": normalize, "width": pixels.shape[1], "height": len(pixels),
                  "pixels": base64.b64encode(pixels.astype(np.uint8).tobytes()).decode(), "draws": draws})


def random_pixels(height, width):
    return RNG.integers(0, 256, (height, width, 3))


def smooth_pixels(height, width):
    """Gradients, a hard edge, a flat gray square, black and white, and a corner of noise."""
    y, x = np.mgrid[:height, :width] / [[[height]], [[width]]]
    p = np.stack([255 * x, 255 * y, 255 * (1 - x) * (0.5 + 0.5 * np.sin(9 * y))], axis=2)
    p[x + y > 1.5] = [250, 30, 60]
    h, w = height // 4, width // 4
    p[:h, :w] = 128
    p[:h, -w:] = 0
    p[-h:, :w] = 255
    p[h : 2 * h, w : 2 * w] = random_pixels(h, w)
    return np.round(p).astype(np.int64)


# Pixels at which HSV has something to trip over: no colour at all, ties between channels, every sector's edges, and
# reds on both sides of hue 0. 36 of them, an image of 6 by 6.
COLOURS = [[0, 0, 0], [255, 255, 255], [128, 128, 128], [1, 1, 1], [254, 254, 254], [0, 0, 1],
           [255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0], [0, 255, 255], [255, 0, 255],
           [255, 1, 0], [255, 0, 1], [200, 90, 90], [200, 90, 91], [200, 91, 90], [90, 90, 200],
           [255, 128, 0], [128, 255, 0], [0, 255, 128], [0, 128, 255], [128, 0, 255], [255, 0, 128],
           [127, 128, 128], [128, 127, 128], [128, 128, 127], [10, 0, 0], [0, 10, 10], [250, 255, 255],
           [137, 62, 201], [62, 201, 137], [201, 137, 62], [33, 77, 12], [240, 180, 210], [17, 140, 160]]
colours = lambda: np.array(COLOURS).reshape(6, 6, 3)
whole = lambda **changes: draw((6, 6), **changes)

# Crop: the whole, the four corners, single pixels, rows and columns, up, down and both, flips.
p = random_pixels(13, 17)
for px in (5, 12):
    boxes = [(0, 0, 17, 13), (0, 0, 5, 6), (12, 0, 5, 6), (0, 7, 5, 6), (12, 7, 5, 6), (16, 12, 1, 1), (0, 5, 17, 1),
             (8, 0, 1, 13), (3, 2, 2, 11), (1, 1, 15, 3)]
    case("crop_resize", p, [draw((13, 17), left=l, top=t, width=w, height=h, flip=i % 2 == 1)
                            for i, (l, t, w, h) in enumerate(boxes)], px)
hard = np.where(RNG.random((8, 6, 1)) < 0.5, 0, 255) * np.ones((1, 1, 3), int)  # bicubic overshoots, and is clipped
case("crop_resize", hard, [draw((8, 6)), draw((8, 6), flip=True, left=1, width=4)], 11)
case("crop_resize", smooth_pixels(9, 251), [draw((9, 251)), draw((9, 251), left=100, width=151, flip=True)], 10)

# Jitter, one operation at a time (the others, though they run, do nothing); all in an image's own order.
case("brightness", colours(), [whole(jitter=True, brightness=v) for v in (0.4, 0.13, -0.4, -0.02)], 6)
case("contrast", colours(), [whole(jitter=True, contrast=v) for v in (0.6, 0.93, 1.07, 1.4)], 6)
case("saturation", colours(), [whole(jitter=True, saturation=v) for v in (0.8, 0.97, 1.1, 1.2)], 6)
case("hue", colours(), [whole(jitter=True, hue=v) for v in (-0.1, -1 / 2048, 1 / 2048, 0.1)], 6)
orders = list(itertools.permutations(range(4)))
strong = dict(jitter=True, brightness=0.21, contrast=1.37, saturation=1.19, hue=0.09)
weak = dict(jitter=True, brightness=-0.23, contrast=0.66, saturation=0.81, hue=-0.07)
case("orders", colours(), [whole(order=list(order), **strong) for order in orders], 6)
case("orders", colours(), [whole(order=list(order), **weak) for order in orders], 6)

case("grayscale", colours(), [whole(grayscale=True), whole(grayscale=True, **strong)], 6)
# Brightness of exactly a half takes black to the threshold itself: 1 - 0.5 is 0.5.
case("solarize", colours(), [whole(solarize=True), whole(solarize=True, jitter=True, brightness=0.5)], 6)
for px, sigmas in ((20, (0.1, 0.7, 2.0)), (40, (2.0,))):  # radii 1 and 2
    case("blur", random_pixels(px, px), [draw((px, px), blur=True, sigma=sigma) for sigma in sigmas], px)

# Whole chains: preset byol, view 1 and view 2 (Grill et al. 2020, table 6), drawn here by this script; the coins of
# jitter, grayscale and solarisation are then laid so that few views show much.


def drawn(size, which):
    height, width = size
    area, aspect = RNG.uniform(0.08, 1) * height * width, math.exp(RNG.uniform(math.log(3 / 4), math.log(4 / 3)))
    w, h = min(round(math.sqrt(area * aspect)), width), min(round(math.sqrt(area / aspect)), height)
    chance = lambda p: bool(RNG.random() < p)
    return draw(size, left=int(RNG.integers(0, width - w + 1)), top=int(RNG.integers(0, height - h + 1)), width=w, height=h,
                flip=chance(0.5), jitter=chance(0.8), order=[int(v) for v in RNG.permutation(4)],
                brightness=RNG.uniform(-0.4, 0.4), contrast=RNG.uniform(0.6, 1.4), saturation=RNG.uniform(0.8, 1.2),
                hue=RNG.uniform(-0.1, 0.1), grayscale=chance(0.2), blur=chance([1, 0.1][which - 1]),
                sigma=RNG.uniform(0.1, 2), solarize=chance([0, 0.2][which - 1]))


for px, size in ((32, (29, 45)), (64, (53, 41))):
    image = smooth_pixels(*size)
    first, second = drawn(size, 1) | dict(jitter=True, grayscale=False), drawn(size, 2) | dict(jitter=True, solarize=True)
    draws = [first, second | dict(grayscale=False)]
    if px == 32:  # and one that goes through everything, at the image's corner
        draws.append(drawn(size, 2) | dict(jitter=True, grayscale=True, blur=True, solarize=True, left=0, top=0))
    case("byol", image, draws, px, normalize=True)

# ---- written as safetensors, the names in order ----------------------------------------------------------------------

header, body = {}, b""
for name in sorted(TENSORS):
    data = TENSORS[name]
    header[name] = {"dtype": "F32", "shape": list(data.shape), "data_offsets": [len(body), len(body) + data.nbytes]}
    body += data.tobytes()
text = json.dumps(header, separators=(",", ":")).encode()
text += b" " * (-len(text) % 8)
(HERE / "views.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + body)
(HERE / "views.json").write_text("\n".join(
    ["[", ",\n".join(json.dumps(c, separators=(",", ":")) for c in CASES), "]", ""]))
print(f"{len(CASES)} cases, {sum(len(c['draws']) for c in CASES)} views, {len(body) + len(text) + 8} bytes")
