// What a source of names asks, and what it finds, by the answers that there are: A and AAAA are two
// answers, of which one that fails keeps its half; services (SRV) are those of the lowest priority,
// whose hosts are asked for in turn, IPv6 only where there is no IPv4. Weights are not looked at.
//
// Pure: the same book gives the same.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "config/discovery.h"
#include "control/discovery/finding.h"
#include "control/discovery/question_book.h"

namespace teal::control {

struct DnsLook {
  std::set<Question> wants;
  /// Nothing while one of them has never been answered.
  std::optional<Finding> finding;
};

/// Hosts of one answer; the others are left out, and that is a problem.
inline constexpr std::size_t kMaxServiceHosts = 200;

DnsLook look_at(const std::string& service, const config::DiscoverSource& source,
                const QuestionBook& book);

}  // namespace teal::control
