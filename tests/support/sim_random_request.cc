#include "tests/support/sim_random_request.h"

#include <array>

#include "tests/support/sim_names.h"

namespace teal::sim {
namespace {

constexpr auto kClients =
    std::to_array<Name>({"10.0.0.5", "10.0.0.6", "10.7.7.7", "10.66.1.1", "127.0.0.1",
                         "203.0.113.9", "203.0.113.10", "2001:db8::1", "fd00::9", ""});
/// Names in place of a wildcard, and hosts that nobody has named.
constexpr auto kLabels = std::to_array<Name>({"x", "shop", "a.b"});
constexpr auto kOddHosts =
    std::to_array<Name>({"[::1]:80", "SHOP.Example.COM:8080", "shop.example.com.", "127.0.0.1",
                         "other.test", "example.com", "cart.example.com:443"});
constexpr auto kBehind =
    std::to_array<Name>({"", "", "", "", "/", "/b", "/v1/x", "x", ";p=1", "/../a", "//b", "/%2e/b",
                         "/%41", "%2Fb", "?q=1", "/b?x=/a", "/%zz", "/%00", "\\b"});
constexpr auto kOtherMethods = std::to_array<Name>({"OPTIONS", "PATCH", "BREW", "TRACE"});
constexpr auto kWords = std::to_array<Name>({"de", "d", "de-AT", "at", "", "DE"});
/// "anna:secret", "bert:secret", "anna:wrong", and what is none.
constexpr auto kLogins = std::to_array<Name>({"Basic YW5uYTpzZWNyZXQ=", "Basic YmVydDpzZWNyZXQ=",
                                              "Basic YW5uYTp3cm9uZw==", "Basic ???", "Bearer x"});
/// Fields, each so often of a thousand times.
struct RareField {
  std::uint32_t permille;
  Name line;
};
constexpr RareField kRareFields[] = {
    {200, "accept-encoding: gzip, br"},
    {60, "accept-encoding: gzip;q=0"},
    {100, "x-forwarded-for: 203.0.113.7, 10.0.0.9"},
    {30, "x-forwarded-for: 10.66.0.3"},
    {30, "forwarded: for=1.2.3.4"},
    {40, "x-request-id: abc-1"},
    {30, "upgrade: websocket\r\nconnection: upgrade"},
    {20, "upgrade: chat\r\nconnection: upgrade"},
    {20, "te: trailers\r\nconnection: te"},
    {20, "trailer: x-sum"},
    {20, "max-forwards: 0"},
    {20, "max-forwards: 5"},
    {20, "via: 1.1 other"},
    {40, "x_shop: de"},
    {20, "x_forwarded_for: 1.1.1.1"},
    {50, "x-internal: yes"},
    {50, "x-user: mallory"},
    {30, "x-trail: a"},
    {30, "x-edge: b\r\nconnection: x-edge"},
    {30, "vary: x"},
    {20, "content-type: application/grpc"},
    {10, "grpc-timeout: 5S"},
    {10, "idempotency-key: k"},
    {30, "x-groups: admins"},
    {30, "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
};

std::string random_host(Rng& rng) {
  if (happens(rng, 15)) return std::string(pick(rng, kOddHosts));
  const std::string host(pick(rng, kHosts));
  return host.starts_with("*.") ? std::string(pick(rng, kLabels)) + host.substr(1) : host;
}

std::string random_target(Rng& rng) {
  if (happens(rng, 3)) return "/only/" + std::string(pick(rng, kServices));
  if (happens(rng, 1)) return "*";
  std::string path(pick(rng, kPaths));
  const Name behind = happens(rng, 50) ? Name() : pick(rng, kBehind);
  if (path == "/" && behind.starts_with('/')) path.clear();
  return path.append(behind);
}

std::string random_method(Rng& rng) {
  if (happens(rng, 45)) return "GET";
  return std::string(happens(rng, 10) ? pick(rng, kOtherMethods) : pick(rng, kMethods));
}

void add_cookies(Rng& rng, const std::vector<std::string>& cookies, std::string& bytes) {
  std::string line;
  if (happens(rng, 20)) line = "session=" + std::to_string(rng.below(5));
  for (int i = 0; i < 2 && !cookies.empty(); ++i)
    if (happens(rng, 30))
      line += (line.empty() ? "" : "; ") +
              cookies[rng.below(static_cast<std::uint32_t>(cookies.size()))];
  if (!line.empty()) bytes += "cookie: " + line + "\r\n";
}

void add_fields(Rng& rng, std::string& bytes) {
  for (const AskedHeader& header : kHeaders)
    if (happens(rng, 25))
      bytes.append(header.name).append(": ").append(pick(rng, kWords)).append("\r\n");
  if (happens(rng, 15)) bytes.append("authorization: ").append(pick(rng, kLogins)).append("\r\n");
  for (const RareField& field : kRareFields)
    if (rng.below(1000) < field.permille) bytes.append(field.line).append("\r\n");
}

/// How long it says that its body is, and how much of it comes.
void add_body(Rng& rng, SimRequest& request) {
  constexpr auto kSizes = std::to_array<std::size_t>({0, 5, 55, 70'000, 20'000'000});
  const std::size_t size = pick(rng, kSizes);
  request.bytes += "content-length: " + std::to_string(size) + "\r\n";
  if (size < 100) request.body = size;
}

}  // namespace

SimRequest random_request(Rng& rng, const std::vector<std::string>& cookies) {
  SimRequest request;
  request.seed = rng.next();
  request.client = pick(rng, kClients);
  const std::string method = random_method(rng);
  const std::string host = random_host(rng);
  const bool is_old = host.empty() && happens(rng, 50);
  request.bytes = method + ' ' + random_target(rng) + (is_old ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  if (!is_old) request.bytes += "host: " + (host.empty() ? "no.example" : host) + "\r\n";
  add_cookies(rng, cookies, request.bytes);
  add_fields(rng, request.bytes);
  if (method == "POST" || method == "PUT") add_body(rng, request);
  request.bytes += "\r\n";
  return request;
}

}  // namespace teal::sim
