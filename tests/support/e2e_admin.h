// Admin: a client of Teal's control API and metrics. A new connection for each call, so that calls
// never share a fate.
//
// Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "tests/support/e2e_http.h"

namespace teal::e2e {

struct ApiAnswer {
  int status = 0;
  Headers headers;
  std::string text;
  boost::json::value body;  ///< Null where the text is not JSON.

  /// The string (or number as text) at a JSON pointer: "/groups/blue/revision"; "" if none.
  std::string at(std::string_view pointer) const;
};

class Admin {
 public:
  explicit Admin(Address address) : address_(std::move(address)) {}

  const Address& address() const { return address_; }
  ApiAnswer call(std::string_view method, std::string_view path, std::string_view body = {},
                 std::string_view headers = {}) const;
  ApiAnswer get(std::string_view path) const { return call("GET", path); }
  ApiAnswer post(std::string_view path, std::string_view body = {},
                 std::string_view headers = {}) const {
    return call("POST", path, body, headers);
  }

  ApiAnswer service(const std::string& name = "shop") const { return get("/v1/services/" + name); }
  ApiAnswer split(const std::string& green, const std::string& service = "shop") const;
  /// `more`: further members of the request, beginning with a comma.
  ApiAnswer deploy(const std::string& revision, const std::string& target,
                   const std::string& more = {}, const std::string& headers = {}) const;
  ApiAnswer deployment(const std::string& id) const { return get("/v1/deployments/" + id); }
  ApiAnswer command(const std::string& id, const std::string& command) const {
    return post("/v1/deployments/" + id + "/" + command);
  }
  /// Waits until member `key` of the deployment is `value` ("status", "Succeeded"), or it has ended
  /// otherwise.
  bool await(const std::string& id, std::string_view key, std::string_view value,
             Deadline deadline = Deadline{std::chrono::seconds{20}}) const;
  bool await_end(const std::string& id,
                 Deadline deadline = Deadline{std::chrono::seconds{20}}) const;
  /// Waits until so many targets of the group get requests.
  bool await_accepting(std::size_t targets, const std::string& group = "blue",
                       const std::string& service = "shop") const;

  /// Samples of /metrics by their name with labels, as they are written there.
  std::map<std::string, double> metrics() const;
  /// The sum of all samples of `name` whose labels contain `labels` (e.g. `rule="bare_lf"`).
  /// Throws if there are labels in `name`: such a sum would always be 0.
  double metric(std::string_view name, std::string_view labels = {}) const;

 private:
  Address address_;
};

}  // namespace teal::e2e
