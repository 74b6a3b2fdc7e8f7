// The binary under test: it is the one that was asked for, and a sanitizer's is known as one.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

TEST(BinaryUnderTest, IsTheOneThatWasNamed) {
  Target target;
  Teal teal(shop({target.address()}));
  const std::string process = "/proc/" + std::to_string(teal.id()) + "/exe";
  EXPECT_EQ(std::filesystem::read_symlink(process), std::filesystem::canonical(teal_binary()));
  if (const char* const named = std::getenv("TEAL_BINARY")) {
    EXPECT_EQ(teal_binary(), std::filesystem::absolute(named));
  }
}

TEST(BinaryUnderTest, IsKnownToBeInstrumentedByItsSymbols) {
  const TempDir dir;
  const std::string code(100'000, 'x');
  write_file(dir / "plain", code + "main, _init" + code);
  write_file(dir / "address", code + "__asan_init" + code);
  write_file(dir / "thread", code + "__tsan_init" + code);
  EXPECT_FALSE(is_instrumented(dir / "plain"));
  EXPECT_TRUE(is_instrumented(dir / "address"));
  EXPECT_TRUE(is_instrumented(dir / "thread"));
  // What `./dev asan` and `./dev tsan` drive has the name of its tree in its path.
  const std::string& path = teal_binary();
  if (path.ends_with("build/asan/teal") || path.ends_with("build/tsan/teal")) {
    EXPECT_TRUE(kSanitized) << path;
  }
}

}  // namespace
}  // namespace teal::e2e
