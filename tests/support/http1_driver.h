// Drives the HTTP/1 parsers as a connection does (a buffer that grows, moves and is consumed from)
// and writes down what they say as text, so that runs can be compared with ==.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "net/http1/parser.h"

namespace teal::net::testing {

/// What came out of a parser for one stream of bytes.
struct Transcript {
  std::string text;  ///< Heads, bodies (in one piece each), trailers, ends, the refusal.
  Refusal refusal = Refusal::none;
  std::size_t ends = 0;
  std::size_t consumed = 0;

  bool operator==(const Transcript& other) const {
    // How much was dropped before a refusal is of no interest: the connection is closed.
    return text == other.text && refusal == other.refusal && ends == other.ends &&
           (refusal != Refusal::none || consumed == other.consumed);
  }
};

inline std::string to_text(const Framing& framing) {
  switch (framing.kind) {
    case Framing::Kind::none: return "none";
    case Framing::Kind::length: return "length " + std::to_string(framing.length);
    case Framing::Kind::chunked: return "chunked";
    case Framing::Kind::until_close: return "until_close";
  }
  return "?";
}

inline std::string to_text(const Fields& fields) {
  std::string text;
  for (const Field& field : fields) {
    text.append("  ").append(fields.name(field)).append("=[").append(fields.value(field));
    text.append(field.canonical ? "] canonical\n" : "]\n");
  }
  return text;
}

inline std::string to_text(const RequestHead& head) {
  std::string text = "head ";
  text.append(head.text(head.method_text)).append(" ").append(head.text(head.target));
  text.append(" authority=").append(head.text(head.authority));
  text += " 1." + std::to_string(head.minor_version);
  text += head.keep_alive ? " keep" : " close";
  if (head.expects_continue) text += " continue";
  return text + " " + to_text(head.framing) + "\n" + to_text(head.fields);
}

inline std::string to_text(const ResponseHead& head) {
  std::string text = "head " + std::to_string(head.status) + " ";
  text.append(head.text(head.reason));
  text += " 1." + std::to_string(head.minor_version);
  text += head.keep_alive ? " keep" : " close";
  return text + " " + to_text(head.framing) + "\n" + to_text(head.fields);
}

/// Feeds a parser piece by piece. `Parser` is RequestParser or ResponseParser.
template <class Parser>
class Driver {
 public:
  explicit Driver(const Http1Limits& limits = {}) : parser_(limits) {}

  Parser& parser() { return parser_; }

  /// More bytes have come in. They are handed over in a block of exactly their size that was never
  /// seen before, so that a read behind the end or of an old address is found.
  void feed(std::string_view bytes) {
    if (finished()) return;
    pending_.append(bytes);
    for (;;) {
      std::unique_ptr<char[]> block(new char[pending_.size()]);
      pending_.copy(block.get(), pending_.size());
      const std::string_view input{block.get(), pending_.size()};
      const ParseStep step = parser_.next(input);
      if (step.consumed > input.size()) {
        ADD_FAILURE() << "consumed more than it was given";
        failed_ = true;
        return;
      }
      transcript_.consumed += step.consumed;
      const bool goes_on = note(step);
      pending_.erase(0, step.consumed);
      if (!goes_on) return;
    }
  }

  /// The peer has closed; only responses care.
  void close() {
    if constexpr (requires { parser_.at_eof(); }) {
      if (!finished()) note(parser_.at_eof());
    }
  }

  Transcript transcript() {
    flush_body();
    Transcript all = transcript_;
    // An empty line before a request is consumed with it, or before it where nothing followed yet.
    if constexpr (requires { parser_.restart(); })
      if (pending_.starts_with("\r\n")) all.consumed += 2;
    return all;
  }
  bool finished() const { return failed_ || done_ || transcript_.refusal != Refusal::none; }

 private:
  bool note(const ParseStep& step) {
    if (step.event != ParseEvent::body && step.event != ParseEvent::need_more) flush_body();
    switch (step.event) {
      case ParseEvent::need_more: return false;
      case ParseEvent::head: transcript_.text += to_text(parser_.head()); return true;
      case ParseEvent::body:
        if (step.body.empty()) ADD_FAILURE() << "an empty piece of body";
        body_.append(step.body);
        return true;
      case ParseEvent::end:
        transcript_.text += "end\n" + to_text(parser_.trailers());
        ++transcript_.ends;
        return next_message();
      case ParseEvent::refused:
        transcript_.refusal = parser_.refusal();
        transcript_.text.append("refused ").append(to_string(parser_.refusal())).append("\n");
        return false;
    }
    return false;
  }

  bool next_message() {
    if constexpr (requires { parser_.restart(); }) {
      parser_.restart();
      return true;
    } else {
      done_ = true;
      return false;
    }
  }

  void flush_body() {
    if (body_.empty()) return;
    transcript_.text.append("body [").append(body_).append("]\n");
    body_.clear();
  }

  Parser parser_;
  std::string pending_;
  std::string body_;
  Transcript transcript_;
  bool done_ = false;
  bool failed_ = false;
};

/// All requests in `bytes`, fed in the given pieces.
inline Transcript read_requests(const std::vector<std::string_view>& pieces,
                                const Http1Limits& limits = {}) {
  Driver<RequestParser> driver(limits);
  for (const std::string_view piece : pieces) driver.feed(piece);
  return driver.transcript();
}

/// The response to `method`, fed in the given pieces; the peer closes after them.
inline Transcript read_response(const std::vector<std::string_view>& pieces,
                                Method method = Method::get, const Http1Limits& limits = {}) {
  Driver<ResponseParser> driver(limits);
  driver.parser().expect(method);
  for (const std::string_view piece : pieces) driver.feed(piece);
  driver.close();
  return driver.transcript();
}

/// Every byte for itself.
inline std::vector<std::string_view> single_bytes(std::string_view bytes) {
  std::vector<std::string_view> pieces;
  for (std::size_t i = 0; i < bytes.size(); ++i) pieces.push_back(bytes.substr(i, 1));
  return pieces;
}

}  // namespace teal::net::testing
