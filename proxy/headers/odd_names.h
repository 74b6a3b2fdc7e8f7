// What becomes of a request's fields with odd names (net/http/field_names.h): those that read like
// a name that Teal sets, strips or frames by are taken out, whatever the configuration says, since
// a target that reads them so would believe a client in Teal's name; those with an underscore as
// the listener says.
//
// Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "config/config.h"
#include "net/http/message.h"

namespace teal::proxy {

/// To an application that reads it so, the name is one of those whose fields come from Teal only.
bool reads_like_own(std::string_view odd_name);

struct OddNames {
  std::uint32_t twins = 0;        ///< Taken out, because they read like Teal's own.
  std::uint32_t underscored = 0;  ///< Taken out, because the listener says so.
  bool is_refused = false;        ///< Nothing was taken out: the listener refuses it.
};

OddNames take_out_odd_names(net::Fields& fields, config::Underscores underscores);

}  // namespace teal::proxy
