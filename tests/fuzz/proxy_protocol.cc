// A header of the PROXY protocol is found where it ends whatever comes behind it, is asked for more
// only while it could still be one, and what Teal writes for the client that it names is read as
// that client again.
#include "net/io/proxy_protocol.h"

#include "tests/fuzz/fuzz.h"

using namespace teal;
using Event = net::ProxyStep::Event;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::text_of(data, size);
  const net::ProxyStep whole = net::read_proxy_header(input);
  fuzz::expect(whole.event != Event::need_more || input.size() < net::kMaxProxyHeader,
               "a header has an end");
  // Byte by byte nothing is said before it is certain, and the same in the end.
  for (std::size_t i = 0; i < std::min<std::size_t>(input.size(), 300); ++i) {
    const net::ProxyStep part = net::read_proxy_header(input.substr(0, i));
    if (part.event == Event::need_more) continue;
    fuzz::expect(part.event == whole.event && part.consumed == whole.consumed &&
                     part.fault == whole.fault && part.addresses == whole.addresses,
                 "more bytes change nothing");
    break;
  }
  if (whole.event != Event::done) return 0;
  fuzz::expect(whole.consumed > 0 && whole.consumed <= input.size(), "it came whole");
  for (const auto version : {config::ProxyVersion::v1, config::ProxyVersion::v2}) {
    const std::string written = net::make_proxy_header(version, whole.addresses);
    const net::ProxyStep again = net::read_proxy_header(written);
    fuzz::expect(again.event == Event::done && again.consumed == written.size() &&
                     again.addresses == whole.addresses,
                 "what is written names the same client", written);
  }
  return 0;
}
