#include "tests/support/e2e_load.h"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>

namespace teal::e2e {

std::string LoadReport::text() const {
  std::string out = std::to_string(requests) + " requests, " + std::to_string(failed_by_teal) +
                    " failed by teal;";
  for (const auto& [status, count] : by_status)
    out += " status " + std::to_string(status) + ": " + std::to_string(count);
  for (const auto& [target, count] : by_target) out += " " + target + ": " + std::to_string(count);
  for (const std::string& failure : failures) out += "\n  " + failure;
  return out;
}

Load::Load(const Address& address, std::size_t clients, std::function<std::string()> path)
    : address_(address), path_(std::move(path)) {
  for (std::size_t client = 0; client < clients; ++client)
    threads_.emplace_back([this, client] { work(client); });
}

Load::~Load() {
  stop();
}

bool Load::await(std::uint64_t more) const {
  const std::uint64_t goal = requests() + more;
  return eventually([&] { return requests() >= goal; }, Deadline{std::chrono::seconds{30}});
}

LoadReport Load::stop() {
  stopping_ = true;
  threads_.clear();
  return report_;
}

void Load::work(std::size_t client) {
  std::unique_ptr<HttpClient> connection;
  while (!stopping_) {
    Response response;
    try {
      if (!connection) connection = std::make_unique<HttpClient>(address_);
      response = connection->get(path_());
    } catch (const std::runtime_error& error) {
      response.headers.list.emplace_back("error", error.what());
    }
    record(response, client);
    if (!response.complete || response.headers.get("connection") == "close") connection.reset();
  }
}

void Load::record(const Response& response, std::size_t client) {
  const std::string target = response.headers.get("x-target");
  const bool good = response.complete && response.status >= 200 && response.status < 500;
  const std::scoped_lock lock(mutex_);
  ++report_.requests;
  ++report_.by_status[response.status];
  ++report_.by_target[target];
  if (!good || target.empty()) {
    if (target.empty() || !response.complete) {
      ++report_.failed_by_teal;
    } else {
      ++report_.failed_by_target[target];
    }
    if (report_.failures.size() < 100)
      report_.failures.push_back("client " + std::to_string(client) + ": " + describe(response) +
                                 response.headers.get("error"));
  }
  ++requests_;
}

std::map<std::string, std::uint64_t> ask(const Address& address, std::size_t requests,
                                         std::string_view path, std::string_view headers) {
  constexpr std::size_t kPipelined = 20;
  HttpClient client(address);
  std::map<std::string, std::uint64_t> answers;
  for (std::size_t asked = 0; asked < requests;) {
    const std::size_t batch = std::min(kPipelined, requests - asked);
    std::string packet;
    for (std::size_t i = 0; i < batch; ++i) packet += request("GET", path, headers);
    client.send(packet);
    for (std::size_t i = 0; i < batch; ++i) ++answers[client.read().headers.get("x-target")];
    asked += batch;
  }
  return answers;
}

}  // namespace teal::e2e
