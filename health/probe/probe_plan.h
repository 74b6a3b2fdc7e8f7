// ProbePlan: how the targets of one owner are probed, with everything ready that is the same for
// all of them. Made once for each configuration of a service, shared by its targets and by the
// probes under way.
//
// Immutable; any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/address.h"
#include "config/config.h"
#include "health/probe/http2_probe.h"
#include "net/tls/client.h"

namespace teal::health {

/// How a target is spoken to before it is asked.
struct ProbePreamble {
  std::shared_ptr<const net::TlsClient> tls = {};  ///< Null: plain.
  std::optional<config::ProxyVersion> proxy_protocol = {};

  bool operator==(const ProbePreamble&) const = default;
};

struct ProbePlan {
  explicit ProbePlan(config::HealthCheck how, ProbePreamble how_first = {});

  /// What is asked over HTTP/2.
  ProbeRequest http2_request(const Address& target) const;
  /// What is asked over HTTP/1, where it is said that no more requests follow.
  void append_http1_request(std::string& out, const Address& target) const;

  const config::HealthCheck check;
  const ProbePreamble preamble;
  const std::string proxy_header;  ///< Empty: none.

 private:
  const std::string http1_begin_;  ///< Up to the value of Host.
  const std::string http1_end_;
};

}  // namespace teal::health
