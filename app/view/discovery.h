// Where a service's targets are found, as lines for a person: each source with its age and its
// trouble, who brought the targets of each group, and what waits for a deployment.
//
// Pure: the JSON of GET /v1/services/{name} in, lines out. Cuts and colours nothing.
#pragma once

#include <string>
#include <vector>

#include <boost/json/fwd.hpp>

namespace teal::app {

struct DiscoveryLine {
  std::string text;
  bool is_trouble = false;
};

/// None for a service without sources.
std::vector<DiscoveryLine> render_discovery(const boost::json::object& service);

}  // namespace teal::app
