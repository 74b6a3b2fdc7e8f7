#include "tests/support/e2e_admin.h"

#include <sstream>
#include <stdexcept>

#include <boost/json.hpp>

namespace teal::e2e {

namespace json = boost::json;

std::string ApiAnswer::at(std::string_view pointer) const {
  json::error_code failed;
  const json::value* value = body.find_pointer(pointer, failed);
  if (value == nullptr || value->is_null()) return {};
  if (value->is_string()) return std::string(value->get_string());
  return json::serialize(*value);
}

ApiAnswer Admin::call(std::string_view method, std::string_view path, std::string_view body,
                      std::string_view headers) const {
  HttpClient client(address_);
  std::string bytes(method);
  bytes += ' ';
  bytes += path;
  bytes += " HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
  bytes += headers;
  if (!body.empty()) bytes += "content-type: application/json\r\n";
  if (!body.empty() || method != "GET")
    bytes += "content-length: " + std::to_string(body.size()) + "\r\n";
  bytes += "\r\n";
  bytes += body;
  const Response response = client.exchange(bytes, method == "HEAD");
  ApiAnswer answer{response.status, response.headers, response.body, nullptr};
  json::error_code failed;
  json::value value = json::parse(response.body, failed);
  if (!failed) answer.body = std::move(value);
  return answer;
}

ApiAnswer Admin::split(const std::string& green, const std::string& service) const {
  return call("PUT", "/v1/services/" + service + "/split", R"({"green": ")" + green + R"("})");
}

ApiAnswer Admin::deploy(const std::string& revision, const std::string& target,
                        const std::string& more, const std::string& headers) const {
  return post(
      "/v1/services/shop/deployments",
      R"({"revision": ")" + revision + R"(", "targets": [")" + target + R"("])" + more + "}",
      headers);
}

bool Admin::await(const std::string& id, std::string_view key, std::string_view value,
                  Deadline deadline) const {
  const std::string pointer = "/" + std::string(key);
  bool is_so = false;
  eventually(
      [&] {
        const ApiAnswer answer = deployment(id);
        is_so = answer.at(pointer) == value;
        return is_so || !answer.at("/finished").empty();
      },
      deadline);
  return is_so;
}

bool Admin::await_end(const std::string& id, Deadline deadline) const {
  return eventually([&] { return !deployment(id).at("/finished").empty(); }, deadline);
}

bool Admin::await_accepting(std::size_t targets, const std::string& group,
                            const std::string& service) const {
  return eventually([&] {
    return this->service(service).at("/groups/" + group + "/targets_healthy") ==
           std::to_string(targets);
  });
}

std::map<std::string, double> Admin::metrics() const {
  std::map<std::string, double> samples;
  std::istringstream lines(call("GET", "/metrics").text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t space = line.rfind(' ');
    if (line.empty() || line[0] == '#' || space == std::string::npos) continue;
    samples[line.substr(0, space)] = std::stod(line.substr(space + 1));
  }
  return samples;
}

double Admin::metric(std::string_view name, std::string_view labels) const {
  if (name.find('{') != std::string_view::npos)
    throw std::logic_error("a metric's labels go into the second argument");
  double sum = 0;
  for (const auto& [sample, value] : metrics()) {
    const bool same = std::string_view(sample).substr(0, sample.find('{')) == name;
    if (same && sample.find(labels) != std::string::npos) sum += value;
  }
  return sum;
}

}  // namespace teal::e2e
