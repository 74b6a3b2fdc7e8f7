#include "proxy/loop/route_pin.h"

#include <algorithm>
#include <string_view>

namespace teal::proxy {

bool RoutePin::follow(const PinnedTable& table) {
  const std::vector<ServiceView>& services = table->routes.services;
  const std::string_view name = service_->spec->name;
  const std::size_t index = service_->index;
  const bool has_kept_place = index < services.size() && services[index].spec->name == name;
  const auto found =
      has_kept_place
          ? services.begin() + static_cast<std::ptrdiff_t>(index)
          : std::ranges::find(services, name, [](const ServiceView& each) -> std::string_view {
              return each.spec->name;
            });
  const ServiceView* const service = found != services.end() ? &*found : nullptr;
  if (!config_ && table->routes.config != table_->routes.config) config_ = table_->routes.config;
  table_ = table;  // From here on what was in the old one may be gone.
  if (service == nullptr) {
    forget_service();
    return false;
  }
  service_ = service;
  return true;
}

}  // namespace teal::proxy
