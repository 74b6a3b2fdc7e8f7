// The sanitizers of this tree do find what they are there for: each fault is made on purpose, in a
// process of its own that must not survive it. Trees without a sanitizer have none of these tests
// (tests/CMakeLists.txt says which tree finds what).
#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <thread>
#include <vector>

namespace teal {
namespace {

#ifdef TEAL_FINDS_MEMORY_FAULTS

// What is used after its end, kept where no optimiser follows.
const int* volatile dangling = nullptr;

void leave_a_pointer_to_a_local() {
  int local = 1;
  dangling = &local;
}

TEST(AddressSanitizerDeathTest, FindsUseAfterFree) {
  const auto use = [] {
    auto value = std::make_unique<int>(1);
    dangling = value.get();
    value.reset();
    std::exit(*dangling);
  };
  EXPECT_DEATH(use(), "heap-use-after-free");
}

TEST(AddressSanitizerDeathTest, FindsUseAfterReturn) {
  const auto use = [] {
    leave_a_pointer_to_a_local();
    std::exit(*dangling);
  };
  EXPECT_DEATH(use(), "stack-use-after-return");
}

TEST(AddressSanitizerDeathTest, FindsReadsPastTheEndOfAVector) {
  const auto read = [] {
    const std::vector<int> values(4);
    dangling = values.data() + 4;
    std::exit(*dangling);
  };
  EXPECT_DEATH(read(), "heap-buffer-overflow");
}

TEST(UndefinedBehaviorSanitizerDeathTest, EndsTheProcessAtAnOverflow) {
  const auto overflow = [](int by) {
    volatile int value = std::numeric_limits<int>::max();
    value = value + by;
    std::exit(0);
  };
  EXPECT_DEATH(overflow(1), "signed integer overflow");
}

#endif

#ifdef TEAL_FINDS_RACES

TEST(ThreadSanitizerDeathTest, FindsADataRace) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto race = [] {
    int value = 0;
    {
      const std::jthread other([&value] { ++value; });
      ++value;
    }
    std::exit(value == 2 ? 66 : 0);
  };
  EXPECT_DEATH(race(), "data race");
}

#endif

}  // namespace
}  // namespace teal
