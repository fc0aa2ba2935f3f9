"""The content formats of LwM2M by Python's own means: json, and PyPI's cbor2. Nothing of the simulator is used here.

A tree is a dict from path to (type, value), as `lwm2m-sim decode` prints it: opaque as hexadecimal, an object link as
"3:0", everything else as it is.
"""

import base64
import datetime
import json

import cbor2

# RFC 8428 6: labels of SenML in CBOR.
BN, BT, N, V, VS, VB, T, VD = -2, -3, 0, 2, 3, 4, 6, 8

NUMBERS = {"text": 0, "opaque": 42, "cbor": 60, "senml-json": 110, "senml-cbor": 112, "senml-etch-json": 320,
           "senml-etch-cbor": 322, "tlv": 11542, "lwm2m-cbor": 11544}


def _senml_value(kind, value, names):
    if kind in ("integer", "unsigned", "float", "time"):
        return {names["v"]: value}
    if kind == "boolean":
        return {names["vb"]: value}
    if kind == "opaque":
        raw = bytes.fromhex(value)
        text = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        return {names["vd"]: text if names is JSON_NAMES else raw}
    if kind == "objlnk":
        return {"vlo": value}
    return {names["vs"]: value}


JSON_NAMES = {name: name for name in ("bn", "bt", "n", "v", "vs", "vb", "vd", "t")}
CBOR_NAMES = {"bn": BN, "bt": BT, "n": N, "v": V, "vs": VS, "vb": VB, "vd": VD, "t": T}


def senml(tree, names, base=""):
    """Records of the tree; those below `base` have short names (RFC 8428 4.5.1)."""
    records = []
    for path, (kind, value) in tree.items():
        record = _senml_value(kind, value, names)
        short = path[len(base):] if path.startswith(base) else None
        if not records and base:
            record[names["bn"]] = base
        if short is None:
            raise ValueError(f"{path} is not below {base}")
        if short:
            record[names["n"]] = short
        records.append(record)
    return records


def read_senml(records, names):
    """From path to (time, value); the names and times of RFC 8428 4.5, a base holding until the next one."""
    base, base_time, read = "", 0, []
    for record in records:
        base = record.get(names["bn"], base)
        base_time = record.get(names["bt"], base_time)
        path = base + record.get(names["n"], "")
        value = None
        for name in ("v", "vs", "vb", "vd"):
            if names[name] in record:
                value = record[names[name]]
                if name == "vd":
                    value = value.hex() if isinstance(value, bytes) else base64.urlsafe_b64decode(
                        value + "=" * (-len(value) % 4)).hex()
        if "vlo" in record:
            value = record["vlo"]
        read.append((path, base_time + record.get(names["t"], 0), value))
    return read


def _lwm2m_cbor_value(kind, value):
    if kind == "opaque":
        return bytes.fromhex(value)
    return cbor2.CBORTag(1, value) if kind == "time" else value


def lwm2m_cbor(tree, draw):
    """Nested maps of ids; `draw(n)` picks how many levels a key joins (an array of ids is a key too)."""
    def build(items, depth):
        groups = {}
        for ids, leaf in items:
            groups.setdefault(ids[depth], []).append((ids, leaf))
        built = {}
        for first, members in groups.items():
            # As many levels as all members share may be one key.
            shared = [first]
            while len({ids[:depth + len(shared) + 1] for ids, _ in members}) == 1 and len(members[0][0]) > depth + len(
                    shared) and draw(2):
                shared.append(members[0][0][depth + len(shared)])
            key = shared[0] if len(shared) == 1 else tuple(shared)
            end = depth + len(shared)
            if len(members) == 1 and len(members[0][0]) == end:
                built[key] = members[0][1]
            else:
                built[key] = build(members, end)
        return built

    return build([(ids_of(path), _lwm2m_cbor_value(*typed)) for path, typed in tree.items()], 0)


def ids_of(path):
    return tuple(int(part) for part in path.strip("/").split("/")) if path != "/" else ()


def read_lwm2m_cbor(maps, above=()):
    """From path to value."""
    read = {}
    for key, value in maps.items():
        ids = above + (tuple(key) if isinstance(key, (list, tuple)) else (key,))
        if isinstance(value, dict):
            read.update(read_lwm2m_cbor(value, ids))
        else:
            if isinstance(value, bytes):
                value = value.hex()
            elif isinstance(value, datetime.datetime):
                value = int(value.timestamp())
            read["/" + "/".join(str(i) for i in ids)] = value
    return read


def encode(name, tree, base="", draw=lambda n: 0):
    if name == "senml-json" or name == "senml-etch-json":
        return json.dumps(senml(tree, JSON_NAMES, base), ensure_ascii=False).encode()
    if name == "senml-cbor" or name == "senml-etch-cbor":
        return cbor2.dumps(senml(tree, CBOR_NAMES, base))
    if name == "lwm2m-cbor":
        return cbor2.dumps(lwm2m_cbor(tree, draw))
    if name == "cbor":
        [(_, (kind, value))] = tree.items()
        return cbor2.dumps(_lwm2m_cbor_value(kind, value))
    raise ValueError(name)


def decode(name, payload, path=""):
    """From path to value."""
    if name in ("senml-json", "senml-etch-json"):
        return {p: v for p, _, v in read_senml(json.loads(payload), JSON_NAMES)}
    if name in ("senml-cbor", "senml-etch-cbor"):
        return {p: v for p, _, v in read_senml(cbor2.loads(payload), CBOR_NAMES)}
    if name == "lwm2m-cbor":
        return read_lwm2m_cbor(cbor2.loads(payload))
    if name == "cbor":
        return read_lwm2m_cbor({ids_of(path): cbor2.loads(payload)})
    if name == "text":
        return {path: payload.decode()}
    raise ValueError(name)


def values_of(tree):
    return {path: value for path, (_, value) in tree.items()}


def encode_paths(name, paths):
    if name.endswith("json"):
        return json.dumps([{"n": path} for path in paths]).encode()
    if name == "lwm2m-cbor":
        return cbor2.dumps({ids_of(path): None for path in paths})
    return cbor2.dumps([{N: path} for path in paths])
