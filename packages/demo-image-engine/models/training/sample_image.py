"""python sample_image.py MODEL.onnx OUT.json SPEC.json: the reference sampler, with onnxruntime and numpy; OUT holds raw RGB bytes (base64)"""
import base64, json, math, os, re, sys
import numpy as np
import onnxruntime as ort

V = json.load(open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vocab.json")))
ID = {w: i for i, w in enumerate(V["words"])}
M = 0xFFFFFFFF


def encode(prompt):
    ids = []
    for w in re.findall(r"[a-z0-9]+", prompt.lower()):
        w = w if w in ID else V["synonyms"].get(w) or (w[:-1] if w.endswith("s") and w[:-1] in ID else None)
        if w and (not ids or ids[-1] != ID[w]): ids.append(ID[w])
    return (ids + [0] * V["length"])[:V["length"]]


def noise(n, seed):  # mulberry32 and Box-Muller: the same seed gives the same picture
    s = seed & M
    def u():
        nonlocal s
        s = (s + 0x6D2B79F5) & M
        t = (s ^ s >> 15) * (1 | s) & M
        t = ((t + ((t ^ t >> 7) * (61 | t) & M)) & M) ^ t
        return (t ^ t >> 14) / 4294967296
    out = np.empty(n, np.float32)
    for i in range(n):
        r = math.sqrt(-2 * math.log(1 - u()))
        out[i] = r * math.cos(2 * math.pi * u())
    return out


def draw(session, prompt, negative="", width=32, height=32, steps=24, cfg=4, seed=1):
    x = noise(3 * width * height, seed).reshape(3, height, width)
    tokens = np.array([encode(prompt), encode(negative)], np.int64)
    for k in range(steps):
        t = np.float32(k / steps)
        v = session.run(None, {"x": np.stack([x, x]), "t": np.array([t, t]), "tokens": tokens})[0]
        x = (x + ((k + 1) / steps - k / steps) * (v[1].astype(np.float64) + cfg * (v[0].astype(np.float64) - v[1]))).astype(np.float32)
    return np.clip(np.floor((x.transpose(1, 2, 0).astype(np.float64) + 1) * 127.5 + 0.5), 0, 255).astype(np.uint8)


if __name__ == "__main__":
    session = ort.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
    lines = [json.dumps({**s, "rgb": base64.b64encode(draw(session, **s).tobytes()).decode()}) for s in json.load(open(sys.argv[3]))]
    open(sys.argv[2], "w").write("[\n" + ",\n".join(lines) + "\n]\n")
