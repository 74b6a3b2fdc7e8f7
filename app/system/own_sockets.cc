#include "app/system/own_sockets.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/stat.h>

#include <cstring>
#include <memory>

namespace teal::app {
namespace {

constexpr std::chrono::seconds kFresh{1};

/// By another name, through a link: the same socket.
bool is_same_file(const std::string& a, const std::string& b) {
  struct stat of_a{};
  struct stat of_b{};
  return ::stat(a.c_str(), &of_a) == 0 && ::stat(b.c_str(), &of_b) == 0 &&
         of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

std::optional<std::array<std::uint8_t, 16>> ip_of(const sockaddr* address) {
  std::array<std::uint8_t, 16> bytes{};
  if (address == nullptr) return std::nullopt;
  if (address->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    bytes[10] = bytes[11] = 0xff;
    std::memcpy(bytes.data() + 12, &in.sin_addr, sizeof in.sin_addr);
    return bytes;
  }
  if (address->sa_family != AF_INET6) return std::nullopt;
  sockaddr_in6 in{};
  std::memcpy(&in, address, sizeof in);
  std::memcpy(bytes.data(), &in.sin6_addr, sizeof in.sin6_addr);
  return bytes;
}

}  // namespace

std::optional<OwnSocket> OwnSockets::at(const Address& target, Mono now) {
  look_at_interfaces(now);
  if (const OwnSocket* const own = find_own(sockets_, target, local_)) return *own;
  if (target.kind != Address::Kind::unix_socket) return std::nullopt;
  for (const OwnSocket& socket : sockets_)
    if (socket.address.kind == Address::Kind::unix_socket &&
        is_same_file(target.host, socket.address.host))
      return socket;
  return std::nullopt;
}

/// Where the system does not say, loopback is all that is known to be here.
void OwnSockets::look_at_interfaces(Mono now) {
  if (looked_ && now - *looked_ < kFresh) return;
  looked_ = now;
  local_.clear();
  ifaddrs* raw = nullptr;
  if (::getifaddrs(&raw) != 0) return;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> list(raw, &::freeifaddrs);
  for (const ifaddrs* each = list.get(); each != nullptr; each = each->ifa_next)
    if (const auto ip = ip_of(each->ifa_addr)) local_.push_back(*ip);
}

}  // namespace teal::app
