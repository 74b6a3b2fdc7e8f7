#include "net/dns/message.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/ascii.h"

namespace teal::net::dns {
namespace {

using std::chrono::seconds;

constexpr std::uint16_t kInternet = 1;  ///< The class of all that matters here.
constexpr std::size_t kMaxName = 255;   ///< Octets (RFC 1035, 2.3.4).
constexpr std::size_t kMaxAliases = 16;

/// A message that does not follow its grammar.
struct Malformed {
  const char* why;
};

/// The octets of a message, in turn. Never goes over the end.
class Cursor {
 public:
  Cursor(std::span<const std::uint8_t> message, std::size_t at) : message_(message), at_(at) {}

  std::size_t at() const { return at_; }
  void skip(std::size_t octets) {
    need(octets);
    at_ += octets;
  }
  std::uint8_t octet() {
    need(1);
    return message_[at_++];
  }
  std::uint16_t two() {
    const auto high = static_cast<unsigned>(octet()) << 8U;
    return static_cast<std::uint16_t>(high | octet());
  }
  std::uint32_t four() {
    const auto high = static_cast<std::uint32_t>(two()) << 16U;
    return high | two();
  }
  std::span<const std::uint8_t> octets(std::size_t count) {
    need(count);
    at_ += count;
    return message_.subspan(at_ - count, count);
  }
  std::string name();

 private:
  void need(std::size_t octets) const {
    if (octets > message_.size() - at_) throw Malformed{"a length goes over the end"};
  }

  std::span<const std::uint8_t> message_;
  std::size_t at_;
};

/// Lower case. What is no part of a host's name is written \DDD, so that two texts are equal only
/// where the names are.
void append_label(std::string& name, std::span<const std::uint8_t> label) {
  if (!name.empty()) name += '.';
  for (const std::uint8_t octet : label) {
    const char c = to_lower(static_cast<char>(octet));
    if (is_alnum(c) || c == '-' || c == '_') {
      name += c;
      continue;
    }
    const std::string number = std::to_string(octet);
    name.append("\\").append(3 - number.size(), '0').append(number);
  }
}

/// A pointer goes backwards, to before where the name began or the last pointer led (RFC 1035,
/// 4.1.4: to a prior occurrence): so there are no loops.
std::string Cursor::name() {
  constexpr std::uint8_t kPointer = 0xc0;
  std::string name;
  std::size_t size = 1;
  std::size_t before = at_;
  std::optional<std::size_t> behind;  ///< Where the message goes on after the name.
  while (true) {
    const std::uint8_t length = octet();
    if (length == 0) break;
    if ((length & kPointer) == kPointer) {
      const std::size_t to = (static_cast<std::size_t>(length & 0x3fU) << 8U) | octet();
      if (!behind) behind = at_;
      if (to >= before) throw Malformed{"a name does not point backwards"};
      before = at_ = to;
      continue;
    }
    if ((length & kPointer) != 0) throw Malformed{"a label of an unknown kind"};
    size += length + std::size_t{1};
    if (size > kMaxName) throw Malformed{"a name is longer than 255 octets"};
    append_label(name, octets(length));
  }
  if (behind) at_ = *behind;
  return name;
}

/// RFC 2181, 8: with the highest bit it is 0.
seconds read_ttl(Cursor& cursor) {
  const std::uint32_t ttl = cursor.four();
  return seconds{ttl > 0x7fffffffU ? 0 : ttl};
}

struct Record {
  std::string owner;
  std::uint16_t type = 0;
  std::uint16_t net = 0;  ///< Its class.
  seconds ttl{0};
  std::size_t begin = 0, size = 0;  ///< Of its data.
};

Record read_record(Cursor& cursor) {
  Record record;
  record.owner = cursor.name();
  record.type = cursor.two();
  record.net = cursor.two();
  record.ttl = read_ttl(cursor);
  record.size = cursor.two();
  record.begin = cursor.at();
  cursor.skip(record.size);
  return record;
}

bool is(const Record& record, Type type) {
  return record.net == kInternet && record.type == static_cast<std::uint16_t>(type);
}

void lower(std::optional<seconds>& ttl, seconds by) {
  ttl = ttl ? std::min(*ttl, by) : by;
}

/// Reads one message and remembers what matters of it.
class Reader {
 public:
  Reader(std::span<const std::uint8_t> message, Type type) : message_(message), type_(type) {}

  Reply read(std::string_view name);

 private:
  void read_header(std::string_view name);
  void read_records();
  void note_negative_ttl(const Record& record);
  std::string follow_aliases(const std::string& name);
  void take(const Record& record);

