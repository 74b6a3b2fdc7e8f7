#include "net/tls/names.h"

#include "base/ascii.h"

namespace teal::net {
namespace {

std::string lower(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  return to_lower_copy(text);
}

}  // namespace

void TlsNames::add(std::string_view name, std::size_t certificate) {
  std::string key = lower(name);
  if (key.starts_with("*.")) {
    key.erase(0, 1);
    wildcards_.try_emplace(std::move(key), certificate);
  } else {
    exact_.try_emplace(std::move(key), certificate);
  }
}

std::size_t TlsNames::find(std::string_view name) const {
  if (name.empty()) return 0;
  const std::string key = lower(name);
  if (const auto exact = exact_.find(key); exact != exact_.end()) return exact->second;
  const std::size_t dot = key.find('.');
  if (dot == std::string::npos || dot == 0) return 0;
  const auto wildcard = wildcards_.find(key.substr(dot));
  return wildcard == wildcards_.end() ? 0 : wildcard->second;
}

}  // namespace teal::net
