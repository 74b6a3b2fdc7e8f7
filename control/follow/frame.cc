#include "control/follow/frame.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace teal::control::follow {
namespace {

constexpr char kMagic = 'T';
constexpr std::uint8_t kMore = 1;

void put(std::string& to, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) to.push_back(static_cast<char>(value >> (8 * i) & 0xffU));
}

std::uint64_t get(std::string_view from, std::size_t at, unsigned bytes) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < bytes; ++i)
    value |= std::uint64_t{static_cast<std::uint8_t>(from[at + i])} << (8 * i);
  return value;
}

}  // namespace

std::optional<std::uint8_t> common_version(std::uint8_t oldest, std::uint8_t newest) {
  const std::uint8_t best = std::min(newest, kNewestVersion);
  if (oldest > newest || best < oldest || best < kOldestVersion) return std::nullopt;
  return best;
}

std::vector<std::string> to_frames(const Envelope& message) {
  TEAL_ASSERT(message.payload.size() <= kMaxMessage);
  std::vector<std::string> frames;
  std::string_view left = message.payload;
  do {
    const std::string_view part = left.substr(0, kMaxFrame - kHeader);
    left.remove_prefix(part.size());
    std::string frame;
    frame.reserve(kHeader + part.size());
    frame.push_back(kMagic);
    put(frame, message.version, 1);
    put(frame, message.kind, 1);
    put(frame, left.empty() ? 0 : kMore, 1);
    put(frame, part.size(), 4);
    put(frame, message.term, 8);
    put(frame, message.number, 8);
    frame += part;
    frames.push_back(std::move(frame));
  } while (!left.empty());
  return frames;
}

Assembler::Header Assembler::read(std::string_view frame) {
  return {.version = static_cast<std::uint8_t>(frame[1]),
          .kind = static_cast<std::uint8_t>(frame[2]),
          .more = frame[3] != 0,
          .size = static_cast<std::size_t>(get(frame, 4, 4)),
          .term = get(frame, 8, 8),
          .number = get(frame, 16, 8)};
}

/// Of what a header says before anything behind it is there.
const char* Assembler::fault_of(const Header& header, std::string_view frame) const {
  const auto flags = static_cast<std::uint8_t>(frame[3]);
  if (frame[0] != kMagic) return "it is no frame";
  if (header.version < kOldestVersion || header.version > kNewestVersion)
    return "its version is not spoken here";
  if (flags > kMore) return "its flags are unknown";
  if (header.size > kMaxFrame - kHeader) return "it is larger than 64 KiB";
  // Else a message could be kept going for ever without a byte.
  if (header.more && header.size == 0) return "it is empty and not the last of its message";
  if (is_begun_ && message_.payload.size() + header.size > kMaxMessage)
    return "its message is larger than 4 MiB";
  if (is_begun_ && (header.number != message_.number || header.kind != message_.kind ||
                    header.version != message_.version || header.term != message_.term))
    return "another message begins before the last one is whole";
  if (!is_begun_ && header.number != last_number_ + 1) return "its number is not the next one";
  if (!is_begun_ && header.term < last_term_) return "its term is an earlier one";
  return nullptr;
}

std::optional<Envelope> Assembler::add(const Header& header, std::string_view part) {
  if (!is_begun_)
    message_ = {header.version, header.kind, header.term, header.number, std::string()};
  is_begun_ = header.more;
  message_.payload += part;
  if (header.more) return std::nullopt;
  last_number_ = header.number;
  last_term_ = header.term;
  return std::exchange(message_, Envelope{});
}

Error Assembler::refuse(const char* why) {
  fault_ = why;
  buffer_ = {};
  message_ = {};
  return Error{Source::upstream, std::string("a frame of the peer is refused: ") + why};
}

Result<void> Assembler::take(std::string_view bytes, std::vector<Envelope>& whole) {
  if (fault_ != nullptr) return refuse(fault_);
  while (true) {
    // No more than the frame needs, however much has come.
    const std::size_t wanted = buffer_.size() < kHeader ? kHeader : kHeader + read(buffer_).size;
    const std::string_view some = bytes.substr(0, wanted - buffer_.size());
    buffer_ += some;
    bytes.remove_prefix(some.size());
    if (buffer_.size() < wanted) return {};
    const Header header = read(buffer_);
    if (const char* const why = fault_of(header, buffer_)) return refuse(why);
    if (buffer_.size() < kHeader + header.size) continue;
    std::optional<Envelope> message = add(header, std::string_view(buffer_).substr(kHeader));
    buffer_.clear();
    if (message) whole.push_back(*std::move(message));
  }
}

Result<std::optional<Envelope>> Assembler::take_packet(std::string_view packet) {
  if (fault_ != nullptr) return refuse(fault_);
  if (packet.size() < kHeader) return refuse("it ends within its header");
  const Header header = read(packet);
  if (const char* const why = fault_of(header, packet)) return refuse(why);
  if (packet.size() != kHeader + header.size) return refuse("its size is not what it says");
  return add(header, packet.substr(kHeader));
}

}  // namespace teal::control::follow