  std::span<const std::uint8_t> message_;
  Type type_;
  Cursor cursor_{message_, 0};
  Reply reply_;
  std::uint16_t answers_ = 0, authorities_ = 0;
  unsigned code_ = 0;
  std::map<std::string, std::pair<std::string, seconds>> aliases_;
  std::vector<Record> records_;  ///< Of the type that was asked for.
  std::optional<seconds> negative_ttl_;
};

void Reader::read_header(std::string_view name) {
  constexpr unsigned kReply = 0x8000, kOperation = 0x7800, kTruncated = 0x0200, kCode = 0xf;
  cursor_.skip(2);  // Its id is the transport's business.
  const unsigned flags = cursor_.two();
  if ((flags & kReply) == 0 || (flags & kOperation) != 0) throw Malformed{"it is no reply"};
  reply_.is_truncated = (flags & kTruncated) != 0;
  code_ = flags & kCode;
  const std::uint16_t questions = cursor_.two();
  answers_ = cursor_.two();
  authorities_ = cursor_.two();
  cursor_.skip(2);
  // Whoever fails may leave the question out.
  if (questions == 0 && code_ != 0 && code_ != 3) return;
  if (questions != 1) throw Malformed{"it does not answer one question"};
  const std::string asked = cursor_.name();
  const std::uint16_t type = cursor_.two();
  const std::uint16_t net = cursor_.two();
  if (asked != to_lower_copy(name) || type != static_cast<std::uint16_t>(type_) || net != kInternet)
    throw Malformed{"it answers another question"};
}

void Reader::read_records() {
  for (std::uint16_t i = 0; i < answers_; ++i) {
    Record record = read_record(cursor_);
    if (is(record, Type::cname)) {
      Cursor data(message_.first(record.begin + record.size), record.begin);
      std::string target = data.name();
      aliases_.try_emplace(std::move(record.owner), std::move(target), record.ttl);
    } else if (is(record, type_)) {
      records_.push_back(std::move(record));
    }
  }
  for (std::uint16_t i = 0; i < authorities_; ++i)
    if (const Record record = read_record(cursor_); is(record, Type::soa))
      note_negative_ttl(record);
}

void Reader::note_negative_ttl(const Record& record) {
  constexpr std::size_t kBeforeMinimum = 16;  ///< SERIAL, REFRESH, RETRY, EXPIRE.
  Cursor data(message_.first(record.begin + record.size), record.begin);
  data.name();
  data.name();
  data.skip(kBeforeMinimum);
  negative_ttl_ = std::min(record.ttl, read_ttl(data));
}

/// The name that the records are of.
std::string Reader::follow_aliases(const std::string& name) {
  std::string owner = name;
  for (std::size_t steps = 0; steps <= kMaxAliases; ++steps) {
    const auto alias = aliases_.find(owner);
    if (alias == aliases_.end()) return owner;
    lower(reply_.ttl, alias->second.second);
    owner = alias->second.first;
  }
  throw Malformed{"its aliases go round in a loop, or are more than 16"};
}

void Reader::take(const Record& record) {
  Cursor data(message_.first(record.begin + record.size), record.begin);
  std::array<std::uint8_t, 16> ip{};
  if (type_ == Type::srv) {
    ServicePlace place;
    place.priority = data.two();
    place.weight = data.two();
    place.port = data.two();
    place.host = data.name();
    reply_.services.push_back(std::move(place));
  } else if (type_ == Type::aaaa) {
    if (record.size != ip.size()) throw Malformed{"an IPv6 address has not 16 octets"};
    std::ranges::copy(data.octets(ip.size()), ip.begin());
    reply_.addresses.push_back(ip);
  } else {
    if (record.size != 4) throw Malformed{"an IPv4 address has not 4 octets"};
    ip[10] = ip[11] = 0xff;
    std::ranges::copy(data.octets(4), ip.begin() + 12);
    reply_.addresses.push_back(ip);
  }
  lower(reply_.ttl, record.ttl);
}

template <class T>
void keep_each_once(std::vector<T>& values) {
  std::ranges::sort(values);
  const auto rest = std::ranges::unique(values);
  values.erase(rest.begin(), rest.end());
}

Reply Reader::read(std::string_view name) {
  read_header(name);
  if (code_ != 0 && code_ != 3) {
    reply_.outcome = code_ == 2   ? Outcome::server_failure
                     : code_ == 5 ? Outcome::refused
                                  : Outcome::other;
    if (reply_.outcome == Outcome::other) reply_.fault = "its code is " + std::to_string(code_);
    return std::move(reply_);
  }
  try {
    read_records();
  } catch (const Malformed&) {
    // What is cut off may be cut off anywhere.
    if (!reply_.is_truncated) throw;
  }
  const std::string owner = follow_aliases(to_lower_copy(name));
  if (code_ == 0)
    for (const Record& record : records_)
      if (record.owner == owner) take(record);
  keep_each_once(reply_.addresses);
  keep_each_once(reply_.services);
  const bool is_empty = reply_.addresses.empty() && reply_.services.empty();
  reply_.outcome = code_ == 3 ? Outcome::no_name : is_empty ? Outcome::no_data : Outcome::found;
  if (is_empty) reply_.ttl = negative_ttl_;
  return std::move(reply_);
}

}  // namespace

std::string_view to_string(Type type) {
  switch (type) {
    case Type::a: return "A";
    case Type::cname: return "CNAME";
    case Type::soa: return "SOA";
    case Type::aaaa: return "AAAA";
    case Type::srv: return "SRV";
  }
  return "?";
}

Reply read_reply(std::span<const std::uint8_t> message, std::string_view name, Type type) {
  try {
    return Reader(message, type).read(name);
  } catch (const Malformed& fault) {
    Reply reply;
    reply.fault = fault.why;
    return reply;
  }
}

}  // namespace teal::net::dns
