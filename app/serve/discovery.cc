#include "app/serve/discovery.h"

#include <unistd.h>

namespace teal::app {

Discovery::Discovery(boost::asio::io_context& control, const Clock& clock, std::uint64_t seed,
                     StartGate& gate, Report report)
    : gate_(gate),
      report_(std::move(report)),
      finder_(control, clock, seed, ::geteuid(),
              [this](const control::Finding& finding) { on_found(finding); }) {}

void Discovery::expect(const config::Config& config) {
  for (const control::WatchedSource& each : control::sources_in(config))
    awaited_.emplace(each.service, source_text(each.source));
  gate_.await(awaited_.size());
}

Result<void> Discovery::make_ready(const config::Config& config) {
  return control::sources_in(config).empty() ? Result<void>{} : finder_.start();
}

void Discovery::reconfigure(const config::Config& config) {
  finder_.watch(config.discovery, control::sources_in(config));
}

void Discovery::on_found(const control::Finding& finding) {
  report_(finding);
  // After that: what was found may have to be probed first.
  if (awaited_.erase({finding.service, finding.source}) > 0) gate_.came();
}

}  // namespace teal::app
