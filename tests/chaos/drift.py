"""A configuration that changes step by step, by a seed: each step says something else than the one before, and each is
one under which every request of load.py is answered well."""

import copy
import dataclasses
import json

from choices import CHOICES, change_by_choice

KEPT_LISTENERS = ("plain", "secure")
EXTRAS = ("extra-0", "extra-1", "extra-2", "extra-tls-0", "extra-tls-1")
GUESTS = ("guest-0", "guest-1", "guest-2")
GUEST_KEYS = ({}, {"rate_limit": {"rate": "100000/s"}}, {"health": {"http": "/healthz"}})
ROUTES = ("route-0", "route-1", "route-2", "route-3")
HOSTS = ("a.example.org", "*.b.example.org", "c.example.org")
LOG_FILES = 6
PAGES = ("one.html", "two.json")


@dataclasses.dataclass
class Change:
    """To `config`; what becomes of extra listeners is in `moves`: (what, listener, new name or port)."""

    what: str
    config: dict
    moves: list = dataclasses.field(default_factory=list)


def base(folder, ports, targets):
    """`targets`: ports by name."""
    def group(revision, *names):
        return {"revision": revision, "targets": [f"127.0.0.1:{targets[each]}" for each in names]}

    def service(*names, **more):
        return {"blue": group("v0", *names), "live": "blue", "deploy": {"not_enough_evidence": "proceed"}, **more}

    config = {
        "admin": {"address": f"127.0.0.1:{ports['admin']}"},
        "state": f"sqlite:{folder}/teal.db",
        "workers": 2,
        "shutdown_grace": "20s",
        "access_log": {"format": "json", "path": f"{folder}/access-0.log"},
        "listeners": {
            "plain": {"address": f"127.0.0.1:{ports['plain']}"},
            "secure": {"address": f"127.0.0.1:{ports['secure']}", "tls": tls(folder, "a.pem")},
        },
        "services": {
            "shop": service("shop-a1", "shop-a2", health={"http": "/healthz"}, shield={"header": "everybody"}),
            "chat": service("chat-a", timeouts={"tunnel_drain": "1d"}),
            "rpc": service("rpc-a", upstream={"protocol": "http2"}),
            "vault": service("vault", tls={"ca": f"{folder}/ca.pem", "server_name": "localhost"}),
        },
    }
    return with_matches(config)


def tls(folder, *names):
    return {"certificates": [{"certificate": f"{folder}/{each}", "key": f"{folder}/{each}"} for each in names]}


def with_matches(config, hosts=()):
    """Every service by its paths, at every listener that it belongs to."""
    everywhere = list(config["listeners"])
    services = config["services"]
    paths = {"shop": ["/"], "chat": ["/chat"], **{name: [f"/{name}"] for name in services if name in GUESTS}}
    for name, where in paths.items():
        services[name]["match"] = [{"listener": each, "path": path} for each in everywhere for path in where]
    services["shop"]["match"] += [{"listener": "plain", "host": each} for each in hosts]
    services["vault"]["match"] = [{"listener": each, "path": "/vault"} for each in KEPT_LISTENERS]
    services["rpc"]["match"] = {"listener": "plain", "path": "/teal.test.Echo"}
    for name, route in services["shop"].get("routes", {}).items():
        route["match"] = [{"listener": each, "path": f"/{name}"} for each in everywhere]
    return config


