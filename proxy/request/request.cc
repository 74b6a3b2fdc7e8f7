#include "proxy/request/request.h"

#include "net/http/path_rules.h"
#include "proxy/policy/client_key.h"
#include "proxy/routing/route_answer.h"

namespace teal::proxy {

void Request::put_target(std::string_view target) {
  head.target = {static_cast<std::uint32_t>(bytes.size()),
                 static_cast<std::uint32_t>(target.size())};
  bytes += target;
  head.fields.rebase(bytes.data());
  head.size = static_cast<std::uint32_t>(bytes.size());
}

net::Refusal Request::normalise_path(const config::PathRules& rules) {
  const std::string_view path = head.path();
  std::string normal;
  const net::Refusal broken = net::normalise_path(path, rules, normal);
  if (broken == net::Refusal::none && normal != path)
    put_target(normal.append(head.text(head.target).substr(path.size())));
  return broken;
}

std::string_view Request::routed_path(const config::PathRules& rules) {
  return net::routed_path(head.path(), rules, path_buffer);
}

std::string_view Request::covered_path(const config::PathRules& rules) const {
  const std::string_view path = head.path();
  return path.substr(0, net::forwarded_size(path, rules, matched));
}

void Request::rewrite_path(const config::NewPath& by, const config::PathRules& rules) {
  const std::string_view path = head.path();
  const std::string_view query = head.text(head.target).substr(path.size());
  put_target(replaced_path(by, covered_path(rules), path).append(query));
}

std::string_view Request::path_as_it_came(const config::PathRules& rules) {
  const std::string_view target = head.text(original_target);
  const std::string_view path = target.substr(0, target.find('?'));
  std::string normal;
  if (net::normalise_path(path, rules, normal) != net::Refusal::none) return path;
  std::string buffer;
  path_buffer = net::routed_path(normal, rules, buffer);
  return path_buffer;
}

std::string_view Request::client_address(const config::Listener& listener) const {
  if (info.peer.trusted) {
    const std::string_view told = forwarded_client(head.fields, listener.trusted_proxies);
    if (!told.empty()) return told;
  }
  return info.peer.address;
}

}  // namespace teal::proxy
