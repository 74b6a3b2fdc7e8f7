#include "proxy/loop/route_pin.h"

namespace teal::proxy {

bool RoutePin::follow(const WorkerRoutes& routes) {
  const PinnedService& now = routes.service(view_->id);
  version_ = routes.version();
  if (now == nullptr) {
    forget_service();
    return false;
  }
  service_ = now;  // From here on what was in the old one may be gone.
  view_ = now->view.get();
  return true;
}

}  // namespace teal::proxy
