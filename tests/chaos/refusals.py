"""Files that Teal has to refuse, whatever it runs on: what is wrong with them, and the status that says so."""

import copy
import json
import socket

from drift import KEPT_LISTENERS, tls, with_matches


class Refusals:
    def __init__(self, folder, random, releases):
        self.folder, self.random, self.releases = folder, random, releases
        self.taken = socket.create_server(("127.0.0.1", 0))
        self.deck = []

    def draw(self, config):
        """(what, text, status, what is to be done afterwards), of which each kind comes before one comes again."""
        if not self.deck:
            self.deck = [self.of_syntax, self.of_an_unknown_key, self.of_a_taken_port, self.of_a_port_given_twice,
                         self.of_a_certificate, self.of_a_pair, self.of_a_page, self.of_a_log, self.of_workers,
                         self.of_a_service_that_ships, self.of_the_last_listener]
            self.random.shuffle(self.deck)
        return self.deck.pop()(copy.deepcopy(config))

    def of_syntax(self, config):
        text = json.dumps(config)
        return "a file that is cut", text[:self.random.randint(2, len(text) - 2)], 422, None

    def of_an_unknown_key(self, config):
        config["services"]["shop"]["helth"] = {"http": "/"}
        return "an unknown key", json.dumps(config), 422, None

    def of_a_taken_port(self, config):
        """Beside one that could be had."""
        config["listeners"]["fine"] = {"address": "127.0.0.1:0"}
        config["listeners"]["taken"] = {"address": f"127.0.0.1:{self.taken.getsockname()[1]}"}
        return "a taken port", json.dumps(with_matches(config)), 422, None

    def of_a_port_given_twice(self, config):
        config["listeners"]["twice"] = {"address": config["listeners"]["plain"]["address"]}
        return "a port given twice", json.dumps(with_matches(config)), 422, None

    def of_a_certificate(self, config):
        config["listeners"]["secure"]["tls"] = tls(self.folder, "a.pem", "nobody.pem")
        config["access_log"]["path"] = f"{self.folder}/access-unused.log"
        return "no certificate", json.dumps(config), 422, None

    def of_a_pair(self, config):
        config["listeners"]["secure"]["tls"]["certificates"][0]["key"] = f"{self.folder}/other.pem"
        return "another key", json.dumps(config), 422, None

    def of_a_page(self, config):
        config["services"]["shop"]["error_pages"] = {"status": 503, "file": f"{self.folder}/nobody.html"}
        return "no error page", json.dumps(config), 422, None

    def of_a_log(self, config):
        config["access_log"]["path"] = f"{self.folder}/nowhere/access.log"
        return "no folder of the log", json.dumps(config), 422, None

    def of_workers(self, config):
        config["workers"] = 3
        config["services"]["shop"]["balance"] = "round_robin"
        return "what needs a restart", json.dumps(config), 422, None

    def of_a_service_that_ships(self, config):
        return self.of_what_ships(config, "a service that ships", lambda service: config["services"].pop(service))

    def of_the_last_listener(self, config):
        def take_away(service):
            for name in KEPT_LISTENERS:
                if name in config["listeners"]:
                    config["listeners"][name]["group"] = "live"
        for name in [each for each in config["listeners"] if each not in KEPT_LISTENERS]:
            del config["listeners"][name]
        with_matches(config)
        return self.of_what_ships(config, "the last listener of what ships", take_away)

    def of_what_ships(self, config, what, change):
        """Or of a page, where nothing does."""
        identity = self.releases.pause()
        if identity is None:
            return self.of_a_page(config)
        change(self.releases.admin.call("GET", f"/v1/deployments/{identity}")["service"])
        return what, json.dumps(config), 409, lambda: self.releases.go_on(identity)
