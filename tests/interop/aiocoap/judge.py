"""aiocoap is the LwM2M server of one device with OSCORE: what it says must open, and what it is asked must be answered.

usage: judge.py LWM2M_SIM
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile

import aiocoap
import aiocoap.credentials
import aiocoap.oscore
import aiocoap.oscore_sitewrapper
import aiocoap.resource
from aiocoap import Message
from aiocoap.numbers import codes

HERE = os.path.dirname(os.path.abspath(__file__))
PATIENCE_S = 20
SETTINGS = {
    "sender-id_hex": "02",
    "recipient-id_hex": "01",
    "secret_hex": "0102030405060708090a0b0c0d0e0f10",
    "salt_hex": "9e7ca92223786340",
}

failures = []


def check(what, truth, seen=""):
    print(f"{'ok  ' if truth else 'FAIL'} {what}{'' if truth else f': {seen}'}", flush=True)
    if not truth:
        failures.append(what)


class Registrations(aiocoap.resource.Resource):
    """POST /rd, POST and DELETE /rd/1: as much of the registration interface as one device needs."""

    def __init__(self):
        super().__init__()
        self.registered = asyncio.get_running_loop().create_future()
        self.left = asyncio.get_running_loop().create_future()
        self.updates = 0
        self.echoes = 0

    async def render(self, request):
        if request.opt.echo:
            self.echoes += 1
        if not isinstance(request.remote, aiocoap.oscore_sitewrapper.OSCOREAddress):
            return Message(code=codes.UNAUTHORIZED)
        if any(query.startswith("ep=") for query in request.opt.uri_query):
            if not self.registered.done():
                self.registered.set_result(request)
            return Message(code=codes.CREATED, location_path=("rd", "1"))
        if request.code == codes.DELETE:
            if not self.left.done():
                self.left.set_result(True)
            return Message(code=codes.DELETED)
        self.updates += 1
        return Message(code=codes.CHANGED)


async def ask(context, remote, code, path, payload=b"", **options):
    message = Message(code=code, uri_path=path.strip("/").split("/"), payload=payload, **options)
    message.remote = remote
    return await asyncio.wait_for(context.request(message).response, PATIENCE_S)


async def observe(context, remote, path, count):
    """The values of the first notifications, the answer to the Observe included."""
    message = Message(code=codes.GET, uri_path=path.strip("/").split("/"), observe=0, accept=0)
    message.remote = remote
    request = context.request(message)
    values = [(await asyncio.wait_for(request.response, PATIENCE_S)).payload]
    notifications = request.observation.__aiter__()
    while len(values) < count:
        values.append((await asyncio.wait_for(notifications.__anext__(), PATIENCE_S)).payload)
    request.observation.cancel()
    return values


async def use(context, remote):
    answer = await ask(context, remote, codes.GET, "/3/0/0", accept=0)
    check("a resource is read", answer.code == codes.CONTENT and answer.payload == b"Acme", answer)
    answer = await ask(context, remote, codes.PUT, "/3/0/15", b"CET", content_format=0)
    check("a resource is written", answer.code == codes.CHANGED, answer)
    answer = await ask(context, remote, codes.GET, "/3/0/15", accept=0)
    check("and holds what was written", answer.payload == b"CET", answer)
    answer = await ask(context, remote, codes.GET, "/3/0/99")
    check("an error is protected too", answer.code == codes.NOT_FOUND, answer)

    whole = await ask(context, remote, codes.GET, "/3/0", accept=110)
    parts = await ask(context, remote, codes.GET, "/3/0", accept=110, block2=(0, False, 1))
    check("an instance is read", len(json.loads(whole.payload)) > 4, whole.payload)
    check("and in blocks of 32 bytes", parts.payload == whole.payload, parts.payload)
    long = ("Z" * 400).encode()
    message = Message(code=codes.PUT, uri_path=["3", "0", "15"], payload=long, content_format=0)
    message.remote = remote
    remote.maximum_block_size_exp = 2
    answer = await asyncio.wait_for(context.request(message).response, PATIENCE_S)
    check("a value is written in blocks", answer.code == codes.CHANGED, answer)
    answer = await ask(context, remote, codes.GET, "/3/0/15", accept=0)
    check("and is whole", answer.payload == long, answer.payload)

    values = await observe(context, remote, "/3303/0/5700", 4)
    check("an observed value is told", len(values) == 4 and all(18 <= float(value) <= 24 for value in values), values)


async def serve(directory, port, simulator):
    context_directory = os.path.join(directory, "context")
    os.mkdir(context_directory)
    with open(os.path.join(context_directory, "settings.json"), "w", encoding="utf-8") as file:
        json.dump(SETTINGS, file)
    # A server that was shut down hard: it wants an Echo before it believes that a request is fresh (B.1.2).
    with open(os.path.join(context_directory, "sequence.json"), "w", encoding="utf-8") as file:
        json.dump({"next-to-send": 100, "received": "unknown"}, file)
    credentials = aiocoap.credentials.CredentialsMap()
    credentials.load_from_dict({":device": {"oscore": {"basedir": context_directory + "/"}}})

    registrations = Registrations()
    site = aiocoap.resource.Site()
    site.add_resource(["rd"], registrations)
    site.add_resource(["rd", "1"], registrations)
    site = aiocoap.oscore_sitewrapper.OscoreSiteWrapper(site, credentials)
    context = await aiocoap.Context.create_server_context(site, bind=("127.0.0.1", port))
    device = subprocess.Popen(
        [os.path.abspath(simulator), "run", "scenario.yaml", "--target", f"coap://127.0.0.1:{port}"], cwd=HERE,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        request = await asyncio.wait_for(registrations.registered, PATIENCE_S)
        check("the Register opens", "ep=oscore-0" in request.opt.uri_query, request.opt.uri_query)
        check("and brought the Echo back", registrations.echoes == 1, registrations.echoes)
        await use(context, request.remote)
        await asyncio.wait_for(registrations.left, PATIENCE_S)
        check("the device leaves", True)
        output, _ = await asyncio.get_running_loop().run_in_executor(None, device.communicate)
        check("and was content", device.returncode == 0, output)
        check("no secret is in what it says", "0102030405" not in output, "a secret")
    finally:
        if device.poll() is None:
            device.kill()
        await context.shutdown()


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(serve(directory, free_port(), sys.argv[1]))
    print(f"{'FAILED' if failures else 'passed'}: aiocoap, OSCORE", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
