"""One device of LwM2M 1.2 at a small LwM2M server made of aiocoap: what Leshan cannot ask."""

import asyncio
import os
import signal
import socket
import time

import aiocoap
from aiocoap import CONTENT, CHANGED, CREATED, DELETED, Code, Message
from aiocoap.resource import Resource, Site

import formats

HERE = os.path.dirname(os.path.abspath(__file__))
TEST = "/3442/0"

# The values of device.yaml.
VALUES = {
    "110": ("string", "initial value"), "120": ("integer", -1024), "125": ("unsigned", 18446744073709551615),
    "130": ("float", 3.14159), "140": ("boolean", True), "150": ("opaque", "0123456789abcdef"),
    "160": ("time", 946684800), "170": ("objlnk", "3:0"), "180": ("corelnk", "</3442>"),
    "1110/0": ("string", "zero"), "1110/1": ("string", "one"), "1120/0": ("integer", 1024), "1120/1": ("integer", -1),
    "1125/0": ("unsigned", 9223372036854775808), "1130/0": ("float", 2.5), "1140/0": ("boolean", True),
    "1140/1": ("boolean", False), "1150/0": ("opaque", "0123456789abcdef"), "1160/0": ("time", 946684800),
    "1170/0": ("objlnk", "3:0"), "1180/0": ("corelnk", "</3442>"),
}
TREE = {f"{TEST}/{below}": typed for below, typed in VALUES.items()}
WRITTEN = {
    f"{TEST}/110": ("string", "written \u00e9\u4e16"), f"{TEST}/120": ("integer", 2**40),
    f"{TEST}/125": ("unsigned", 2**63), f"{TEST}/130": ("float", -0.25), f"{TEST}/140": ("boolean", False),
    f"{TEST}/150": ("opaque", "00ff"), f"{TEST}/160": ("time", 1_700_000_000), f"{TEST}/170": ("objlnk", "3303:0"),
    f"{TEST}/180": ("corelnk", "</3303/0>"),
}


class Unmet(Exception):
    pass


def expect(holds, what):
    if not holds:
        raise Unmet(what)


def equal(expected, got, what):
    expect(expected == got, f"{what}: expected {expected}, got {got}")


class Registration(Resource):
    """POST /rd registers; POST and DELETE of its location update and de-register."""

    def __init__(self, server):
        super().__init__()
        self.server = server

    async def render_post(self, request):
        self.server.queries = dict((q + "=").split("=", 1) for q in request.opt.uri_query)
        self.server.queries = {name: value.rstrip("=") for name, value in self.server.queries.items()}
        self.server.links = request.payload.decode()
        self.server.remote = request.remote
        self.server.registered.set()
        response = Message(code=CREATED)
        response.opt.location_path = ("rd", "5a3f")
        return response


class Location(Resource):
    def __init__(self, server):
        super().__init__()
        self.server = server

    async def render_post(self, request):
        self.server.updates.put_nowait(request)
        return Message(code=CHANGED)

    async def render_delete(self, request):
        self.server.deregistered.set()
        return Message(code=DELETED)


class Data(Resource):
    """POST /dp: what a device sends unasked."""

    def __init__(self, server):
        super().__init__()
        self.server = server

    async def render_post(self, request):
        self.server.sends.put_nowait(request)
        return Message(code=CHANGED)


