#include "control/traffic/status_windows.h"

#include <algorithm>

#include "control/deploy/ports.h"

namespace teal::control {

void StatusWindows::feed(const std::string& service, Colour colour, const std::string& revision,
                         Mono now, const TrafficCounters& counted) {
  StatusWindow& known = windows_[service][colour];
  if (known.revision != revision) known = StatusWindow{revision};
  known.ended = requests_of(counted.requests);
  known.is_fed = true;
  known.traffic.feed(now, counted);
}

bool StatusWindows::feed_unchanged(const std::string& service, Colour colour,
                                   const std::string& revision, Mono now, std::uint64_t ended) {
  const auto found = windows_.find(service);
  if (found == windows_.end()) return false;
  StatusWindow& known = found->second[colour];
  if (!known.is_fed || known.revision != revision || known.ended != ended) return false;
  known.traffic.feed_unchanged(now);
  return true;
}

void StatusWindows::rest_until(const std::string& service, Mono then) {
  const auto found = windows_.find(service);
  if (found == windows_.end()) return;
  for (const Colour colour : kColours)
    if (found->second[colour].is_fed) found->second[colour].traffic.feed_unchanged(then);
}

bool StatusWindows::is_at_rest(const std::string& service) const {
  const auto found = windows_.find(service);
  return found != windows_.end() && std::ranges::all_of(kColours, [&](Colour colour) {
           return found->second[colour].traffic.is_at_rest();
         });
}

const StatusWindows::StatusWindow* StatusWindows::find(const std::string& service,
                                                       Colour colour) const {
  const auto found = windows_.find(service);
  return found == windows_.end() ? nullptr : &found->second[colour];
}

std::optional<RecentTraffic::View> StatusWindows::recent(const std::string& service,
                                                         Colour colour) const {
  const StatusWindow* known = find(service, colour);
  return known == nullptr ? std::nullopt : known->traffic.view();
}

Histogram StatusWindows::durations(const std::string& service, Colour colour) const {
  const StatusWindow* known = find(service, colour);
  return known == nullptr ? Histogram{} : known->traffic.duration();
}

std::optional<PerColour<double>> StatusWindows::shares(const std::string& service) const {
  PerColour<double> share;
  double requests = 0;
  for (const Colour colour : kColours) {
    const auto view = recent(service, colour);
    share[colour] = view ? static_cast<double>(view->tally.requests) : 0;
    requests += share[colour];
  }
  if (requests <= 0) return std::nullopt;
  for (const Colour colour : kColours) share[colour] /= requests;
  return share;
}

std::optional<health::Rates> StatusWindows::rates(const std::string& service,
                                                  Colour release) const {
  PerColour<double> rate;
  bool is_known = false;
  for (const Colour colour : kColours) {
    const auto view = recent(service, colour);
    if (!view || view->span < kRateKnown) continue;
    is_known = true;
    rate[colour] =
        static_cast<double>(view->tally.requests) * 1e6 / static_cast<double>(view->span.count());
  }
  if (!is_known) return std::nullopt;
  return health::Rates{rate[release], rate[other(release)]};
}

bool StatusWindows::mostly_succeeds(const std::string& service, Colour colour,
                                    const std::string& revision) const {
  const StatusWindow* known = find(service, colour);
  if (known == nullptr || known->revision != revision) return false;
  const auto view = known->traffic.view();
  return view && view->tally.errors * 2 < view->tally.requests;
}

}  // namespace teal::control
