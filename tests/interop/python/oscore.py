"""OSCORE (RFC 8613), judged by aiocoap: a device at a server made of it, whose context was lost by a hard shutdown; and
the embedded server, which the same context registers at."""

import asyncio
import json
import logging
import os
import socket

import aiocoap
import aiocoap.credentials
import aiocoap.oscore_sitewrapper
from aiocoap import CHANGED, CONTENT, CREATED, DELETED, Code, Message
from aiocoap.resource import Resource, Site

import formats
import server
from device import equal, expect

HERE = os.path.dirname(os.path.abspath(__file__))
SECRET = "0102030405060708090a0b0c0d0e0f10"  # as in oscore-device.yaml
SERVER_ID, DEVICE_ID = "02", "01"
LONG = "Z" * 400


def credentials(folder, own, other, lost):
    """What aiocoap keeps in files. One that was shut down hard has lost which numbers it has seen."""
    os.makedirs(folder)
    with open(os.path.join(folder, "settings.json"), "w", encoding="utf-8") as file:
        json.dump({"sender-id_hex": own, "recipient-id_hex": other, "secret_hex": SECRET,
                   "salt_hex": "9e7ca92223786340"}, file)
    if lost:
        with open(os.path.join(folder, "sequence.json"), "w", encoding="utf-8") as file:
            json.dump({"next-to-send": 100, "received": "unknown"}, file)
    found = aiocoap.credentials.CredentialsMap()
    found.load_from_dict({":peer": {"oscore": {"basedir": folder + "/"}}})
    return found


class Registrations(Resource):
    """POST /rd, POST and DELETE /rd/1: as much of the registration interface as one device needs."""

    def __init__(self):
        super().__init__()
        self.registered, self.left = (asyncio.get_running_loop().create_future() for _ in range(2))
        self.echoes = 0

    async def render(self, request):
        self.echoes += 1 if request.opt.echo else 0
        if not isinstance(request.remote, aiocoap.oscore_sitewrapper.OSCOREAddress):
            return Message(code=Code.UNAUTHORIZED)
        if any(query.startswith("ep=") for query in request.opt.uri_query):
            if not self.registered.done():
                self.registered.set_result(request)
            return Message(code=CREATED, location_path=("rd", "1"))
        if request.code != Code.DELETE:
            return Message(code=CHANGED)
        if not self.left.done():
            self.left.set_result(True)
        return Message(code=DELETED)


class Server:
    def __init__(self):
        self.context = self.remote = self.registrations = None

    async def start(self, out, port):
        # It wants an Echo before it believes that a request is fresh (B.1.2).
        known = credentials(os.path.join(out, "oscore-secrets", "server"), SERVER_ID, DEVICE_ID, lost=True)
        self.registrations = Registrations()
        site = Site()
        site.add_resource(["rd"], self.registrations)
        site.add_resource(["rd", "1"], self.registrations)
        self.context = await aiocoap.Context.create_server_context(
            aiocoap.oscore_sitewrapper.OscoreSiteWrapper(site, known), bind=("127.0.0.1", port))

    def message(self, code, path, payload=b"", **options):
        message = Message(code=code, uri_path=[part for part in path.split("/") if part], payload=payload, **options)
        message.remote = self.remote
        return message

    async def ask(self, code, path, payload=b"", **options):
        return await asyncio.wait_for(self.context.request(self.message(code, path, payload, **options)).response, 20)

    async def observe(self, count, *what, **options):
        """The payloads of the first notifications, the answer to the Observe included."""
        request = self.context.request(self.message(*what, observe=0, **options))
        payloads = [(await asyncio.wait_for(request.response, 20)).payload]
        notifications = request.observation.__aiter__()
        while len(payloads) < count:
            payloads.append((await asyncio.wait_for(notifications.__anext__(), 20)).payload)
        request.observation.cancel()
        return payloads