class Server:
    def __init__(self):
        self.queries, self.links, self.remote = {}, "", None
        self.registered, self.deregistered = asyncio.Event(), asyncio.Event()
        self.updates, self.sends = asyncio.Queue(), asyncio.Queue()

    async def start(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        site = Site()
        site.add_resource(["rd"], Registration(self))
        site.add_resource(["rd", "5a3f"], Location(self))
        site.add_resource(["dp"], Data(self))
        self.context = await aiocoap.Context.create_server_context(site, bind=("127.0.0.1", self.port))

    def message(self, code, path, payload=b"", content=None, accept=None, queries=(), observe=None):
        message = Message(code=code, payload=payload)
        message.remote = self.remote
        message.opt.uri_path = tuple(part for part in path.split("/") if part)
        message.opt.uri_query = tuple(queries)
        if content is not None:
            message.opt.content_format = formats.NUMBERS.get(content, content)
        if accept is not None:
            message.opt.accept = formats.NUMBERS.get(accept, accept)
        message.opt.observe = observe
        return message

    async def ask(self, code, path, expected=None, **options):
        response = await asyncio.wait_for(self.context.request(self.message(code, path, **options)).response, 20)
        if expected is not None:
            equal(expected, response.code, f"code of {code} {path}")
        return response

    async def read(self, path, name):
        response = await self.ask(Code.GET, path, CONTENT, accept=name)
        equal(formats.NUMBERS[name], response.opt.content_format, "format of the answer")
        return formats.decode(name, response.payload, path)

    async def write(self, code, path, name, tree, base=""):
        await self.ask(code, path, CHANGED, payload=formats.encode(name, tree, base), content=name)

    async def discover(self, path, *queries):
        response = await self.ask(Code.GET, path, CONTENT, accept=40, queries=queries)
        return response.payload.decode().split(",")


class Watched:
    """An observation: its first answer, and the notifications with the moments at which they came."""

    def __init__(self, server, code, path, **options):
        self.request = server.context.request(server.message(code, path, observe=0, **options))
        self.came = asyncio.Queue()

    async def __aenter__(self):
        self.first = await asyncio.wait_for(self.request.response, 20)
        equal(CONTENT, self.first.code, "code of the answer to Observe")
        expect(self.first.opt.observe is not None, "no Observe option in the answer")
        self.request.observation.register_callback(lambda r: self.came.put_nowait((time.monotonic(), r)))
        return self

    async def next(self, within=5):
        try:
            return await asyncio.wait_for(self.came.get(), within)
        except asyncio.TimeoutError:
            raise Unmet(f"no notification within {within} s") from None

    async def silent(self, seconds):
        await asyncio.sleep(seconds)
        expect(self.came.empty(), "a notification that must not come")

    async def __aexit__(self, *_):
        self.request.observation.cancel()
        await asyncio.sleep(0.1)


# --- what must hold

async def register(s):
    equal("1.2", s.queries.get("lwm2m"), "lwm2m=")
    equal("300", s.queries.get("lt"), "lt=")
    equal("U", s.queries.get("b"), "b=")
    expect("</3442/0>" in s.links, f"no </3442/0> in {s.links}")
    root = [link for link in s.links.split(",") if link.startswith("</>")]
    expect(root and "11544" in root[0] and "112" in root[0], f"the formats are not told: {s.links}")


async def update(s):
    await s.ask(Code.POST, "/1/0/8", CHANGED)
    await asyncio.wait_for(s.updates.get(), 5)


def reads(name):
    async def case(s):
        await reset(s)
        equal(formats.values_of(TREE), await s.read(TEST, name), f"{TEST} as {name}")
    return case


def reads_resource(name):
    async def case(s):
        await reset(s)
        for path, (_, value) in TREE.items():
            if path.count("/") == 3:
                equal({path: value}, await s.read(path, name), f"{path} as {name}")
    return case


def reads_resource_instance(name):
    async def case(s):
        await reset(s)
        equal({f"{TEST}/1110/1": "one"}, await s.read(f"{TEST}/1110/1", name), f"{TEST}/1110/1 as {name}")
    return case


def updates_instance(name, other):
    async def case(s):
        await reset(s)
        await s.write(Code.POST, TEST, name, WRITTEN, f"{TEST}/" if name.startswith("senml") else "")
        equal(formats.values_of({**TREE, **WRITTEN}), await s.read(TEST, other), f"{TEST} after a partial update")
    return case


def replaces_resource(name):
    async def case(s):
        for path, typed in WRITTEN.items():
            await s.write(Code.PUT, path, name, {path: typed})
            equal({path: typed[1]}, await s.read(path, "senml-cbor"), f"{path} after a replace in {name}")
    return case


async def reset(s):
    """Back to the values of device.yaml."""
    await s.ask(Code.PUT, TEST, CHANGED, payload=formats.encode("senml-cbor", TREE), content="senml-cbor")


async def write_resource_instance(s):
    await reset(s)
    path = f"{TEST}/1110/1"
    await s.write(Code.PUT, path, "lwm2m-cbor", {path: ("string", "uno")})
    equal({f"{TEST}/1110/0": "zero", path: "uno"}, await s.read(f"{TEST}/1110", "lwm2m-cbor"), "the instances")


async def delete_resource_instance(s):
    await reset(s)
    await s.ask(Code.DELETE, f"{TEST}/1110/1", DELETED)
    equal({f"{TEST}/1110/0": "zero"}, await s.read(f"{TEST}/1110", "lwm2m-cbor"), "the instances that are left")
    await s.ask(Code.DELETE, f"{TEST}/1110/1", Code.NOT_FOUND)


async def create_and_delete(s):
    values = {"/3442/9/110": ("string", "created"), "/3442/9/120": ("integer", 9)}
    response = await s.ask(Code.POST, "/3442", CREATED, payload=formats.encode("lwm2m-cbor", values),
                           content="lwm2m-cbor")
    expect(not response.opt.location_path, "a location though the server chose the id")
    equal(formats.values_of(values), await s.read("/3442/9", "lwm2m-cbor"), "the new instance")
    message = await asyncio.wait_for(s.updates.get(), 5)
    expect("</3442/9>" in message.payload.decode(), "the Update does not tell the new instance")
    await s.ask(Code.DELETE, "/3442/9", DELETED)
    await s.ask(Code.GET, "/3442/9", Code.NOT_FOUND)
    await asyncio.wait_for(s.updates.get(), 5)


def reads_composite(name, answer):
    async def case(s):
        await reset(s)
        paths = ["/3/0/0", f"{TEST}/120", f"{TEST}/1110", "/3303/0/5701", "/3304"]
        response = await s.ask(Code.FETCH, "/", CONTENT, payload=formats.encode_paths(name, paths), content=name,
                               accept=answer)
        equal({"/3/0/0": "lwm2m-sim", f"{TEST}/120": -1024, f"{TEST}/1110/0": "zero", f"{TEST}/1110/1": "one",
               "/3303/0/5701": "Cel"}, formats.decode(answer, response.payload), "values")
    return case


async def reads_much(s):
    """More than a block: the rest of the answer is fetched without the paths (RFC 7959 3.3)."""
    await reset(s)
    long = {f"{TEST}/110": ("string", "0123456789abcdef" * 100)}
    await s.write(Code.PUT, f"{TEST}/110", "lwm2m-cbor", long)
    response = await s.ask(Code.FETCH, "/", CONTENT, payload=formats.encode_paths("senml-etch-json", [TEST]),
                           content="senml-etch-json", accept="senml-json")
    equal(formats.values_of({**TREE, **long}), formats.decode("senml-json", response.payload), "values")


def writes_composite(name):
    async def case(s):
        await reset(s)
        values = {f"{TEST}/110": ("string", f"by {name}"), f"{TEST}/1120/5": ("integer", 5),
                  "/3/0/15": ("string", "Europe/Berlin")}
        await s.write(Code.iPATCH, "/", name, values)
        got = {**await s.read(TEST, "lwm2m-cbor"), **await s.read("/3/0/15", "lwm2m-cbor")}
        equal(formats.values_of({**TREE, **values}), got, "values")
        refused = {f"{TEST}/110": ("string", "must not stay"), "/3/0/0": ("string", "read-only")}
        await s.ask(Code.iPATCH, "/", Code.METHOD_NOT_ALLOWED, payload=formats.encode(name, refused), content=name)
        equal({f"{TEST}/110": f"by {name}"}, await s.read(f"{TEST}/110", "lwm2m-cbor"), "the value of before")
    return case


def observes(name):
    async def case(s):
        path = f"{TEST}/120"
        async with Watched(s, Code.GET, path, accept=name) as watched:
            for number in (1, 2):
                await s.write(Code.PUT, path, "lwm2m-cbor", {path: ("integer", number)})
                _, notification = await watched.next()
                equal({path: number}, formats.decode(name, notification.payload, path), "notified value")
        await s.write(Code.PUT, path, "lwm2m-cbor", {path: ("integer", 3)})
    return case


def observes_composite(name, answer):
    async def case(s):
        await reset(s)
        options = {"payload": formats.encode_paths(name, [f"{TEST}/120", "/3303/0/5701"]), "content": name,
                   "accept": answer}
        async with Watched(s, Code.FETCH, "/", **options) as watched:
            equal({f"{TEST}/120": -1024, "/3303/0/5701": "Cel"}, formats.decode(answer, watched.first.payload),
                  "first values")
            await s.write(Code.PUT, f"{TEST}/120", "lwm2m-cbor", {f"{TEST}/120": ("integer", 77)})
            _, notification = await watched.next()
            equal({f"{TEST}/120": 77, "/3303/0/5701": "Cel"}, formats.decode(answer, notification.payload),
                  "notified values")
    return case


async def observe_brings_attributes(s):
    """1.2, 7.3.2: they are of this observation, and Discover does not show them."""
    path = f"{TEST}/130"
    async with Watched(s, Code.GET, path, accept="senml-cbor", queries=["pmin=0", "gt=10", "st=5"]) as watched:
        for number, told in ((4.0, False), (9.5, True), (11.0, True), (12.0, False)):
            await s.write(Code.PUT, path, "lwm2m-cbor", {path: ("float", number)})
            if told:
                _, notification = await watched.next()
                equal({path: number}, formats.decode("senml-cbor", notification.payload), "notified value")
            else:
                await watched.silent(0.5)
        links = await s.discover(path)
        expect("gt=" not in links[0], f"an attribute of the Observe is shown: {links}")


async def observe_brings_pmax(s):
    async with Watched(s, Code.GET, f"{TEST}/130", accept="senml-cbor", queries=["pmin=1", "pmax=2"]) as watched:
        first, _ = await watched.next()
        second, _ = await watched.next()
        expect(1.6 < second - first < 2.6, f"not 2 s apart: {second - first}")


async def edge(s):
    path = f"{TEST}/140"
    await s.write(Code.PUT, path, "lwm2m-cbor", {path: ("boolean", False)})
    await s.ask(Code.PUT, path, CHANGED, queries=["edge=1"])
    try:
        async with Watched(s, Code.GET, path, accept="senml-cbor") as watched:
            await s.write(Code.PUT, path, "lwm2m-cbor", {path: ("boolean", True)})
            equal({path: True}, formats.decode("senml-cbor", (await watched.next())[1].payload), "rising edge")
            await s.write(Code.PUT, path, "lwm2m-cbor", {path: ("boolean", False)})
            await watched.silent(1)
            await s.write(Code.PUT, path, "lwm2m-cbor", {path: ("boolean", True)})
            await watched.next()
    finally:
        await s.ask(Code.PUT, path, CHANGED, queries=["edge"])


async def con(s):
    path = f"{TEST}/120"
    async with Watched(s, Code.GET, path, accept="senml-cbor", queries=["con=1"]) as watched:
        await s.write(Code.PUT, path, "lwm2m-cbor", {path: ("integer", 5)})
        equal(aiocoap.CON, (await watched.next())[1].mtype, "type of the notification")
    async with Watched(s, Code.GET, path, accept="senml-cbor", queries=["con=0"]) as watched:
        await s.write(Code.PUT, path, "lwm2m-cbor", {path: ("integer", 6)})
        equal(aiocoap.NON, (await watched.next())[1].mtype, "type of the notification")


async def attributes_of_12(s):
    path = f"{TEST}/130"
    await s.ask(Code.PUT, path, CHANGED, queries=["con=1", "hqmax=3", "epmin=1", "epmax=9", "gt=-5"])
    link = (await s.discover(path))[0]
    await s.ask(Code.PUT, path, CHANGED, queries=["con", "hqmax", "epmin", "epmax", "gt"])
    for part in ("con=1", "hqmax=3", "epmin=1", "epmax=9", "gt=-5"):
        expect(part in link.split(";"), f"{part} is not shown: {link}")
    expect("con" not in (await s.discover(path))[0], "attributes are still there")


async def discover_depth(s):
    await reset(s)
    for depth, contained, not_contained in ((0, "</3442>", "</3442/0>"), (1, "</3442/0>", "</3442/0/110>"),
                                            (2, "</3442/0/110>", "</3442/0/1110/1>"),
                                            (3, "</3442/0/1110/1>", "</3303>")):
        links = [link.split(";")[0] for link in await s.discover("/3442", f"depth={depth}")]
        expect(contained in links and not_contained not in links, f"depth={depth}: {links}")
    await s.ask(Code.GET, "/3442", Code.BAD_REQUEST, accept=40, queries=["depth=4"])


async def blocks(s):
    path = f"{TEST}/110"
    text = "fedcba9876543210" * 120
    await s.write(Code.PUT, path, "lwm2m-cbor", {path: ("string", text)})
    equal({path: text}, await s.read(path, "lwm2m-cbor"), "a value of two blocks")


async def send(s):
    """Four values a second apart, each with its time (RFC 8428 4.5.3: below 2^28 it counts from now)."""
    for _ in range(3):
        while not s.sends.empty():
            s.sends.get_nowait()
        request = await asyncio.wait_for(s.sends.get(), 10)
        records = formats.read_senml(formats.cbor2.loads(request.payload), formats.CBOR_NAMES)
        if len(records) == 4:
            break
    equal(112, request.opt.content_format, "format")
    equal(["/3303/0/5700"] * 4, [path for path, _, _ in records], "paths")
    times = [t for _, t, _ in records]
    for older, newer in zip(times, times[1:]):
        expect(abs(newer - older - 1) < 0.05, f"not a second apart: {times}")
    expect(-1 < times[-1] <= 0, f"the last is not of now: {times}")
    expect(all(15 <= v <= 25 for _, _, v in records), f"out of range: {records}")


async def refusals(s):
    for code, path, options, expected in (
            (Code.GET, "/3/0/0", {"accept": 11543}, Code.NOT_ACCEPTABLE),
            (Code.GET, TEST, {"accept": "cbor"}, Code.NOT_ACCEPTABLE),
            (Code.PUT, f"{TEST}/110", {"content": 11543, "payload": b"{}"}, Code.UNSUPPORTED_CONTENT_FORMAT),
            (Code.PUT, f"{TEST}/110", {"content": "lwm2m-cbor", "payload": b"\xbf\x19"}, Code.BAD_REQUEST),
            (Code.PUT, f"{TEST}/110", {"queries": ["edge=1"]}, Code.BAD_REQUEST),
            (Code.PUT, f"{TEST}/130", {"queries": ["con=2"]}, Code.BAD_REQUEST),
            (Code.GET, f"{TEST}/130", {"observe": 0, "queries": ["lt=9", "gt=1"]}, Code.BAD_REQUEST),
            (Code.GET, f"{TEST}/130", {"queries": ["pmin=1"]}, Code.BAD_REQUEST),
            (Code.FETCH, "/", {"content": "text", "payload": b"/3"}, Code.UNSUPPORTED_CONTENT_FORMAT),
            (Code.FETCH, "/", {"content": "senml-etch-cbor", "payload": b"\x81"}, Code.BAD_REQUEST),
            (Code.DELETE, "/3/0", {}, Code.METHOD_NOT_ALLOWED)):
        response = await s.ask(code, path, **options)
        equal(expected, response.code, f"code of {code} {path} {options}")


def cases():
    trees = ["lwm2m-cbor", "senml-cbor", "senml-json"]
    named = [("register/says-1.2-and-its-formats", register), ("register/update-trigger", update)]
    named += [(f"read/instance-as-{n}", reads(n)) for n in trees]
    named += [(f"read/resources-as-{n}", reads_resource(n)) for n in trees + ["cbor"]]
    named += [(f"read/resource-instance-as-{n}", reads_resource_instance(n)) for n in trees + ["cbor"]]
    named += [(f"write/update-as-{n}-read-as-{o}", updates_instance(n, o)) for n in trees for o in trees]
    named += [(f"write/resources-as-{n}", replaces_resource(n)) for n in trees + ["cbor"]]
    named += [("write/resource-instance", write_resource_instance), ("write/two-blocks", blocks),
              ("delete/resource-instance", delete_resource_instance), ("create/and-delete", create_and_delete)]
    named += [(f"read-composite/{n}-answered-as-{a}", reads_composite(n, a))
              for n in ("senml-etch-cbor", "senml-etch-json", "senml-cbor", "lwm2m-cbor") for a in trees]
    named += [("read-composite/more-than-a-block", reads_much)]
    named += [(f"write-composite/{n}", writes_composite(n))
              for n in ("senml-etch-cbor", "senml-etch-json", "senml-cbor", "lwm2m-cbor")]
    named += [(f"observe/resource-as-{n}", observes(n)) for n in trees + ["cbor"]]
    named += [(f"observe-composite/{n}-answered-as-{a}", observes_composite(n, a))
              for n, a in (("senml-etch-cbor", "lwm2m-cbor"), ("lwm2m-cbor", "senml-cbor"),
                           ("senml-etch-json", "senml-json"))]
    named += [("observe/brings-its-own-conditions", observe_brings_attributes),
              ("observe/brings-its-own-pmax", observe_brings_pmax), ("attributes/edge", edge),
              ("attributes/con", con), ("attributes/of-1.2-are-kept-and-shown", attributes_of_12),
              ("discover/depth", discover_depth), ("send/times", send), ("refuse/wrong-requests", refusals)]
    return named


async def judge(verdicts, program, out):
    server = Server()
    await server.start()
    with open(os.path.join(out, "simulator.log"), "wb") as log:
        process = await asyncio.create_subprocess_exec(
            program, "run", os.path.join(HERE, "device-scenario.yaml"), "-t", f"coap://127.0.0.1:{server.port}", "-n",
            "1", "--out", out, stdout=log, stderr=log)
    try:
        try:
            await asyncio.wait_for(server.registered.wait(), 20)
        except asyncio.TimeoutError:
            verdicts.expect("register/at-all", False, lambda: f"the simulator's output is in {out}")
            return
        for name, case in cases():
            try:
                await case(server)
                verdicts.expect(name, True, None)
            except Exception as failure:  # whatever goes wrong is the case's failure
                verdicts.expect(name, False, lambda: f"{type(failure).__name__}: {failure}")
        process.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(server.deregistered.wait(), 20)
            verdicts.expect("register/de-registers-at-the-end", True, None)
        except asyncio.TimeoutError:
            verdicts.expect("register/de-registers-at-the-end", False, lambda: "no DELETE within 20 s")
        await asyncio.wait_for(process.wait(), 20)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await server.context.shutdown()
