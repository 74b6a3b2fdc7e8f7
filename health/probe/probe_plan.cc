#include "health/probe/probe_plan.h"

#include <string_view>
#include <utility>

#include "health/probe/grpc_health.h"
#include "net/http/host_field.h"
#include "net/io/proxy_protocol.h"

namespace teal::health {
namespace {

constexpr std::string_view kLines = "user-agent: teal-probe\r\naccept: */*\r\n";

std::string path_of(const config::HealthCheck& check) {
  return check.path.empty() ? "/" : check.path;
}

std::string host_of(const Address& target, const config::HealthCheck& check) {
  return check.host.empty() ? net::host_field_of(target) : check.host;
}

}  // namespace

ProbePlan::ProbePlan(config::HealthCheck how, ProbePreamble how_first)
    : check(std::move(how)),
      preamble(std::move(how_first)),
      // The probe is about no client: a connection of Teal's own.
      proxy_header(preamble.proxy_protocol ? net::make_local_proxy_header(*preamble.proxy_protocol)
                                           : std::string()),
      http1_begin_("GET " + path_of(check) + " HTTP/1.1\r\nhost: "),
      http1_end_("\r\n" + std::string(kLines) + "connection: close\r\n\r\n") {}

ProbeRequest ProbePlan::http2_request(const Address& target) const {
  if (check.kind == config::HealthCheck::Kind::grpc)
    return {"POST", host_of(target, check), "/grpc.health.v1.Health/Check",
            "user-agent: teal-probe\r\ncontent-type: application/grpc\r\nte: trailers\r\n",
            grpc_health_request(check.grpc_service)};
  return {"GET", host_of(target, check), path_of(check), std::string(kLines), {}};
}

void ProbePlan::append_http1_request(std::string& out, const Address& target) const {
  out += http1_begin_;
  if (check.host.empty())
    out += net::host_field_of(target);
  else
    out += check.host;
  out += http1_end_;
}

}  // namespace teal::health
