#include "control/services/status_windows.h"

namespace teal::control {

void StatusWindows::feed(const std::string& service, Colour colour, const std::string& revision,
                         Mono now, const TrafficCounters& counted) {
  Shown& shown = shown_[service][colour];
  if (shown.revision != revision) shown = Shown{revision};
  shown.window.push(now, counted);
}

const StatusWindows::Shown* StatusWindows::find(const std::string& service, Colour colour) const {
  const auto found = shown_.find(service);
  return found == shown_.end() ? nullptr : &found->second[colour];
}

std::optional<health::Window::View> StatusWindows::recent(const std::string& service,
                                                          Colour colour) const {
  const Shown* shown = find(service, colour);
  return shown == nullptr ? std::nullopt : shown->window.view();
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
  const Shown* shown = find(service, colour);
  if (shown == nullptr || shown->revision != revision) return false;
  const auto view = shown->window.view();
  return view && view->counters.errors() * 2 < view->counters.total();
}

}  // namespace teal::control
