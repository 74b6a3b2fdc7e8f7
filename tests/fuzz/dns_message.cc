// A reply of DNS is read the same each time and within its bounds: what is found has records, what
// is malformed has none and says why, and addresses and services are each there once.
#include "net/dns/message.h"

#include "tests/fuzz/fuzz.h"

using namespace teal;
using net::dns::Outcome;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Chosen input(data, size);
  constexpr net::dns::Type kTypes[] = {net::dns::Type::a, net::dns::Type::aaaa,
                                       net::dns::Type::srv};
  const net::dns::Type type = kTypes[input.choice % 3];
  const std::span octets(reinterpret_cast<const std::uint8_t*>(input.rest.data()),
                         input.rest.size());
  const net::dns::Reply reply = net::dns::read_reply(octets, "app.example", type);
  const bool has_records = !reply.addresses.empty() || !reply.services.empty();
  fuzz::expect(has_records == (reply.outcome == Outcome::found), "found means records",
               reply.fault);
  fuzz::expect((reply.outcome == Outcome::malformed || reply.outcome == Outcome::other) ==
                   !reply.fault.empty(),
               "a fault is told", reply.fault);
  fuzz::expect(reply.addresses.empty() || type != net::dns::Type::srv, "addresses of addresses");
  fuzz::expect(reply.services.empty() || type == net::dns::Type::srv, "services of services");
  fuzz::expect(reply.addresses.size() * 4 <= input.rest.size(), "each address has its octets");
  fuzz::expect(std::ranges::adjacent_find(reply.addresses) == reply.addresses.end(), "each once");
  fuzz::expect(std::ranges::adjacent_find(reply.services) == reply.services.end(), "each once");
  for (const net::dns::ServicePlace& place : reply.services)
    fuzz::expect(place.host.size() <= 4 * 255, "a name has an end", place.host);
  fuzz::expect(!reply.ttl || reply.ttl->count() >= 0, "time does not go backwards");
  fuzz::expect(net::dns::read_reply(octets, "app.example", type) == reply, "read twice the same");
  return 0;
}