class Drift:
    def __init__(self, config, folder, random, port, guest_port):
        """`port` gives a new one each time."""
        self.config, self.folder, self.random, self.port, self.guest_port = config, folder, random, port, guest_port
        self.number, self.log, self.hosts, self.deck = 0, 0, [], []
        self.special = {
            "headers": self.change_headers, "routes": self.change_routes, "error pages": self.change_pages,
            "certificates": self.change_certificates, "access log": self.change_log, "matches": self.change_hosts,
            "listener": self.change_listener, "listener again": self.change_listener,
            "listener once more": self.change_listener, "service": self.change_service,
            "service again": self.change_service, "several": self.change_several,
        }

    def propose(self):
        """Another configuration. Whoever has loaded it says so: accept()."""
        kind = self.draw_kind()
        change = Change("", copy.deepcopy(self.config))
        while change.config == self.config:
            change.what = f"{kind}: {self.change(kind, change)}"
            with_matches(change.config, self.hosts)
        return change

    def accept(self, change):
        self.config = change.config

    def draw_kind(self):
        """Each of them before one comes again."""
        if not self.deck:
            self.deck = [*self.special, *CHOICES]
            self.random.shuffle(self.deck)
        return self.deck.pop()

    def change(self, kind, change):
        if kind in self.special:
            return self.special[kind](change)
        return change_by_choice(change.config, CHOICES[kind], self.random)

    # ---- what is more than another value of a key

    def change_several(self, change):
        kinds = self.random.sample(sorted(CHOICES), self.random.randint(2, 6)) + ["headers", "listener"]
        return "; ".join(self.change(kind, change) for kind in kinds)

    def change_headers(self, change):
        """Both sides see a number that only grows."""
        self.number += 1
        shop = change.config["services"]["shop"]
        edits = [{"name": "x-other", "value": f"v{self.number % 3}"}] * self.random.randint(0, 1)
        shop["response_headers"] = {"set": [{"name": "x-number", "value": str(self.number)}, *edits]}
        shop["request_headers"] = {"set": [{"name": "x-edit", "value": str(self.number)}], "add": edits or [
            {"name": "x-trail", "value": "teal"}], "remove": self.random.choice([["x-a"], ["x-a", "x-b"]])}
        return f"number {self.number}"

    def change_routes(self, change):
        shop = change.config["services"]["shop"]
        routes, name = shop.setdefault("routes", {}), self.random.choice(ROUTES)
        if name in routes and self.random.random() < 0.5:
            del routes[name]
            if not routes:
                del shop["routes"]
            return f"{name} goes"
        routes[name] = self.random.choice([
            {"respond": {"status": 200, "body": f"of {name}, {self.random.randint(0, 999)}"}},
            {"rewrite": {"prefix": f"/rewritten/{self.random.randint(0, 999)}"}},
            {"redirect": {"prefix": f"/elsewhere/{self.random.randint(0, 999)}"}},
            {"timeouts": {"response_header": self.random.choice(["20s", "30s"])}},
        ])
        return f"{name}: {routes[name]}"

    def change_pages(self, change):
        where = change.config["listeners"]["plain"] if self.random.random() < 0.5 else change.config["services"]["shop"]
        pages = [{"status": status, "file": f"{self.folder}/{self.random.choice(PAGES)}"}
                 for status in self.random.sample([404, 413, "502-504", 429], self.random.randint(0, 3))]
        where["error_pages"] = pages
        if not pages:
            del where["error_pages"]
        return f"{len(pages)} pages"

    def change_certificates(self, change):
        secure = change.config["listeners"]["secure"]
        secure["tls"] = tls(self.folder, self.random.choice(["a.pem", "b.pem"]))
        if self.random.random() < 0.5:
            secure["tls"]["min_version"] = self.random.choice(["1.2", "1.3"])
        if self.random.random() < 0.3:
            secure["tls"]["ticket_rotation"] = self.random.choice(["1h", "8h"])
        if self.random.random() < 0.3:
            secure["tls"].update(client_auth="optional", client_ca=f"{self.folder}/ca.pem")
        return json.dumps(secure["tls"])

    def change_log(self, change):
        log = change.config["access_log"]
        if self.random.random() < 0.6:
            self.log = (self.log + 1) % LOG_FILES
            log["path"] = f"{self.folder}/access-{self.log}.log"
        else:
            log["format"] = self.random.choice(["json", "combined"])
            log["query"] = self.random.choice(["full", "none", "redacted"])
        return json.dumps(log)

    def change_hosts(self, change):
        self.hosts = self.random.sample(HOSTS, self.random.randint(0, len(HOSTS)))
        return f"hosts {self.hosts}"

    def change_service(self, change):
        services, name = change.config["services"], self.random.choice(GUESTS)
        if name in services:
            del services[name]
            return f"{name} goes"
        services[name] = {"blue": {"revision": "v0", "targets": [f"127.0.0.1:{self.guest_port}"]}}
        services[name].update(self.random.choice(GUEST_KEYS))
        return f"{name} comes"

    def change_listener(self, change):
        """One of them comes, goes, moves to another port, or gets another name."""
        listeners = change.config["listeners"]
        known = [each for each in listeners if each in EXTRAS]
        free = [each for each in EXTRAS if each not in listeners]
        what = self.random.choice(["add"] * bool(free) + ["remove", "move", "rename"] * bool(known))
        if what == "add":
            name, port = self.random.choice(free), self.port()
            listeners[name] = {"address": f"127.0.0.1:{port}"}
            if "tls" in name:
                listeners[name]["tls"] = tls(self.folder, "b.pem")
            change.moves.append((what, name, port))
            return f"{name} comes at {port}"
        name, to = self.random.choice(known), None
        listener = listeners[name]
        if what == "remove":
            del listeners[name]
        elif what == "move":
            to = self.port()
            listener["address"] = f"127.0.0.1:{to}"
        else:
            alike = [each for each in free if ("tls" in each) == ("tls" in name)]
            if not alike:
                return self.change_listener(change)
            to = self.random.choice(alike)
            listeners[to] = listeners.pop(name)
        change.moves.append((what, name, to))
        return f"{what} {name} {to or ''}"
