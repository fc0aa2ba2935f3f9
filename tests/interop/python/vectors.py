"""Vectors in both directions: what cbor2 and json write, `lwm2m-sim decode` reads, and the other way round."""

import json
import random
import subprocess

import formats

TYPES = {110: "string", 120: "integer", 125: "unsigned", 130: "float", 140: "boolean", 150: "opaque", 160: "time",
         170: "objlnk", 180: "corelnk"}
TREE_FORMATS = ["senml-cbor", "senml-json", "lwm2m-cbor", "senml-etch-cbor", "senml-etch-json"]
EDGES = [0, 1, 23, 24, 255, 256, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53, 2**53 + 1, 2**63 - 1]


def value(chance, kind):
    if kind == "string":
        letters = "abc /\"\\\u00e9\u4e16\U0001f600\n"
        return "".join(chance.choice(letters) for _ in range(chance.choice([0, 1, 7, 23, 24, 60])))
    if kind == "integer":
        number = chance.choice(EDGES) if chance.random() < 0.5 else chance.getrandbits(chance.randrange(63))
        return -number - 1 if chance.random() < 0.4 else number
    if kind == "unsigned":
        return chance.choice(EDGES + [2**63, 2**64 - 1])
    if kind == "float":
        return chance.choice([0.0, -0.5, 1.5, 65504.0, 3.4028234663852886e38, 1e-7, 3.14159, 1e300, -2.5e-3,
                              chance.uniform(-1e6, 1e6)])
    if kind == "boolean":
        return chance.random() < 0.5
    if kind == "opaque":
        return chance.randbytes(chance.choice([0, 1, 2, 3, 24, 255, 256])).hex()
    if kind == "time":
        return chance.randrange(4_000_000_000)
    if kind == "objlnk":
        return f"{chance.randrange(65536)}:{chance.randrange(65536)}"
    return "</3303/0>,</3>;ver=\"1.1\""


def tree(chance):
    """Values of one to three instances of the test object, single ones and instances of multiple ones."""
    made = {}
    for instance in chance.sample(range(0, 40), chance.randrange(1, 4)):
        for single, kind in TYPES.items():
            if chance.random() < 0.4:
                made[f"/3442/{instance}/{single}"] = (kind, value(chance, kind))
            if chance.random() < 0.3:
                for member in chance.sample(range(0, 1000), chance.randrange(1, 4)):
                    made[f"/3442/{instance}/{single + 1000}/{member}"] = (kind, value(chance, kind))
    return made or {"/3442/0/110": ("string", "x")}


def batch(program, command, lines):
    text = "".join(json.dumps(line) + "\n" for line in lines)
    ran = subprocess.run([program, command, "--batch"], input=text, capture_output=True, text=True, check=True,
                         timeout=300)
    return [json.loads(line) for line in ran.stdout.splitlines()]


def same(expected, got):
    """Equal, and of equal types: 1 is not True."""
    return expected.keys() == got.keys() and all(
        expected[p] == got[p] and isinstance(expected[p], bool) == isinstance(got[p], bool) for p in expected)


def base_of(chance, made):
    """A base name that all names begin with: not always, and not always a whole path."""
    common = next(iter(made))
    for path in made:
        while not path.startswith(common):
            common = common[:-1]
    return common[:chance.randrange(len(common) + 1)]


def judge(verdicts, program, seed, trees):
    chance = random.Random(seed)
    made = [tree(chance) for _ in range(trees)]
    for name in TREE_FORMATS:
        vectors = [formats.encode(name, t, base_of(chance, t), chance.randrange).hex() for t in made]
        lines = [{"name": i, "as": name, "hex": vector} for i, vector in enumerate(vectors)]
        answers = batch(program, "decode", lines)
        wrong = [i for i, answer in enumerate(answers) if not same(
            formats.values_of(made[i]), {v["path"]: v.get("value") for v in answer.get("values", [])})]
        verdicts.expect(f"decode/{trees}-trees-of-{name}", len(answers) == trees and not wrong, lambda: (
            f"{len(wrong)} differ, the first: {vectors[wrong[0]]}: {answers[wrong[0]]} instead of {made[wrong[0]]}"))

        lines = [{"name": i, "format": name, "path": "/", "values": [
            {"path": path, "type": kind, "value": v} for path, (kind, v) in t.items()]} for i, t in enumerate(made)]
        answers = batch(program, "encode", lines)
        wrong = []
        for i, answer in enumerate(answers):
            read = formats.decode(name, bytes.fromhex(answer["hex"])) if "hex" in answer else {}
            if not same(formats.values_of(made[i]), read):
                wrong.append((answer, read, made[i]))
        verdicts.expect(f"encode/{trees}-trees-of-{name}", len(answers) == trees and not wrong, lambda: (
            f"{len(wrong)} differ, the first: {wrong[0][0]}: {wrong[0][1]} instead of {wrong[0][2]}"))

    single = [next(iter(t.items())) for t in made]
    vectors = [formats.encode("cbor", dict([pair])).hex() for pair in single]
    answers = batch(program, "decode", [
        {"name": i, "as": "cbor", "path": path, "hex": vectors[i]} for i, (path, _) in enumerate(single)])
    wrong = [i for i, answer in enumerate(answers) if not same(
        {single[i][0]: single[i][1][1]}, {v["path"]: v.get("value") for v in answer.get("values", [])})]
    verdicts.expect(f"decode/{trees}-values-of-cbor", not wrong, lambda: (
        f"{len(wrong)} differ, the first: {vectors[wrong[0]]}: {answers[wrong[0]]} instead of {single[wrong[0]]}"))

    for name in ("senml-etch-cbor", "senml-etch-json", "senml-cbor", "lwm2m-cbor"):
        paths = [list(t)[:8] for t in made]
        answers = batch(program, "decode", [
            {"name": i, "as": name, "hex": formats.encode_paths(name, p).hex()} for i, p in enumerate(paths)])
        wrong = [i for i, answer in enumerate(answers) if sorted(answer.get("paths", [])) != sorted(paths[i])]
        verdicts.expect(f"decode/{trees}-lists-of-paths-of-{name}", not wrong, lambda: (
            f"{len(wrong)} differ, the first: {answers[wrong[0]]} instead of {paths[wrong[0]]}"))
