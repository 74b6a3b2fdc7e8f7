// Http2Target: a target that speaks HTTP/2 with prior knowledge, frame by frame: answers as a
// healthy application by default, or plays a script, with whatever frames it likes. It remembers
// what it was asked and what was reset.
//
// One thread accepts, one more runs for each connection; scripts run on those. Requests of /healthz
// are answered apart and not counted.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/e2e_wire.h"
#include "tests/support/http2_frames.h"

namespace teal::e2e {

struct SeenStream {
  std::uint32_t stream = 0;
  std::size_t connection = 0;  ///< From 1, in the order of their coming.
  h2::Lines fields, trailers;
  std::string body;

  std::string field(std::string_view name) const {
    for (const auto& [n, value] : fields)
      if (n == name) return value;
    return {};
  }
};

class Http2Target {
 public:
  using Settings = std::vector<std::pair<int, std::uint32_t>>;
  /// What a script sends with; its stream's request, which is whole.
  using Send = std::function<void(const std::string& bytes)>;
  using Script = std::function<void(const Send& send, const SeenStream& request)>;

  /// What it says first on a connection, its SETTINGS for a start.
  using Greeting = std::function<std::string(std::size_t connection)>;

  explicit Http2Target(std::string name = "h2-1", const Settings& settings = {})
      : Http2Target(std::move(name), [settings](std::size_t) { return h2::settings(settings); }) {}
  Http2Target(std::string name, Greeting greeting)
      : name_(std::move(name)), greeting_(std::move(greeting)) {
    accepting_ = std::jthread([this](const std::stop_token& stop) { accept_all(stop); });
  }
  ~Http2Target() { stop(); }
  Http2Target(const Http2Target&) = delete;
  Http2Target& operator=(const Http2Target&) = delete;

  const std::string& name() const { return name_; }
  std::string address() const { return to_string(door_.address()); }

  // ---- behaviour of the requests to come
  /// Instead of the usual answer.
  void on_request(Script script) { set(on_request_, std::move(script)); }
  /// When the head has come, the request being whole or not.
  void on_head(Script script) { set(on_head_, std::move(script)); }
  /// When bytes of a body have come that do not end it: they are the body of `request`.
  void on_piece(Script script) { set(on_piece_, std::move(script)); }
  /// Gives no window back.
  void be_stingy() { stingy_ = true; }
  void stop() {
    if (!accepting_.joinable()) return;
    accepting_.request_stop();
    accepting_.join();
    door_.close();
    cut_all();
    lines_.clear();
  }
  /// Ends all connections; new ones are taken.
  void cut_all() {
    const std::scoped_lock lock(mutex_);
    for (Line& line : lines_) line.wire.cut();
  }

  /// Says this on every connection that is open.
  void tell_all(const std::string& bytes) {
    const std::scoped_lock lock(mutex_);
    for (Line& line : lines_) line.wire.send(bytes);
  }

  /// All that it said until now was read.
  bool is_heard() {
    const std::size_t before = pongs_;
    tell_all(h2::frame(h2::kPing, 0, 0, "12345678"));
    return eventually([&] { return pongs_ > before; });
  }

  // ---- memory
  std::vector<SeenStream> seen() const {
    const std::scoped_lock lock(mutex_);
    return seen_;
  }
  std::size_t connections() const { return connections_; }
  std::size_t pings() const { return pings_; }
  bool await_requests(std::size_t count) const {
    return eventually([&] { return seen().size() >= count; });
  }
  /// The error of the RST_STREAM that came for a stream, once it has.
  std::optional<std::uint32_t> await_reset() const {
    std::optional<std::uint32_t> error;
    eventually([&] {
      const std::scoped_lock lock(mutex_);
      if (!resets_.empty()) error = resets_.back();
      return error.has_value();
    });
    return error;
  }

  static std::string answer(std::uint32_t stream, std::string_view body, h2::Lines more = {},
                            const std::string& status = "200") {
    h2::Lines fields{{":status", status}};
    fields.insert(fields.end(), more.begin(), more.end());
    return h2::headers(stream, fields, body.empty()) +
           (body.empty() ? std::string() : h2::frame(h2::kData, h2::kEndStream, stream, body));
  }

 private:
  struct Line {
    Wire wire;
    std::jthread thread;
  };