async def registers(s):
    request = await asyncio.wait_for(s.registrations.registered, 20)
    s.remote = request.remote
    expect("ep=oscore-0" in request.opt.uri_query, f"queries: {request.opt.uri_query}")
    equal(1, s.registrations.echoes, "Registers with an Echo")


async def reads(s):
    answer = await s.ask(Code.GET, "/3/0/0", accept=0)
    equal((CONTENT, b"Acme"), (answer.code, answer.payload), "answer")


async def errors(s):
    equal(Code.NOT_FOUND, (await s.ask(Code.GET, "/3/0/99")).code, "code of what is not there")
    equal(Code.UNAUTHORIZED, (await s.ask(Code.GET, "/21/0/0", accept=0)).code, "code of the master secret")


async def writes(s):
    equal(CHANGED, (await s.ask(Code.PUT, "/3/0/15", b"CET", content_format=0)).code, "code of the write")
    equal(b"CET", (await s.ask(Code.GET, "/3/0/15", accept=0)).payload, "what was written")


async def reads_blocks(s):
    whole = await s.ask(Code.GET, "/3/0", accept=110)
    parts = await s.ask(Code.GET, "/3/0", accept=110, block2=(0, False, 1))
    expect(len(json.loads(whole.payload)) > 4, f"an instance: {whole.payload}")
    equal(whole.payload, parts.payload, "an instance in blocks of 32 bytes")


async def writes_blocks(s):
    s.remote.maximum_block_size_exp = 2
    equal(CHANGED, (await s.ask(Code.PUT, "/3/0/15", LONG.encode(), content_format=0)).code, "code of the write")
    equal(LONG.encode(), (await s.ask(Code.GET, "/3/0/15", accept=0)).payload, "what was written")


async def pushes_firmware(s):
    image = bytes(range(256)) * 8
    equal(CHANGED, (await s.ask(Code.PUT, "/5/0/0", image, content_format=42)).code, "code of the last block")
    equal(b"2", (await s.ask(Code.GET, "/5/0/3", accept=0)).payload, "state: downloaded")


async def observes(s):
    values = await s.observe(4, Code.GET, "/3303/0/5700", accept=0)
    expect(all(18 <= float(value) <= 24 for value in values), f"values: {values}")


async def observes_composite(s):
    paths = formats.encode_paths("senml-etch-json", ["/3/0/0", "/3303/0/5700"])
    for payload in await s.observe(3, Code.FETCH, "/", paths, content_format=formats.NUMBERS["senml-etch-json"],
                                   accept=110):
        told = formats.decode("senml-json", payload)
        equal("Acme", told["/3/0/0"], "the value that stays")
        expect(18 <= told["/3303/0/5700"] <= 24, f"the value that changes: {told}")


async def leaves(s):
    await asyncio.wait_for(s.registrations.left, 20)


CASES = [("registers-with-the-echo", registers), ("reads", reads), ("protects-errors-too", errors), ("writes", writes),
         ("reads-in-blocks", reads_blocks), ("writes-in-blocks", writes_blocks), ("pushes-firmware", pushes_firmware),
         ("observes", observes), ("observes-several-values", observes_composite), ("de-registers", leaves)]


class Device:
    """A device made of aiocoap: a context shared with the embedded server, and one resource."""

    def __init__(self, port, http):
        self.port, self.http, self.context = port, http, None
        self.zone = server.Value("/3/0/15", "string", "Etc/UTC")

    async def start(self, out):
        known = credentials(os.path.join(out, "oscore-secrets", "device"), DEVICE_ID, SERVER_ID, lost=False)
        site = Site()
        site.add_resource(["3", "0", "15"], self.zone)
        self.context = await aiocoap.Context.create_server_context(
            aiocoap.oscore_sitewrapper.OscoreSiteWrapper(site, known),
            bind=("127.0.0.1", server.free_port(socket.SOCK_DGRAM)))
        self.context.client_credentials[f"coap://127.0.0.1:{self.port}/*"] = known[":peer"]

    async def ask(self, code, path, payload=b"", queries=(), **options):
        message = Message(code=code, uri=f"coap://127.0.0.1:{self.port}{path}", payload=payload, **options)
        message.opt.uri_query = tuple(queries)
        return await asyncio.wait_for(self.context.request(message).response, 20)

    api = server.Device.api


