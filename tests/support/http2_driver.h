// Drives an Http2Session as a connection does and writes down what it says as text, so that runs
// can be compared with ==.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/http2/session.h"
#include "tests/support/http1_driver.h"
#include "tests/support/http2_frames.h"

namespace teal::net::testing {

/// Fields as HTTP/1 writes them; what they show has to live on.
inline Http2FieldSection section_of(std::string_view lines) {
  Http2FieldSection section;
  section.add_lines(lines);
  return section;
}

/// Everything that a session writes, at most `room` bytes.
class TextOutput final : public Http2Output {
 public:
  void append(std::string_view bytes) override { text += bytes; }
  void view(std::string_view bytes) override { text += bytes; }
  bool is_full() override { return text.size() >= room; }

  std::string text;
  std::size_t room = std::string::npos;
};

class Http2ServerDriver final : public Http2Session::Requests {
 public:
  class Stream final : public Http2ServerStream {
   public:
    Stream(Http2ServerDriver& driver, std::size_t number) : driver_(driver), number_(number) {}

    void on_request(RequestHead& head, Refusal rule) override {
      said = to_text(head);
      if (rule != Refusal::none) say("answer with " + std::string(to_string(rule)) + "\n");
      has_ended = head.framing.kind == Framing::Kind::none;
    }
    void on_body(std::string_view bytes) override {
      body += bytes;
      if (driver_.consumes) driver_.session->consume(*this, bytes.size());
    }
    void on_end(const Fields& trailers) override {
      has_ended = true;
      say("end\n" + to_text(trailers));
    }
    void on_refused(Refusal rule) override {
      body.clear();  // how much of it came before is chance
      say("refused: " + std::string(to_string(rule)) + "\n");
    }
    void say(const std::string& text) { said += text; }
    std::string text() const {
      return "#" + std::to_string(number_) + " " + said +
             (body.empty() ? "" : "body [" + body + "]\n");
    }

    std::string said, body;
    bool has_ended = false;
    bool is_over = false;
    Http2Error error = Http2Error::none;

   private:
    Http2ServerDriver& driver_;
    std::size_t number_;
  };

  explicit Http2ServerDriver(const Http2Limits& limits = {})
      : session(Http2Session::make_server(limits, *this)) {}

  Http2ServerStream& open_stream() override {
    streams.push_back(std::make_unique<Stream>(*this, streams.size() + 1));
    return *streams.back();
  }
  void on_malformed(const RequestHead& /*head*/, Refusal rule) override {
    malformed += std::string(to_string(rule)) + "\n";
  }

  /// The bytes, then what the session has to say to them.
  void feed(std::string_view bytes) {
    session->feed(bytes, now);
    session->write(output);
    for (const Http2Session::Closed& closed : session->take_closed()) {
      auto& stream = static_cast<Stream&>(*closed.stream);
      stream.is_over = true;
      stream.error = closed.error;
    }
  }
  void write() { feed({}); }
  /// The frames since the last call.
  std::vector<h2::Frame> frames() {
    reader.feed(output.text);
    output.text.clear();
    return reader.all();
  }
  /// What was said, by stream, and what the connection came to.
  std::string text() const {
    std::string all;
    for (const auto& stream : streams) all += stream->text();
    if (!malformed.empty()) all += "malformed: " + malformed;
    if (session->fault() != Refusal::none)
      all += "fault: " + std::string(to_string(session->fault())) + "\n";
    return all;
  }

  std::vector<std::unique_ptr<Stream>> streams;
  std::unique_ptr<Http2Session> session;
  TextOutput output;
  h2::FrameReader reader;
  std::string malformed;
  Mono now{std::chrono::seconds{1}};
  bool consumes = true;
};

}  // namespace teal::net::testing
