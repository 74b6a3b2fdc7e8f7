#include "proxy/policy/address_rules.h"

namespace teal::proxy {

bool permits(const config::AddressRules& rules, std::string_view address) {
  const auto ip = parse_ip(address);
  const auto names = [&](const config::AddressList& list) {
    return ip ? any_contains(list.blocks, *ip) : list.unix_sockets;
  };
  return !names(rules.deny) && (!rules.allow || names(*rules.allow));
}

}  // namespace teal::proxy
