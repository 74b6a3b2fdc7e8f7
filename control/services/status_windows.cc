#include "control/services/status_windows.h"

namespace teal::control {

void StatusWindows::feed(const std::string& service, Colour colour, const std::string& revision,
                         Mono now, const TrafficCounters& counted) {
  StatusWindow& known = windows_[service][colour];
  if (known.revision != revision) known = StatusWindow{revision};
  known.window.push(now, counted);
}

const StatusWindows::StatusWindow* StatusWindows::find(const std::string& service,
                                                       Colour colour) const {
  const auto found = windows_.find(service);
  return found == windows_.end() ? nullptr : &found->second[colour];
}

std::optional<health::Window::View> StatusWindows::recent(const std::string& service,
                                                          Colour colour) const {
  const StatusWindow* known = find(service, colour);
  return known == nullptr ? std::nullopt : known->window.view();
}

std::optional<PerColour<double>> StatusWindows::shares(const std::string& service) const {
  PerColour<double> share;
  double requests = 0;
  for (const Colour colour : kColours) {
    const auto view = recent(service, colour);
    share[colour] = view ? static_cast<double>(view->counters.total()) : 0;
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
        static_cast<double>(view->counters.total()) * 1e6 / static_cast<double>(view->span.count());
  }
  if (!is_known) return std::nullopt;
  return health::Rates{rate[release], rate[other(release)]};
}

bool StatusWindows::mostly_succeeds(const std::string& service, Colour colour,
                                    const std::string& revision) const {
  const StatusWindow* known = find(service, colour);
  if (known == nullptr || known->revision != revision) return false;
  const auto view = known->window.view();
  return view && view->counters.errors() * 2 < view->counters.total();
}

}  // namespace teal::control
