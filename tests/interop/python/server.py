"""The embedded server (`lwm2m-sim serve`), judged by a small LwM2M device made of aiocoap and driven over HTTP."""

import asyncio
import json
import os
import signal
import socket
import urllib.error
import urllib.request

import aiocoap
from aiocoap import CHANGED, CONTENT, CREATED, DELETED, Code, Message
from aiocoap.resource import ObservableResource, Resource, Site

import formats
from device import equal, expect

ENDPOINT = "python-device"
INSTANCES = 150  # so that the object list takes more than a block
LONG = "0123456789abcdef" * 120


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Value(ObservableResource):
    """One resource; it answers in the format that is asked for, else in SenML CBOR."""

    def __init__(self, path, kind, value):
        super().__init__()
        self.path, self.kind, self.value = path, kind, value
        self.written, self.accepts = [], []

    async def render_get(self, request):
        self.accepts.append(request.opt.accept)
        name = next((n for n, number in formats.NUMBERS.items() if number == request.opt.accept), "senml-cbor")
        tree = {self.path: (self.kind, self.value)}
        payload = str(self.value).encode() if name == "text" else formats.encode(name, tree)
        return Message(code=CONTENT, payload=payload, content_format=formats.NUMBERS[name])

    async def render_put(self, request):
        self.written.append(request)
        return Message(code=CHANGED)

    def change(self, value):
        self.value = value
        self.updated_state()


class Action(Resource):
    def __init__(self):
        super().__init__()
        self.executed = []

    async def render_post(self, request):
        self.executed.append(request.payload.decode())
        return Message(code=CHANGED)


class Device:
    def __init__(self, port, http):
        self.server, self.http = f"coap://127.0.0.1:{port}", http
        self.sensor = Value("/3303/0/5700", "float", 21.5)
        self.zone = Value("/3/0/15", "string", "Etc/UTC")
        self.maker = Value("/3/0/0", "string", LONG)
        self.reset = Action()
        self.location = None

    async def start(self):
        site = Site()
        site.add_resource(["3303", "0", "5700"], self.sensor)
        site.add_resource(["3", "0", "15"], self.zone)
        site.add_resource(["3", "0", "0"], self.maker)
        site.add_resource(["3303", "0", "5605"], self.reset)
        self.context = await aiocoap.Context.create_server_context(site, bind=("127.0.0.1", free_port(
            socket.SOCK_DGRAM)))

    async def ask(self, code, path, payload=b"", content=None, queries=(), option=None):
        message = Message(code=code, uri=self.server + path, payload=payload)
        message.opt.uri_query = tuple(queries)
        if content is not None:
            message.opt.content_format = content
        if option is not None:
            message.opt.add_option(aiocoap.optiontypes.OpaqueOption(aiocoap.OptionNumber(option), b"x"))
        return await asyncio.wait_for(self.context.request(message).response, 20)

    async def register(self, *queries, links=None):
        if links is None:
            links = ["</>;ct=\"60 110 112 11544\"", "</1/0>", "</3/0>", "</3303>;ver=1.1"]
            links += [f"</3303/{i}>" for i in range(INSTANCES)]
        return await self.ask(Code.POST, "/rd", ",".join(links).encode(), 40, queries)

    async def api(self, method, path, body=None):
        """One call of the server's HTTP interface: the status and the JSON of the answer."""
        def call():
            request = urllib.request.Request(self.http + path, method=method, data=body)
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    return answer.status, answer.read()
            except urllib.error.HTTPError as error:
                return error.code, error.read()
        status, text = await asyncio.get_running_loop().run_in_executor(None, call)
        return status, json.loads(text) if text.strip() else {}


GOOD = (f"ep={ENDPOINT}", "lwm2m=1.2", "lt=300", "b=U")


async def refused(d):
    for queries, code in ((("lwm2m=1.2", "lt=300"), Code.BAD_REQUEST), ((f"ep={ENDPOINT}", "lt=300"), Code.BAD_REQUEST),
                          ((f"ep={ENDPOINT}", "lwm2m=9.9", "lt=300"), Code.PRECONDITION_FAILED),
                          ((f"ep={ENDPOINT}", "lwm2m=1.2", "lt=soon"), Code.BAD_REQUEST)):
        equal(code, (await d.register(*queries)).code, f"code of a Register with {queries}")
    equal(Code.BAD_REQUEST, (await d.register(*GOOD, links=["</3/0"])).code, "code of a Register with a broken link")
    equal(Code.NOT_FOUND, (await d.ask(Code.POST, "/rd/nobody")).code, "code of an Update of nobody")
    equal(Code.BAD_OPTION, (await d.ask(Code.POST, "/rd", option=65001)).code, "code of an unknown critical option")


async def registers(d):
    response = await d.register(*GOOD)
    equal(CREATED, response.code, "code of a Register in blocks")
    equal(2, len(response.opt.location_path), "segments of the location")
    equal("rd", response.opt.location_path[0], "the first of them")
    d.location = "/" + "/".join(response.opt.location_path)
    status, client = await d.api("GET", f"/v1/clients/{ENDPOINT}")
    equal(200, status, "HTTP status of the client")
    expect(f"3303/{INSTANCES - 1}" in json.dumps(client), f"the last instance of the list is not known: {client}")


