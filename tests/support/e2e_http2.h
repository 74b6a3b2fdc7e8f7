// Http2Client: a client that speaks HTTP/2 frame by frame over a Wire, honest or not.
//
// One thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/e2e_wire.h"
#include "tests/support/http2_frames.h"

namespace teal::e2e {

class Http2Client {
 public:
  /// Sends the preface and SETTINGS with these entries.
  explicit Http2Client(const Address& address,
                       const std::vector<std::pair<int, std::uint32_t>>& settings = {},
                       int receive_buffer = 0)
      : wire_(Wire::connect(address, receive_buffer)) {
    send(h2::kPreface + h2::settings(settings) + h2::frame(h2::kSettings, h2::kAck, 0));
  }

  bool send(std::string_view bytes) { return wire_.send(bytes); }
  /// The next frame; nothing at the end of the connection or of time.
  std::optional<h2::Frame> next(Deadline deadline = Deadline{}) {
    h2::Frame frame;
    while (!reader_.next(frame)) {
      std::string bytes;
      ended_ = wire_.read(bytes, deadline);
      if (ended_ != Arrival::bytes) return std::nullopt;
      reader_.feed(bytes);
    }
    return frame;
  }
  /// The next frame for which `is_it`, others being passed over.
  std::optional<h2::Frame> await(const std::function<bool(const h2::Frame&)>& is_it,
                                 Deadline deadline = Deadline{}) {
    while (true) {
      std::optional<h2::Frame> frame = next(deadline);
      if (!frame || is_it(*frame)) return frame;
    }
  }
  std::optional<h2::Frame> await(std::uint8_t type, Deadline deadline = Deadline{}) {
    return await([type](const h2::Frame& frame) { return frame.type == type; }, deadline);
  }

  struct Answer {
    std::string status;
    h2::Lines fields, trailers;
    std::string body;
    std::vector<std::string> interims;
    std::optional<std::uint32_t> reset;  ///< The error of RST_STREAM.
    bool complete = false;

    std::string field(std::string_view name) const {
      for (const auto& [n, value] : fields)
        if (n == name) return value;
      return {};
    }
  };
  /// The answer on a stream to its end. Gives back the window that it took, if `generous`.
  Answer answer(std::uint32_t stream, bool generous = true, Deadline deadline = Deadline{}) {
    Answer answer;
    while (true) {
      const std::optional<h2::Frame> frame = next(deadline);
      if (!frame) return answer;
      if (frame->type == h2::kGoAway) go_away_ = *frame;
      if (frame->stream != stream) continue;
      if (frame->type == h2::kHeaders && answer.status.empty()) {
        if (frame->field(":status").starts_with('1')) {
          answer.interims.push_back(frame->field(":status"));
        } else {
          answer.status = frame->field(":status");
          answer.fields = frame->fields;
        }
      } else if (frame->type == h2::kHeaders) {
        answer.trailers = frame->fields;
      } else if (frame->type == h2::kData) {
        answer.body += frame->payload;
        const auto size = static_cast<std::uint32_t>(frame->payload.size());
        if (generous && size > 0)
          send(h2::window_update(0, size) +
               (frame->ends() ? std::string() : h2::window_update(stream, size)));
      } else if (frame->type == h2::kReset) {
        answer.reset = frame->error();
        return answer;
      }
      if (frame->ends()) {
        answer.complete = true;
        return answer;
      }
    }
  }
  Answer get(std::uint32_t stream, const std::string& path = "/", h2::Lines more = {}) {
    send(h2::headers(stream, h2::get(path, std::move(more))));
    return answer(stream);
  }
  /// The error that GOAWAY names and the connection ends with; nothing if it does not.
  std::optional<std::uint32_t> await_go_away(Deadline deadline = Deadline{}) {
    std::optional<std::uint32_t> error;
    while (const std::optional<h2::Frame> frame = next(deadline))
      if (frame->type == h2::kGoAway) error = frame->error();
    return error;
  }

  Arrival ended() const { return ended_; }
  const std::optional<h2::Frame>& go_away() const { return go_away_; }
  Wire& wire() { return wire_; }

 private:
  Wire wire_;
  h2::FrameReader reader_;
  Arrival ended_ = Arrival::bytes;
  std::optional<h2::Frame> go_away_;
};

}  // namespace teal::e2e
