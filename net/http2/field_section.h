// Http2FieldSection: the fields of a head or of trailers on their way into an Http2Session, without
// the pseudo-fields. Names may be in any case: HTTP/2's is made of them when they are sent.
//
// A value that is kept and used again, so that its room is there; one thread at a time. It holds
// views: what they show lives until the section is sent, or was written by reserve_writer(), and
// lives until clear().
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"

namespace teal::net {

/// What a request says in pseudo-fields, but for the scheme, which is the connection's.
struct Http2RequestStart {
  std::string_view method, authority, path;
  /// What it asks for as an extended CONNECT (RFC 8441), whatever the method; empty: it is none.
  std::string_view protocol = {};
};

class Http2FieldSection {
 public:
  struct Entry {
    std::string_view name, value;
  };

  void clear() { entries_.clear(); }
  void add(std::string_view name, std::string_view value) { entries_.push_back({name, value}); }
  /// Adds the fields of lines as HTTP/1 has them ("name: value\r\n"), which are well-formed,
  /// without those that speak of a connection.
  void add_lines(std::string_view lines);
  /// Room for `most` bytes of values that are made, for add(). Once between two clear()s.
  BufferWriter reserve_writer(std::size_t most) { return room_.reserve_writer(most); }

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

 private:
  std::vector<Entry> entries_;
  ByteBuffer room_;  ///< Its size stays nought: who writes to it keeps count.
};

/// A section that waits with a copy of what it shows, since a body goes before it.
class Http2KeptFields {
 public:
  void take(const Http2FieldSection& section);
  bool empty() const { return sizes_.empty(); }
  template <class Visit>
  void visit(Visit visit) const {
    std::string_view rest = bytes_;
    for (const auto& [name, value] : sizes_) {
      visit(rest.substr(0, name), rest.substr(name, value));
      rest.remove_prefix(std::size_t{name} + value);
    }
  }

 private:
  struct Sizes {
    std::uint32_t name, value;
  };
  std::string bytes_;  ///< Names and values by turns, with nothing between.
  std::vector<Sizes> sizes_;
};

}  // namespace teal::net