async def registers_at_server(d):
    for name, code in (("oscore-1", Code.FORBIDDEN), ("oscore-0", CREATED)):
        answer = await d.ask(Code.POST, "/rd", b"</1/0>,</3/0>", (f"ep={name}", "lwm2m=1.2", "lt=300", "b=U"),
                             content_format=40)
        equal(code, answer.code, f"code of the Register of {name}")
    d.location = "/" + "/".join(answer.opt.location_path)


async def updates_at_server(d):
    equal(CHANGED, (await d.ask(Code.POST, d.location)).code, "code of the Update")


async def is_read_and_written(d):
    status, answer = await d.api("GET", "/v1/clients/oscore-0/3/0/15?format=text")
    expect(status == 200 and "Etc/UTC" in json.dumps(answer), f"read: {status} {answer}")
    status, _ = await d.api("PUT", "/v1/clients/oscore-0/3/0/15", b'{"value": "Europe/Berlin"}')
    equal((200, 1), (status, len(d.zone.written)), "written")


async def is_observed(d):
    status, _ = await d.api("POST", "/v1/clients/oscore-0/3/0/15/observe")
    equal(200, status, "HTTP status")
    for value in ("CET", "EST"):
        d.zone.change(value)
        for _ in range(20):
            await asyncio.sleep(0.1)
            _, client = await d.api("GET", "/v1/clients/oscore-0")
            if value in json.dumps(client):
                break
        expect(value in json.dumps(client), f"the notified value {value} is not there: {client}")


async def leaves_server(d):
    equal(DELETED, (await d.ask(Code.DELETE, d.location)).code, "code of the De-register")


SERVER_CASES = [("registers-its-own-name-only", registers_at_server), ("updates", updates_at_server),
                ("is-read-and-written", is_read_and_written), ("is-observed", is_observed),
                ("de-registers", leaves_server)]


async def try_all(verdicts, cases, peer, prefix):
    """False when nobody is there to be asked more."""
    for name, case in cases:
        if not await server.try_case(verdicts, f"{prefix}/{name}", case, peer) and case is cases[0][1]:
            return False
    return True


async def judge_device(verdicts, program, out):
    # aiocoap tells of each notification that nobody waits for any more.
    logging.getLogger("coap-server").setLevel(logging.CRITICAL)
    port = server.free_port(socket.SOCK_DGRAM)
    peer = Server()
    await peer.start(out, port)
    with open(os.path.join(out, "oscore.log"), "wb") as log:
        process = await asyncio.create_subprocess_exec(
            program, "run", os.path.join(HERE, "oscore-scenario.yaml"), "-t", f"coap://127.0.0.1:{port}", "--out",
            os.path.join(out, "oscore"), stdout=log, stderr=log)
    try:
        if await try_all(verdicts, CASES, peer, "oscore"):
            equal(0, await asyncio.wait_for(process.wait(), 30), "exit code")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        # aiocoap tells of observations that end with it.
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        await peer.context.shutdown()


async def judge_server(verdicts, program, out):
    async def make_device(port, http):
        device = Device(port, http)
        await device.start(out)
        return device

    await server.judge_with(program, os.path.join(out, "oscore-serve.log"),
                            ["-f", os.path.join(HERE, "oscore-scenario.yaml")], make_device,
                            lambda device: try_all(verdicts, SERVER_CASES, device, "oscore-server"))


async def judge(verdicts, program, out):
    await judge_device(verdicts, program, out)
    await judge_server(verdicts, program, out)
    said = ""
    for folder, _, files in os.walk(out):
        if "oscore-secrets" not in folder:
            for name in files:
                with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                    said += file.read()
    verdicts.expect("oscore/no-secret-is-in-what-it-says", SECRET[:16] not in said, lambda: f"look in {out}")
