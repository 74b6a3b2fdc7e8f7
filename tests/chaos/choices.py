"""Keys and the values that they may have while drift.py changes a configuration; None: the key is not there. Whatever
is chosen, no client of load.py notices it."""

LISTENERS = ("listeners.plain", "listeners.secure")
SHOP, CHAT, RPC, VAULT = "services.shop", "services.chat", "services.rpc", "services.vault"
SERVICES = (SHOP, CHAT, RPC, VAULT)
SHIPPED = (SHOP, CHAT, RPC)
LOOPBACK, ELSEWHERE = ["127.0.0.0/8", "10.0.0.0/8"], ["203.0.113.0/24"]


def steps(*words):
    """"10% 400ms 50%": shares and bakes."""
    return [{"set_weight": each} if each.endswith("%") else {"bake": each} for each in " ".join(words).split(" ")]


PLANS = [steps("10% 400ms 50% 300ms"), steps("25% 250ms 60% 250ms 80% 250ms"), steps("50% 600ms"), steps("1% 200ms")]
LENIENT = {"error_rate": "> 60%", "over": "2s", "minimum_requests": 5}
ALARMS = [None, {"lenient": LENIENT}, {"worse": {"compare": "errors", "tolerance": 5}},
          {"slow": {"latency_p99": "> 5s", "over": "3s"}, "pager": {"external": True}},
          {"lenient": LENIENT, "lame": {"compare": "latency", "limit": "8s", "observe": True}}]
HTTP_HEALTH = [None, {"http": "/healthz"}, {"http": "/healthz/other", "interval": "1s"}, {"tcp": True},
               {"http": "/healthz", "interval": "5s", "fast_interval": "700ms", "timeout": "3s", "rise": 1, "fall": 5},
               {"http": "/healthz", "expect": ["200-299", 304], "jitter": "20%", "host": "probe.example.com"}]
RETRIES = [None, "off", {"on": ["connect_failure", "reset"], "attempts": 2}, {"budget": "40%", "budget_least": 10}]

