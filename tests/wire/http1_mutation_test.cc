// Seeded mutations of the vectors: bytes and lines are changed, moved, repeated and spliced by
// someone who knows where framing hurts. Whatever comes of it, a parser takes no more than it is
// given, says the same however the bytes are split, and never gives a hidden request away.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/support/http1_driver.h"
#include "tests/support/http1_request_vectors.h"
#include "tests/support/http1_response_vectors.h"
#include "tests/support/http1_smuggling_vectors.h"

namespace teal::net::testing {
namespace {

constexpr std::uint32_t kMutations = 20'000;
constexpr std::uint64_t kSeed = 20'261'123;

constexpr std::array<std::string_view, 24> kMorsels = {"\r\n",
                                                       "\n",
                                                       "\r",
                                                       "\r\n\r\n",
                                                       " ",
                                                       "\t",
                                                       ":",
                                                       ";",
                                                       ",",
                                                       "0",
                                                       "5",
                                                       "ffffffff",
                                                       "0\r\n\r\n",
                                                       "Content-Length: 5\r\n",
                                                       "Content-Length: 0\r\n",
                                                       "Transfer-Encoding: chunked\r\n",
                                                       "Transfer-Encoding: x\r\n",
                                                       "chunked",
                                                       "Host: b\r\n",
                                                       "Connection: close\r\n",
                                                       "HTTP/1.1",
                                                       "HTTP/1.0",
                                                       "\x0b",
                                                       "\xff"};

std::size_t place(Rng& rng, const std::string& bytes) {
  return rng.below(static_cast<std::uint32_t>(bytes.size()) + 1);
}

/// The beginning of some line of `bytes`.
std::size_t line_place(Rng& rng, const std::string& bytes) {
  const std::size_t at = bytes.find('\n', place(rng, bytes));
  return at == std::string::npos ? 0 : at + 1;
}

void mutate(Rng& rng, std::string& bytes, const std::string& other) {
  const std::string_view morsel = kMorsels[rng.below(kMorsels.size())];
  switch (rng.below(8)) {
    case 0: bytes.insert(place(rng, bytes), morsel); break;
    case 1: bytes.insert(line_place(rng, bytes), morsel); break;
    case 2: bytes.insert(place(rng, bytes), 1, static_cast<char>(rng.below(256))); break;
    case 3: bytes.erase(place(rng, bytes), rng.below(4)); break;
    case 4:
      if (!bytes.empty()) bytes[place(rng, bytes) % bytes.size()] = static_cast<char>(rng.next());
      break;
    case 5: {  // a line again
      const std::size_t at = line_place(rng, bytes);
      const std::size_t end = bytes.find('\n', at);
      if (end != std::string::npos) bytes.insert(at, bytes.substr(at, end + 1 - at));
      break;
    }
    case 6: {  // without a line
      const std::size_t at = line_place(rng, bytes);
      const std::size_t end = bytes.find('\n', at);
      if (end != std::string::npos) bytes.erase(at, end + 1 - at);
      break;
    }
    default: bytes = bytes.substr(0, line_place(rng, bytes)) + other.substr(line_place(rng, other));
  }
  if (bytes.size() > 2000) bytes.resize(2000);
}

/// A few cuts at random places.
std::vector<std::string_view> random_pieces(Rng& rng, std::string_view bytes) {
  std::vector<std::string_view> pieces;
  while (!bytes.empty()) {
    const std::size_t size = 1 + rng.below(static_cast<std::uint32_t>(bytes.size()));
    pieces.push_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return pieces;
}

Http1Limits random_limits(Rng& rng) {
  Http1Limits limits;
  if (rng.below(4) != 0) return limits;
  limits.start_line_bytes = 10 + rng.below(60);
  limits.head_bytes = 20 + rng.below(200);
  limits.fields = rng.below(6);
  limits.chunk_line_bytes = 2 + rng.below(20);
  limits.trailer_bytes = 2 + rng.below(60);
  return limits;
}

/// Mutates vectors for kMutations rounds; `read(pieces, vector, limits)` gives a Transcript.
template <class Vector, class Read>
void run_mutations(const std::vector<Vector>& vectors, Read read) {
  Rng rng{kSeed};
  const auto pick = [&]() -> const Vector& {
    return vectors[rng.below(static_cast<std::uint32_t>(vectors.size()))];
  };
  std::uint32_t accepted = 0;
  for (std::uint32_t round = 0; round < kMutations; ++round) {
    const Vector& vector = pick();
    std::string bytes = vector.bytes;
    for (std::uint32_t i = 1 + rng.below(3); i > 0; --i) mutate(rng, bytes, pick().bytes);
    const Http1Limits limits = random_limits(rng);
    const Transcript whole = read({std::string_view{bytes}}, vector, limits);
    const Transcript pieces = read(random_pieces(rng, bytes), vector, limits);
    ASSERT_TRUE(pieces == whole) << "seed " << kSeed << ", round " << round << "\n"
                                 << bytes << "\nin one piece:\n"
                                 << whole.text << "in several:\n"
                                 << pieces.text;
    ASSERT_LE(whole.consumed, bytes.size());
    if (whole.refusal == Refusal::none && whole.ends > 0) ++accepted;
  }
  // A run in which everything was refused, or nothing, would have tested nothing.
  EXPECT_GT(accepted, kMutations / 50);
  EXPECT_LT(accepted, kMutations);
}

TEST(MutatedRequests, AreReadAlikeHoweverTheyAreSplit) {
  std::vector<RequestVector> vectors = accepted_requests();
  for (const auto& more : {refused_requests(), smuggling_requests()})
    vectors.insert(vectors.end(), more.begin(), more.end());
  run_mutations(vectors, [](const std::vector<std::string_view>& pieces, const RequestVector&,
                            const Http1Limits& limits) { return read_requests(pieces, limits); });
}

TEST(MutatedResponses, AreReadAlikeHoweverTheyAreSplit) {
  std::vector<ResponseVector> vectors = accepted_responses();
  const std::vector<ResponseVector> more = refused_responses();
  vectors.insert(vectors.end(), more.begin(), more.end());
  run_mutations(vectors, [](const std::vector<std::string_view>& pieces,
                            const ResponseVector& vector, const Http1Limits& limits) {
    return read_response(pieces, vector.method, limits);
  });
}

}  // namespace
}  // namespace teal::net::testing
