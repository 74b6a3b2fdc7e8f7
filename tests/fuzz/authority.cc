// The quick way to tell how an authority is written agrees with its grammar said slowly, and what
// a route is looked up by has one spelling.
#include "net/http/authority.h"
#include "proxy/routing/route_index.h"
#include "tests/fuzz/fuzz.h"

using namespace teal;

namespace {

bool is_plain(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-';
  });
}

bool is_port(std::string_view text) {
  return text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const net::AuthorityForm form = net::authority_form(text);
  const auto colon = text.find(':');
  const std::string_view host = text.substr(0, colon);
  switch (form) {
    case net::AuthorityForm::name: fuzz::expect(is_plain(text), "a name is plain", text); break;
    case net::AuthorityForm::name_and_port:
      fuzz::expect(
          is_plain(host) && colon != std::string_view::npos && is_port(text.substr(colon + 1)),
          "a name and a port are that", text);
      break;
    case net::AuthorityForm::other:
      fuzz::expect(text.find_first_of("@/\\ \t\r\n#?") == std::string_view::npos,
                   "nothing that others split at", text);
      break;
    case net::AuthorityForm::refused:
      fuzz::expect(!is_plain(text), "a plain name is an authority", text);
      return 0;
  }
  std::string buffer;
  std::string again;
  const std::string once(proxy::normalise_host(text, buffer));
  if (!once.ends_with('.'))
    fuzz::expect(proxy::normalise_host(once, again) == once, "normal is normal", once);
  return 0;
}