  void set(Script& slot, Script script) {
    const std::scoped_lock lock(mutex_);
    slot = std::move(script);
  }
  Script copy_of(const Script& slot) const {
    const std::scoped_lock lock(mutex_);
    return slot;
  }

  void accept_all(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      Wire wire = door_.accept(Deadline{Millis{20} / kPatience});
      if (!wire.is_open()) continue;
      const std::size_t number = connections_ + 1;
      wire.send(greeting_(number) + h2::frame(h2::kSettings, h2::kAck, 0));
      const std::scoped_lock lock(mutex_);
      Line& line = lines_.emplace_back();
      line.wire = std::move(wire);
      line.thread = std::jthread([this, &line, number] { serve(line.wire, number); });
      connections_ = number;
    }
  }

  void serve(Wire& wire, std::size_t number) {
    h2::FrameReader reader;
    std::map<std::uint32_t, SeenStream> open;
    bool is_greeted = false;
    std::string first;
    while (true) {
      std::string bytes;
      const Arrival arrival = wire.read(bytes, Deadline(Millis{500}));
      if (arrival == Arrival::timeout) continue;
      if (arrival != Arrival::bytes) return;
      if (!is_greeted) {
        first += bytes;
        if (first.size() < h2::kPreface.size()) continue;
        if (!first.starts_with(h2::kPreface)) return wire.cut();
        is_greeted = true;
        bytes = first.substr(h2::kPreface.size());
      }
      reader.feed(bytes);
      for (h2::Frame frame; reader.next(frame);) take(wire, number, frame, open);
    }
  }

  void take(Wire& wire, std::size_t number, const h2::Frame& frame,
            std::map<std::uint32_t, SeenStream>& open) {
    const Send send = [&wire](const std::string& bytes) { wire.send(bytes); };
    if (frame.type == h2::kPing && (frame.flags & h2::kAck) == 0) {
      ++pings_;
      send(h2::frame(h2::kPing, h2::kAck, 0, frame.payload));
    }
    if (frame.type == h2::kPing && (frame.flags & h2::kAck) != 0) ++pongs_;
    if (frame.type == h2::kReset) {
      const std::scoped_lock lock(mutex_);
      resets_.push_back(frame.error());
    }
    if (frame.type != h2::kHeaders && frame.type != h2::kData) return;
    SeenStream& request = open[frame.stream];
    request.stream = frame.stream;
    request.connection = number;
    if (frame.type == h2::kHeaders) {
      const bool is_head = request.fields.empty();
      (is_head ? request.fields : request.trailers) = frame.fields;
      if (const Script script = copy_of(on_head_); is_head && script) script(send, request);
    } else if (!frame.payload.empty()) {
      request.body += frame.payload;
      const auto size = static_cast<std::uint32_t>(frame.payload.size());
      if (!stingy_)
        send(h2::window_update(0, size) +
             (frame.ends() ? std::string() : h2::window_update(frame.stream, size)));
      if (const Script script = copy_of(on_piece_); script && !frame.ends()) {
        SeenStream piece;
        piece.stream = frame.stream;
        piece.body = frame.payload;
        script(send, piece);
      }
    }
    if (!frame.ends()) return;
    const SeenStream whole = std::move(request);
    open.erase(frame.stream);
    serve_request(send, whole);
  }

  void serve_request(const Send& send, const SeenStream& request) {
    if (request.field(":path") == "/healthz") {
      send(answer(request.stream, "well\n"));
      return;
    }
    {
      const std::scoped_lock lock(mutex_);
      seen_.push_back(request);
    }
    const Script script = copy_of(on_request_);
    if (script)
      script(send, request);
    else if (!copy_of(on_head_))
      send(answer(request.stream, name_ + "\n", {{"x-target", name_}}));
  }

  const std::string name_;
  const Greeting greeting_;
  Door door_;
  std::atomic<bool> stingy_{false};
  std::atomic<std::size_t> connections_{0}, pings_{0}, pongs_{0};
  mutable std::mutex mutex_;
  Script on_request_, on_head_, on_piece_;
  std::vector<SeenStream> seen_;
  std::vector<std::uint32_t> resets_;
  std::list<Line> lines_;
  std::jthread accepting_;
};

}  // namespace teal::e2e