async def updates(d):
    equal(CHANGED, (await d.ask(Code.POST, d.location, queries=("lt=600",))).code, "code of an Update")


def found(answer, path):
    """The value of the path in the server's JSON, alone or with its type beside it."""
    value = answer.get("values", {}).get(path, answer)
    return value.get("value", value) if isinstance(value, dict) else value


def reads(name):
    async def case(d):
        status, answer = await d.api("GET", f"/v1/clients/{ENDPOINT}/3303/0/5700?format={name}")
        equal(200, status, f"HTTP status: {answer}")
        equal(formats.NUMBERS[name], d.sensor.accepts[-1], "Accept")
        equal(21.5, found(answer, "/3303/0/5700"), "the value")
    return case


async def reads_blocks(d):
    status, answer = await d.api("GET", f"/v1/clients/{ENDPOINT}/3/0/0?format=text")
    equal((200, LONG), (status, found(answer, "/3/0/0")), "a value of two blocks")


async def writes(d):
    status, _ = await d.api("PUT", f"/v1/clients/{ENDPOINT}/3/0/15", b'{"value": "Europe/Berlin"}')
    equal(200, status, "HTTP status")
    request = d.zone.written[-1]
    name = next(n for n, number in formats.NUMBERS.items() if number == request.opt.content_format)
    if name == "tlv":
        expect(request.payload.endswith(b"Europe/Berlin"), f"written: {request.payload.hex()}")
    else:
        equal({"/3/0/15": "Europe/Berlin"}, formats.decode(name, request.payload, "/3/0/15"), "written")


async def executes(d):
    status, _ = await d.api("POST", f"/v1/clients/{ENDPOINT}/3303/0/5605", b"0='x',1")
    equal((200, ["0='x',1"]), (status, d.reset.executed), "executed")


async def observes(d):
    status, _ = await d.api("POST", f"/v1/clients/{ENDPOINT}/3303/0/5700/observe")
    equal(200, status, "HTTP status")
    for value in (22.5, 23.25):
        d.sensor.change(value)
        for _ in range(20):
            await asyncio.sleep(0.1)
            _, client = await d.api("GET", f"/v1/clients/{ENDPOINT}")
            if str(value) in json.dumps(client):
                break
        expect(str(value) in json.dumps(client), f"the notified value {value} is not there: {client}")


async def takes_sends(d):
    now = [{formats.BN: "/3303/0/5700", formats.BT: -2, formats.V: 20.5}, {formats.T: 1, formats.V: 20.75}]
    payload = formats.cbor2.dumps(now)
    equal(CHANGED, (await d.ask(Code.POST, "/dp", payload, 112)).code, "code of a Send")
    equal(Code.BAD_REQUEST, (await d.ask(Code.POST, "/dp", payload[:-3], 112)).code, "code of a broken Send")


async def deregisters(d):
    equal(DELETED, (await d.ask(Code.DELETE, d.location)).code, "code of a De-register")
    equal(Code.NOT_FOUND, (await d.ask(Code.DELETE, d.location)).code, "code of a second one")
    equal(404, (await d.api("GET", f"/v1/clients/{ENDPOINT}"))[0], "HTTP status of who has gone")


CASES = [("refuses-what-is-wrong", refused), ("registers-in-blocks", registers), ("updates", updates),
         ("reads-as-senml-cbor", reads("senml-cbor")), ("reads-as-lwm2m-cbor", reads("lwm2m-cbor")),
         ("reads-as-senml-json", reads("senml-json")), ("reads-as-cbor", reads("cbor")),
         ("reads-as-text", reads("text")), ("reads-in-blocks", reads_blocks), ("writes", writes),
         ("executes", executes), ("observes", observes), ("takes-sends", takes_sends), ("de-registers", deregisters)]


async def try_case(verdicts, full_name, case, peer):
    """True when the case holds."""
    try:
        await case(peer)
        verdicts.expect(full_name, True, None)
        return True
    except Exception as failure:  # whatever goes wrong is the case's failure
        verdicts.expect(full_name, False, lambda: f"{type(failure).__name__}: {failure}")
        return False


async def judge_with(program, log_file, arguments, make_device, try_all):
    """Starts `lwm2m-sim serve` and a device, `make_device(port, http)`, has them judged, and ends both."""
    port, http = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM)
    with open(log_file, "wb") as log:
        process = await asyncio.create_subprocess_exec(program, "serve", "--port", str(port), "--listen",
                                                       f"127.0.0.1:{http}", *arguments, stdout=log, stderr=log)
    device = await make_device(port, f"http://127.0.0.1:{http}")
    try:
        for _ in range(100):
            await asyncio.sleep(0.1)
            try:
                await device.api("GET", "/v1/clients")
                break
            except OSError:
                pass
        await try_all(device)
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            await asyncio.wait_for(process.wait(), 20)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await device.context.shutdown()


async def judge(verdicts, program, out):
    async def make_device(port, http):
        device = Device(port, http)
        await device.start()
        return device

    async def try_all(device):
        for name, case in CASES:
            await try_case(verdicts, f"server/{name}", case, device)

    await judge_with(program, os.path.join(out, "serve.log"), [], make_device, try_all)
