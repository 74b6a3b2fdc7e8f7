// The drivers of the wire tests tell what they find to GoogleTest. In a fuzz target nobody listens
// there: a failure is thrown, and what is thrown ends the process.
#pragma once

#include <gtest/gtest.h>

namespace teal::fuzz {

inline const bool kFailuresAreThrown = [] {
  GTEST_FLAG_SET(throw_on_failure, true);
  return true;
}();

}  // namespace teal::fuzz
