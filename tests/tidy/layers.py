"""The layers: which folder may include which, and which file may name which library.

The tables are those of simulator/docs/ARCHITECTURE.md. A new library or a new arrow starts there, with its reason.
"""

import fnmatch
import os

from tree import includes

BASE, COAP, METRICS, LWM2M, NET = "simulator/base", "coap", "metrics", "simulator/lwm2m", "simulator/net"
PROFILES, SCENARIOS, FLEET, SERVER = "profiles", "scenarios", "simulator/fleet", "simulator/server"
ENGINE, WEB, CLI = "simulator/engine", "simulator/web", "simulator/cli"

# A packet, where replies are written, and the addresses in both: plain values, no sockets.
_packets = [f"{NET}/packet.h", f"{NET}/outbox.h", f"{NET}/address.h"]
# What a device asks of the security below it.
_link = [f"{NET}/secure_link.h"]
_below_engine = [BASE, COAP, METRICS, LWM2M, NET, PROFILES, SCENARIOS, FLEET, SERVER]

# Folder -> folders, or single headers, that it may include besides itself.
MAY_INCLUDE = {
    BASE: [],
    COAP: [BASE],
    METRICS: [BASE],
    LWM2M: [BASE, COAP],
    NET: [BASE, COAP + "/tcp_frame.h"],
    # The names of metrics stand in thresholds, the parameters of RFC 7252 4.8 in a profile's network block.
    PROFILES: [BASE, LWM2M, METRICS + "/catalog.h", COAP + "/transmission.h"],
    SCENARIOS: [BASE, LWM2M, PROFILES, METRICS + "/catalog.h"],
    FLEET: [BASE, COAP, LWM2M, PROFILES, METRICS, *_packets, *_link],
    SERVER: [BASE, COAP, LWM2M, PROFILES, METRICS, *_packets],
    ENGINE: _below_engine,
    WEB: _below_engine + [ENGINE],
    CLI: _below_engine + [ENGINE, WEB],
}

# Include pattern -> files that may name it. fmt may be named anywhere; the standard library is not listed, except where
# a layer has promised to do without a part of it.
MAY_NAME = {
    "tl/*": [BASE + "/*"],
    "wolfssl/*": [BASE + "/crypto*.cpp", NET + "/tls*.cpp", NET + "/dtls*.cpp"],
    "spdlog/*": [BASE + "/log.*"],
    "tsl/*": [BASE + "/flat_map.h"],
    "prometheus/*": [METRICS + "/collector.cpp"],
    "nlohmann/*": [METRICS + "/report.cpp", LWM2M + "/codec_json.cpp", LWM2M + "/codec_senml_json.cpp",
                   WEB + "/*", CLI + "/*"],
    "cbor.h": [LWM2M + "/codec_*cbor.cpp"],
    "cbor/*": [LWM2M + "/codec_*cbor.cpp"],
    "asio.hpp": [NET + "/*", ENGINE + "/*", WEB + "/*", CLI + "/*"],
    "asio/*": [NET + "/*", ENGINE + "/*", WEB + "/*", CLI + "/*"],
    "curl/*": [NET + "/http_client.*"],
    "yaml-cpp/*": [PROFILES + "/yaml.cpp"],
    "pugi*": [PROFILES + "/object_loader.cpp"],
    "muParser*": [FLEET + "/generators.cpp"],
    "civetweb.h": [WEB + "/*"],
    "CivetServer.h": [WEB + "/*"],
    "CLI/*": [CLI + "/*"],
    "pcap*": [CLI + "/*"],
    "gtest/*": [],
    "gmock/*": [],
    "rapidcheck*": [],
    # No sockets below and above net/.
    "sys/socket.h": [NET + "/*", CLI + "/*"],
    "netinet/*": [NET + "/*", CLI + "/*"],
    "arpa/*": [NET + "/*", CLI + "/*"],
    # Threads belong to the engine and to what faces the user; devices, protocol and peers are single-threaded.
    "thread": [ENGINE + "/*", WEB + "/*", CLI + "/*"],
    # DTLS layers of one server on several threads lend each other sessions; fronts are read by LwM2M's thread.
    "mutex": [METRICS + "/*", WEB + "/*", CLI + "/*", NET + "/dtls_server_transport.h", ENGINE + "/server_fronts.h"],
    "shared_mutex": [METRICS + "/*", WEB + "/*", CLI + "/*"],
    "condition_variable": [METRICS + "/*", WEB + "/*", CLI + "/*"],
}


def folder_of(name):
    """The layer that a file lies in, or None."""
    return next((layer for layer in MAY_INCLUDE if os.path.dirname(name) == layer), None)


def check_folders(tree):
    """Includes go to the folder itself or to what the table allows; each file lies in a layer."""
    problems = []
    for file in tree.product():
        layer = folder_of(file)
        if layer is None:
            problems.append(f"{file}: lies in no layer; the layers are {', '.join(MAY_INCLUDE)}")
            continue
        for line, quoted, name in includes(tree.read(file) or ""):
            if not quoted:
                continue
            if not os.path.isfile(tree.path(name)):
                problems.append(f'{file}:{line}: "{name}" is not a path from the repository\'s root')
            elif os.path.dirname(name) != layer and not _allowed(name, MAY_INCLUDE[layer]):
                allowed = ", ".join(MAY_INCLUDE[layer]) or "no other folder"
                problems.append(f"{file}:{line}: {layer} may not include {name}; it may include {allowed}")
    return problems


def _allowed(name, places):
    return os.path.dirname(name) in places or name in places


def check_libraries(tree):
    """A library is named in the few files of the table and nowhere else."""
    problems = []
    for file in tree.product():
        for line, quoted, name in includes(tree.read(file) or ""):
            if quoted:
                continue
            for pattern, places in MAY_NAME.items():
                if fnmatch.fnmatchcase(name, pattern) and not any(fnmatch.fnmatchcase(file, p) for p in places):
                    where = ", ".join(places) or "tests only"
                    problems.append(f"{file}:{line}: <{name}> may be included in: {where}")
    return problems


def check_cycles(tree):
    """No file includes itself by way of others, and no folder does."""
    files = {f: [n for _, quoted, n in includes(tree.read(f) or "") if quoted] for f in tree.product()}
    folders = {}
    for file, names in files.items():
        targets = folders.setdefault(os.path.dirname(file), set())
        targets.update(os.path.dirname(n) for n in names if os.path.dirname(n) != os.path.dirname(file))
    problems = [f"include cycle between files: {' -> '.join(c)}" for c in _cycles(files)]
    problems += [f"include cycle between folders: {' -> '.join(c)}" for c in _cycles(folders)]
    return problems


def _cycles(graph):
    """One cycle for each node that closes one, by depth-first search."""
    done, found = set(), []

    def visit(node, trail):
        if node in trail:
            found.append(trail[trail.index(node):] + [node])
        elif node not in done:
            for target in sorted(graph.get(node, ())):
                visit(target, trail + [node])
            done.add(node)

    for node in sorted(graph):
        visit(node, [])
    return found