# By kind: (where, key, values).
CHOICES = {
    "timeouts": [
        (SERVICES, "timeouts.connect", [None, "3s", "5s"]),
        (SERVICES, "timeouts.response_header", [None, "20s", "30s"]),
        (SERVICES, "timeouts.request_body_idle", [None, "20s"]),
        (SERVICES, "timeouts.stream_idle", [None, "30s", "2m"]),
        (SERVICES, "timeouts.request", [None, 0, "2h"]),
        (SERVICES, "timeouts.upstream_idle", [None, "2s", "6s"]),
        (SERVICES, "timeouts.queue", [None, "3s"]),
        (SERVICES, "timeouts.tunnel_idle", [None, "2h"]),
        ((CHAT,), "timeouts.tunnel_drain", ["12h", "1d"]),
        (LISTENERS, "timeouts.request_header", [None, "20s"]),
        (LISTENERS, "timeouts.keep_alive", [None, "60s", "2m"]),
        (LISTENERS, "timeouts.half_closed", [None, "5s"]),
        (("listeners.secure",), "timeouts.tls_handshake", [None, "20s"]),
    ],
    "limits": [
        (SERVICES, "limits.in_flight_per_target", [None, 500, 2000]),
        (SERVICES, "limits.in_flight_per_group", [None, 1000]),
        (SERVICES, "limits.pending", [None, 2048]),
        (SERVICES, "limits.idle_per_target", [None, 4, 64, "none"]),
        (SERVICES, "limits.request_body_bytes", [None, 65536, 10485760]),
        (LISTENERS, "limits.connections", [None, 5000]),
        (LISTENERS, "limits.connections_per_client", [None, 2000]),
        (LISTENERS, "limits.requests_per_connection", [None, 40, 200]),
        (LISTENERS, "limits.request_line_bytes", [None, 4096]),
        (LISTENERS, "limits.header_bytes", [None, 65536]),
        (LISTENERS, "limits.header_count", [None, 60]),
    ],
    "limits of the process": [
        (("limits",), "idle_upstream", [None, 100, "auto"]),
        (("limits",), "metric_samples", [None, 400000]),
        (("overload",), "connections", [None, 50000]),
        (("admin",), "allowed_hosts", [None, ["teal.example"], ["a.example", "b.example"]]),
        (("discovery",), "timeout", [None, "1s"]),
        (("",), "shutdown_grace", ["20s", "25s"]),
    ],
    "health": [((SHOP, CHAT), "health", HTTP_HEALTH), ((RPC,), "health", [None, {"grpc": True}, {"tcp": True}]),
               ((VAULT,), "health", HTTP_HEALTH)],
    "outlier": [(SERVICES, "outlier", [None, "off", {"consecutive_failures": 10}, {
        "consecutive_failures": 0, "success_rate": {"targets": 2, "requests": 50}, "interval": "2s",
        "ejection": "1s"}])],
    "balance": [(SERVICES, "balance", [None, "round_robin", "least_request"]),
                (SERVICES, "hash_on", ["client_address", "path", "header:x-tenant", "cookie:teal"])],
    "sticky": [((SHOP, CHAT), "sticky", [None, True, False, {"cookie": "teal_x", "max_age": "2h"}, {"secure": True}])],
    "deploy": [
        (SHIPPED, "deploy.plan", PLANS), (SHIPPED, "deploy.alarms", ALARMS),
        (SHIPPED, "deploy.keep_old", ["1s", "1500ms"]), (SHIPPED, "deploy.watch_after", [None, 0, "200ms"]),
        (SHIPPED, "deploy.minimum_healthy", [None, "50%", 1]), (SHIPPED, "deploy.healthy_deadline", [None, "30s"]),
        (SHIPPED, "deploy.evidence_deadline", [None, "30s"]), (SHIPPED, "deploy.alarms_at_start", [None, "block"]),
    ],
    "rate limit": [((SHOP, CHAT, VAULT), "rate_limit", [
        None, "off", {"rate": "100000/s"}, {"rate": "90000/s", "burst": 50000},
        {"rate": "1000000/m", "burst": 1000000, "key": "header:x-api-key"}])],
    "retry": [(SERVICES, "retry", RETRIES)],
    "shield": [((SHOP,), "shield", ["off", {"header": "everybody"}, {"header": "everybody", "on": ["reset", 503]}])],
    "slow start": [((SHOP, CHAT), "slow_start", [None, "off", {"window": "1s"}, {"window": "3s", "aggression": 2}]),
                   ((SHOP, CHAT), "panic", [None, "off", {"below": "50%"}])],
    "access": [
        (SERVICES, "allow", [None, "all", LOOPBACK]), (SERVICES, "deny", [None, "none", ELSEWHERE]),
        (LISTENERS, "allow", [None, "all", LOOPBACK]), (LISTENERS, "deny", [None, ELSEWHERE]),
        (LISTENERS, "trusted_proxies", [None, ["10.0.0.0/8"], ["10.0.0.0/8", "fd00::/8"]]),
    ],
    "edge": [
        (LISTENERS, "paths", [None, "strict", "pass", {"dot_segments": "refuse", "parameters": "strip"}]),
        (LISTENERS, "underscores", [None, "drop", "refuse"]),
        (LISTENERS, "http2", [None, True, {"concurrent_streams": 50}, {"reset_burst": 300, "resets_per_second": 40}]),
        (LISTENERS, "half_closed_clients", [None, "serve"]),
        (("listeners.secure",), "hsts", [None, True, {"max_age": "30d", "include_subdomains": True}]),
    ],
    "compress": [((SHOP, VAULT), "compress", [None, True, False, {"algorithms": "gzip", "min_bytes": 2000}])],
    "upstream": [
        ((SHOP, CHAT, VAULT), "upstream", [None, {"protocol": "auto"}, {"protocol": "http1", "ping_after": "20s"}]),
        ((RPC,), "upstream", [{"protocol": "http2"}, {"protocol": "http2", "concurrent_streams": 20},
                              {"protocol": "http2", "ping_after": "10s", "ping_timeout": "5s"}]),
        ((VAULT,), "tls.min_version", [None, "1.2", "1.3"]),
    ],
    "requests": [
        (SERVICES, "host_header", [None, "preserve", "target", "literal:inner.example.com"]),
        (SERVICES, "request_trailers", [None, "drop", "pass"]),
        (SERVICES, "metrics.per_target", [None, True, False]),
        ((SHOP, VAULT), "upgrades", [None, "off", ["websocket"]]),
        ((CHAT, RPC, VAULT), "response_headers", [
            None, {"add": {"name": "vary", "value": "x-a"}}, {"remove": "server"}]),
    ],
}


def change_by_choice(config, rows, random):
    """Another value for one key; says which. It may be the value that the key has."""
    places, key, values = random.choice(rows)
    path = [each for each in (random.choice(places) + "." + key).split(".") if each]
    value = random.choice(values)
    if path[-1] == "balance" or path[-1] == "hash_on":
        set_balance(config["services"][path[1]], path[-1], value)
    else:
        set_at(config, path, value)
    if "balance" in path or "slow_start" in path:
        separate(config["services"][path[1]], path[-1])
    return f"{'.'.join(path)}: {value}"


def set_balance(service, key, value):
    """`hash_on` goes with consistent_hash alone."""
    service.pop("hash_on", None)
    if key == "hash_on":
        service.update(balance="consistent_hash", hash_on=value)
        service.pop("slow_start", None)
    elif value is None:
        service.pop("balance", None)
    else:
        service["balance"] = value


def separate(service, key):
    """slow_start does not go with consistent_hash."""
    if key == "slow_start" and service.get("balance") == "consistent_hash":
        service.pop("hash_on", None)
        service.pop("balance")


def set_at(node, path, value):
    """What is empty then goes, too."""
    *folders, key = path
    if not folders:
        node[key] = value
        if value is None:
            del node[key]
        return
    inner = node.setdefault(folders[0], {})
    set_at(inner, path[1:], value)
    if not inner:
        del node[folders[0]]
