// Where header rules write a head to: LineSink makes lines of text for HTTP/1, FieldSink the fields
// of an HTTP/2 section. The rules are templates on the sink, so that each is written once, HTTP/1
// costs what plain text costs, and HTTP/2 makes no text that has to be read again.
//
// Both are handed on by value and returned moved, as BufferWriter is, whose room somebody has asked
// for. For proxy/headers/*.cc only; pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/buffer_writer.h"
#include "net/http/literal.h"
#include "net/http/message.h"
#include "net/http1/writer.h"
#include "net/http2/field_section.h"

namespace teal::proxy {

/// A field of which all is known when Teal is compiled: "name: value\r\n" as one literal.
template <std::size_t kSize>
struct FieldLiteral {
  char line[kSize + 1]{};
};

template <net::Lower kName, net::Lower kValue>
inline constexpr auto kFieldLiteral = [] {
  FieldLiteral<kName.text.size() + kValue.text.size() + 4> literal;
  char* at = literal.line;
  const auto put = [&at](std::string_view piece) {
    for (const char c : piece) *at++ = c;
  };
  put({kName.text.data(), kName.text.size()});
  put(": ");
  put({kValue.text.data(), kValue.text.size()});
  put("\r\n");
  return literal;
}();

class LineSink {
 public:
  static constexpr bool kIsHttp2 = false;

  /// Copies kept fields; neighbours that stand there in canonical form in one piece. Writes at most
  /// the lines' own bytes and one for each field.
  class Copier {
   public:
    Copier(LineSink sink, const net::Fields& fields) : writer_(sink.writer_), fields_(fields) {}

    [[gnu::always_inline]] void keep(const net::Field& field) {
      if (!field.canonical || field.name_at != end_) begin_anew(field);
      if (field.canonical) end_ = field.line_end;
    }
    /// Behind the last line.
    [[gnu::always_inline]] LineSink finish() {
      if (end_ > begin_) writer_ += std::string_view(fields_.bytes() + begin_, end_ - begin_);
      begin_ = end_;
      return LineSink(writer_);
    }

   private:
    [[gnu::noinline]] void begin_anew(const net::Field& field) {
      finish();
      if (field.canonical)
        begin_ = field.name_at;
      else
        writer_ = net::put_field(writer_, fields_.name(field), fields_.value(field));
    }

    BufferWriter writer_;
    const net::Fields& fields_;
    std::uint32_t begin_ = 0;  ///< The run not written yet.
    std::uint32_t end_ = 0;
  };

  explicit LineSink(BufferWriter writer) : writer_(writer) {}

  template <net::Lower kName, net::Lower kValue>
  [[gnu::always_inline]] void put() {
    writer_ += kFieldLiteral<kName, kValue>.line;
  }
  /// A literal name costs no call.
  template <std::size_t kTerminated>
  [[gnu::always_inline]] void put(const char (&name)[kTerminated], std::string_view value) {
    writer_ = net::put_field(writer_, name, value);
  }
  [[gnu::always_inline]] void put(std::string_view name, std::string_view value) {
    writer_ = net::put_field(writer_, name, value);
  }
  /// A field whose value is written by the writer that this returns; close() ends it.
  template <std::size_t kTerminated>
  [[gnu::always_inline]] BufferWriter open(const char (&name)[kTerminated]) {
    writer_ += name;
    return writer_ += ": ";
  }
  [[gnu::always_inline]] void close(BufferWriter writer) { writer_ = writer += "\r\n"; }
  void put_lines(std::string_view lines) { writer_ += lines; }

  /// What HTTP/1 has besides fields goes by its own writer.
  BufferWriter writer() const { return writer_; }

 private:
  BufferWriter writer_;
};

class FieldSink {
 public:
  static constexpr bool kIsHttp2 = true;

  class Copier;

  /// `most`: so many bytes of values are made at most; those that are only shown do not count.
  FieldSink(net::Http2FieldSection& section, std::size_t most)
      : section_(&section), writer_(section.reserve_writer(most)) {}

  template <net::Lower kName, net::Lower kValue>
  void put() {
    constexpr std::string_view kLine = kFieldLiteral<kName, kValue>.line;
    constexpr std::size_t kNameSize = kName.text.size();
    put(kLine.substr(0, kNameSize), kLine.substr(kNameSize + 2, kValue.text.size()));
  }
  void put(std::string_view name, std::string_view value) { section_->add(name, value); }
  BufferWriter open(std::string_view name) {
    name_ = name;
    return writer_;
  }
  void close(BufferWriter writer) {
    put(name_, {writer_.at(), static_cast<std::size_t>(writer.at() - writer_.at())});
    writer_ = writer;
  }
  void put_lines(std::string_view lines) { section_->add_lines(lines); }

 private:
  net::Http2FieldSection* section_;
  BufferWriter writer_;
  std::string_view name_;  ///< Of the field that is open.
};

class FieldSink::Copier {
 public:
  Copier(FieldSink sink, const net::Fields& fields) : sink_(sink), fields_(fields) {}
  void keep(const net::Field& field) { sink_.put(fields_.name(field), fields_.value(field)); }
  FieldSink finish() const { return sink_; }

 private:
  FieldSink sink_;
  const net::Fields& fields_;
};

/// The values of all lines of a field as one list: "a, b". The writer has not moved if all are
/// empty.
inline BufferWriter put_joined(BufferWriter writer, const net::Fields& fields, net::HeaderId id) {
  bool any = false;
  for (const net::Field& field : fields) {
    if (field.id != id || field.value_size == 0) continue;
    if (any) writer += ", ";
    writer += fields.value(field);
    any = true;
  }
  return writer;
}

/// The Via field (RFC 9110, section 7.6.3): what is there, continued by this hop.
template <class Sink>
[[gnu::always_inline]] inline Sink put_via(Sink sink, const net::Fields& fields,
                                           std::uint8_t minor_version, std::string_view name) {
  BufferWriter writer = sink.open("via");
  if (fields.has(net::HeaderId::via)) {
    const BufferWriter joined = put_joined(writer, fields, net::HeaderId::via);
    if (joined.at() != writer.at()) (writer = joined) += ", ";
  }
  writer += minor_version == 1 ? "1.1 " : minor_version == 0 ? "1.0 " : "2.0 ";
  writer += name;
  sink.close(writer);
  return sink;
}

template <class Sink>
[[gnu::always_inline]] inline Sink put_content_length(Sink sink, std::uint64_t length) {
  sink.close(sink.open("content-length") += length);
  return sink;
}

/// Content-Length as the framing says, and in HTTP/1 Transfer-Encoding.
template <class Sink>
[[gnu::always_inline]] inline Sink put_framing(Sink sink, const net::Framing& framing) {
  if (framing.kind == net::Framing::Kind::length) return put_content_length(sink, framing.length);
  if constexpr (!Sink::kIsHttp2) {
    if (framing.kind == net::Framing::Kind::chunked)
      sink.template put<"transfer-encoding", "chunked">();
  }
  return sink;
}

}  // namespace teal::proxy
