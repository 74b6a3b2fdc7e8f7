#include "control/discovery/dns_source.h"

#include <algorithm>
#include <array>
#include <utility>

namespace teal::control {
namespace {

using net::dns::Outcome;
using net::dns::Type;
using Bytes = std::array<std::uint8_t, 16>;
using Records = config::DiscoverSource::Records;

/// Every group of four digits written out: parse_address() makes the usual form of it.
Address address_of(const Bytes& ip, std::uint16_t port) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = "[";
  for (std::size_t i = 0; i < ip.size(); ++i) {
    if (i > 0 && i % 2 == 0) text += ':';
    text += {kDigits[ip[i] >> 4U], kDigits[ip[i] & 15U]};
  }
  return parse_address(text + "]:" + std::to_string(port)).value();
}

/// Gathers what the questions of one source have been answered.
class Look {
 public:
  Look(const std::string& service, const config::DiscoverSource& source, const QuestionBook& book)
      : source_(source), book_(book) {
    finding_.service = service;
    finding_.source = source_text(source);
  }

  DnsLook take();

 private:
  /// Null where there is no answer, now or ever.
  const net::dns::Reply* ask(const Question& question);
  void add_addresses(Type type);
  void add_services();
  void add_host(const net::dns::ServicePlace& place);
  void add(const net::dns::Reply& reply, std::uint16_t port);
  void problem(LookProblem problem) { finding_.problems.push_back(std::move(problem)); }
  std::string why_empty() const;

  const config::DiscoverSource& source_;
  const QuestionBook& book_;
  DnsLook look_;
  Finding finding_;
  std::set<Address> found_;
  bool is_waiting_ = false;  ///< For a first answer.
  bool has_answers_ = false;
  bool is_unknown_ = false;  ///< No name that was asked for exists.
};

const net::dns::Reply* Look::ask(const Question& question) {
  look_.wants.insert(question);
  const KnownAnswer* const known = book_.find(question);
  if (known == nullptr || !known->is_asked) {
    is_waiting_ = true;
    return nullptr;
  }
  if (known->problem) problem(*known->problem);
  if (!known->reply) {
    finding_.is_partial = true;
    return nullptr;
  }
  if (known->reply->is_truncated) {
    finding_.is_partial = true;
    problem({LookFault::truncated, std::string(to_string(question.type)) + " of " + question.name +
                                       ": the answer does not fit into a message; what it lacks "
                                       "is not taken away"});
  }
  has_answers_ = has_answers_ || !known->problem;
  is_unknown_ = known->reply->outcome == Outcome::no_name;
  return &*known->reply;
}

void Look::add(const net::dns::Reply& reply, std::uint16_t port) {
  for (const Bytes& ip : reply.addresses) found_.insert(address_of(ip, port));
}

void Look::add_addresses(Type type) {
  if (const net::dns::Reply* const reply = ask({source_.name, type})) add(*reply, source_.port);
}

void Look::add_services() {
  const net::dns::Reply* const reply = ask({source_.name, Type::srv});
  if (reply == nullptr || reply->services.empty()) return;
  // They are sorted, the lowest priority first.
  const std::uint16_t lowest = reply->services.front().priority;
  std::size_t hosts = 0;
  for (const net::dns::ServicePlace& place : reply->services) {
    if (place.priority != lowest) break;
    if (place.host.empty() || place.port == 0) continue;  // There is decidedly none (RFC 2782).
    if (place.host.find('\\') != std::string::npos) {
      problem({LookFault::malformed, source_.name + ": a service has a host that is no name"});
    } else if (++hosts > kMaxServiceHosts) {
      problem({LookFault::too_many, source_.name + ": names more than 200 services"});
      break;
    } else {
      add_host(place);
    }
  }
}

/// IPv6 where there is no IPv4: a host is one target.
void Look::add_host(const net::dns::ServicePlace& place) {
  const net::dns::Reply* const ip4 = ask({place.host, Type::a});
  if (ip4 == nullptr) return;
  if (!ip4->addresses.empty()) return add(*ip4, place.port);
  if (const net::dns::Reply* const ip6 = ask({place.host, Type::aaaa})) add(*ip6, place.port);
}

std::string Look::why_empty() const {
  if (is_unknown_) return source_.name + " does not exist (NXDOMAIN)";
  return source_.name + " has no records of the kind that is asked for";
}

DnsLook Look::take() {
  switch (source_.records) {
    case Records::a: add_addresses(Type::a); break;
    case Records::aaaa: add_addresses(Type::aaaa); break;
    case Records::both:
      add_addresses(Type::a);
      add_addresses(Type::aaaa);
      break;
    case Records::srv: add_services(); break;
  }
  if (is_waiting_) return std::move(look_);
  // Where every answer is an old one, nothing has been found now.
  if (has_answers_) {
    finding_.entries.emplace();
    for (const Address& address : found_) finding_.entries->push_back({source_.revision, address});
    if (found_.empty()) finding_.empty_because = why_empty();
  }
  look_.finding = std::move(finding_);
  return std::move(look_);
}

}  // namespace

DnsLook look_at(const std::string& service, const config::DiscoverSource& source,
                const QuestionBook& book) {
  return Look(service, source, book).take();
}

}  // namespace teal::control
