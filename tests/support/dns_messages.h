// Messages of DNS as tests write them: a reply to a question, record by record, right or wrong.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "net/dns/message.h"

namespace teal::net::dns {

/// The question that a query asks, as it stands there.
struct AskedQuestion {
  std::uint16_t id = 0;
  std::string name;  ///< Lower case.
  Type type = Type::a;
};

/// The reply to one question; what is not said is as a resolver would have it.
class ReplyText {
 public:
  ReplyText(const std::string& name, Type type, std::uint16_t id = 7) {
    two(id);
    two(0x8180);
    two(1);
    for (int i = 0; i < 3; ++i) two(0);
    this->name(name);
    two(static_cast<std::uint16_t>(type));
    two(1);
  }

  ReplyText& code(unsigned code) {
    octets_[3] = static_cast<std::uint8_t>((octets_[3] & 0xf0U) | code);
    return *this;
  }
  ReplyText& truncated() {
    octets_[2] |= 2U;
    return *this;
  }
  ReplyText& ip4(const std::string& owner, const std::string& ip, std::uint32_t ttl = 60) {
    const auto bytes = parse_ip(ip).value();
    begin(owner, 1, ttl);
    two(4);
    for (std::size_t i = 12; i < bytes.size(); ++i) octets_.push_back(bytes[i]);
    return *this;
  }
  ReplyText& ip6(const std::string& owner, const std::string& ip, std::uint32_t ttl = 60) {
    const auto bytes = parse_ip(ip).value();
    begin(owner, 28, ttl);
    two(16);
    octets_.insert(octets_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  ReplyText& alias(const std::string& owner, const std::string& target, std::uint32_t ttl = 60) {
    begin(owner, 5, ttl);
    const std::size_t length = octets_.size();
    two(0);
    name(target);
    set_two(length, octets_.size() - length - 2);
    return *this;
  }
  ReplyText& service(const std::string& owner, const ServicePlace& place, std::uint32_t ttl = 60) {
    begin(owner, 33, ttl);
    const std::size_t length = octets_.size();
    two(0);
    two(place.priority);
    two(place.weight);
    two(place.port);
    name(place.host);
    set_two(length, octets_.size() - length - 2);
    return *this;
  }
  /// Of the zone, in the section of authorities.
  ReplyText& soa(std::uint32_t ttl, std::uint32_t minimum) {
    record("example", 6, ttl, 8);
    const std::size_t length = octets_.size();
    two(0);
    name("ns.example");
    name("admin.example");
    for (int i = 0; i < 4; ++i) four(1);
    four(minimum);
    set_two(length, octets_.size() - length - 2);
    return *this;
  }
  /// A record of the answer whose owner and data are as they are given.
  ReplyText& raw(std::string_view owner, std::uint16_t type, std::string_view data) {
    count(6);
    append(owner);
    two(type);
    two(1);
    four(60);
    two(data.size());
    append(data);
    return *this;
  }
  /// Cuts `bytes` off the end.
  ReplyText& cut(std::size_t bytes) {
    octets_.resize(octets_.size() - bytes);
    return *this;
  }

  std::size_t size() const { return octets_.size(); }
  const std::vector<std::uint8_t>& octets() const { return octets_; }
  operator std::span<const std::uint8_t>() const { return octets_; }  // NOLINT: it is those bytes.

 private:
  void append(std::string_view bytes) { octets_.insert(octets_.end(), bytes.begin(), bytes.end()); }
  void two(std::size_t value) {
    octets_.push_back(static_cast<std::uint8_t>(value >> 8U & 0xffU));
    octets_.push_back(static_cast<std::uint8_t>(value & 0xffU));
  }
  void four(std::uint32_t value) {
    two(value >> 16U);
    two(value & 0xffffU);
  }
  void set_two(std::size_t at, std::size_t value) {
    octets_[at] = static_cast<std::uint8_t>(value >> 8U & 0xffU);
    octets_[at + 1] = static_cast<std::uint8_t>(value & 0xffU);
  }
  void name(std::string_view text) {
    while (!text.empty()) {
      const std::string_view label = text.substr(0, text.find('.'));
      octets_.push_back(static_cast<std::uint8_t>(label.size()));
      append(label);
      text.remove_prefix(label.size() == text.size() ? label.size() : label.size() + 1);
    }
    octets_.push_back(0);
  }
  void count(std::size_t at) { set_two(at, octets_[at] * 256U + octets_[at + 1] + 1U); }
  void begin(const std::string& owner, std::uint16_t type, std::uint32_t ttl) {
    record(owner, type, ttl, 6);
  }
  void record(const std::string& owner, std::uint16_t type, std::uint32_t ttl, std::size_t at) {
    count(at);
    name(owner);
    two(type);
    two(1);
    four(ttl);
  }

  std::vector<std::uint8_t> octets_;
};

/// What a query asks. Requires: it is one, without compression.
inline AskedQuestion read_query(std::span<const std::uint8_t> query) {
  AskedQuestion asked;
  const auto two = [&](std::size_t at) {
    return static_cast<std::uint16_t>(query[at] * 256U + query[at + 1]);
  };
  asked.id = two(0);
  std::size_t at = 12;
  while (query[at] != 0) {
    if (!asked.name.empty()) asked.name += '.';
    for (std::size_t i = 1; i <= query[at]; ++i)
      asked.name += static_cast<char>(query[at + i] |
                                      (query[at + i] >= 'A' && query[at + i] <= 'Z' ? 32 : 0));
    at += query[at] + std::size_t{1};
  }
  asked.type = static_cast<Type>(two(at + 1));
  return asked;
}

}  // namespace teal::net::dns
