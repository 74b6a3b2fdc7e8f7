#include "tests/support/e2e_target.h"

#include <utility>

namespace teal::e2e {

using std::chrono::hours;

void Trigger::fire() {
  const std::scoped_lock lock(mutex_);
  fired_ = true;
  changed_.notify_all();
}

bool Trigger::wait(std::stop_token stop, Deadline deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, std::move(stop), deadline.at(), [this] { return fired_; });
}

std::optional<SeenRequest> TargetConnection::next_head() {
  SeenRequest request;
  if (!open_ || !reader_.head(request, Deadline{hours{1}})) return std::nullopt;
  const std::string& line = request.start_line;
  request.method = line.substr(0, line.find(' '));
  request.path = line.substr(request.method.size() + 1);
  request.path.resize(request.path.find(' '));
  request.connection = number_;
  request.nth = ++requests_;
  return request;
}

bool TargetConnection::read_body(SeenRequest& request) {
  return reader_.request_body(request, Deadline{});
}

std::optional<SeenRequest> TargetConnection::next() {
  std::optional<SeenRequest> request = next_head();
  if (request && !read_body(*request)) return std::nullopt;
  return request;
}

Arrival TargetConnection::read(std::string& into) {
  const std::string rest = reader_.take_rest();
  into += rest;
  return rest.empty() ? wire_->read(into, Deadline{hours{1}}) : Arrival::bytes;
}

bool TargetConnection::await(std::string& into, std::string_view end) {
  while (!into.ends_with(end))
    if (read(into) != Arrival::bytes) return false;
  return true;
}

void TargetConnection::close() {
  open_ = false;
  wire_->cut();
}

void TargetConnection::reset() {
  open_ = false;
  wire_->reset();
}

void TargetConnection::stall() {
  Trigger never;
  never.wait(stop_, Deadline{hours{1}});
}

Arrival TargetConnection::await_end() {
  std::string ignored;
  return wire_->read_to_end(ignored);
}

bool TargetConnection::linger(Millis time) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop_, time, [] { return false; });
  return !stop_.stop_requested();
}

std::string response(int status, std::string_view body, std::string_view headers) {
  std::string out = "HTTP/1.1 " + std::to_string(status) + " Scripted\r\n";
  out += headers;
  if (status >= 200 && status != 204 && status != 304)
    out += "content-length: " + std::to_string(body.size()) + "\r\n";
  out += "\r\n";
  out += body;
  return out;
}

Target::Target(std::string name, const Address& address)
    : name_(std::move(name)),
      door_(address),
      accepting_([this](const std::stop_token& stop) { accept_all(stop); }) {}

Target::~Target() {
  stop();
}

void Target::on_request(OnRequest script) {
  const std::scoped_lock lock(mutex_);
  on_request_ = std::move(script);
}

void Target::on_connection(OnConnection script) {
  const std::scoped_lock lock(mutex_);
  on_connection_ = std::move(script);
}

void Target::stop() {
  accepting_.request_stop();
  if (accepting_.joinable()) accepting_.join();
  door_.close();
  for (Line& line : lines_) {
    line.thread.request_stop();
    line.wire.cut();
  }
  for (Line& line : lines_)
    if (line.thread.joinable()) line.thread.join();
  lines_.clear();
}

void Target::accept_all(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    Wire wire = door_.accept(Deadline{Millis{20} / kPatience});
    // Joining those that have ended keeps the list short in a long test.
    lines_.remove_if([](const Line& line) { return line.done.load(); });
    if (!wire.is_open()) continue;
    const std::size_t number = ++connections_;
    Line& line = lines_.emplace_back();
    line.wire = std::move(wire);
    ++open_;
    line.thread = std::jthread([this, &line, number](const std::stop_token& stopped) {
      serve(line, number, stopped);
      --open_;
      line.done = true;
    });
  }
}

void Target::serve(Line& line, std::size_t number, const std::stop_token& stop) {
  TargetConnection connection(line.wire, number, stop);
  OnConnection whole;
  {
    const std::scoped_lock lock(mutex_);
    whole = on_connection_;
  }
  if (whole) {
    whole(connection);
  } else {
    while (!stop.stop_requested()) {
      const std::optional<SeenRequest> request = connection.next();
      if (!request) break;
      answer(connection, *request);
    }
  }
  line.wire.cut();
}

void Target::answer(TargetConnection& connection, const SeenRequest& request) {
  if (request.path == "/healthz") {
    ++probes_;
    connection.send(response(healthy_ ? 200 : 503, ""));
    return;
  }
  remember(request);
  OnRequest script;
  {
    const std::scoped_lock lock(mutex_);
    script = on_request_;
  }
  if (script) {
    script(connection, request);
    return;
  }
  if (const Millis latency = latency_; latency > Millis{0}) connection.linger(latency);
  const std::string text = name_ + ' ' + request.path + '\n';
  std::string out = response(status_, text, "x-target: " + name_ + "\r\n");
  if (request.method == "HEAD") out.resize(out.size() - text.size());
  connection.send(out);
}

void Target::remember(const SeenRequest& request) {
  const std::scoped_lock lock(mutex_);
  if (seen_.size() < kRemembered) seen_.push_back(request);
  ++requests_;  // Last: who has waited for a number of requests finds them in seen().
}

std::vector<SeenRequest> Target::seen() const {
  const std::scoped_lock lock(mutex_);
  return seen_;
}

SeenRequest Target::last() const {
  const std::scoped_lock lock(mutex_);
  return seen_.empty() ? SeenRequest{} : seen_.back();
}

bool Target::await_requests(std::size_t count) const {
  return eventually([&] { return requests() >= count; });
}

}  // namespace teal::e2e
