// Files of users: which hashes are taken, which lines are none, whose a password is.
#include "net/password/password_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/password/password_hash.h"

namespace teal::net {
namespace {

using testing::HasSubstr;

// Of "open sesame", at the least cost.
constexpr const char* kBcrypt = "$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy";
constexpr const char* kArgon2id =
    "$argon2id$v=19$m=64,t=2,p=1$c2FsdHNhbHQ$C0BlGMGypJNKkAhuXJJPRNuYFYuj5j+2zC5qn1HRnt0";
constexpr const char* kArgon2i =
    "$argon2i$v=19$m=64,t=2,p=1$c2FsdHNhbHQ$36FcU6gCEqVcYZqnmHdu2Kv+X1VR9I7yhPJ+FaJM5Hs";

std::shared_ptr<const PasswordFile> parsed(const std::string& text, FileFaults& faults) {
  return PasswordFile::parse({"users", "services.shop.basic_auth.file", 3, 4}, text, faults);
}

/// What is said of a text that is refused.
std::string fault_of(const std::string& text) {
  FileFaults faults;
  if (parsed(text, faults)) return "taken";
  return faults.empty() ? "nothing is said" : faults.back().message + " / " + faults.back().hint;
}

std::string hash_fault(std::string_view hash) {
  const auto fault = why_not_hash(hash);
  return fault ? fault->message : "";
}

TEST(PasswordHash, OfBcryptAndArgon2IsChecked) {
  for (const std::string& hash :
       {std::string(kBcrypt), std::string(kArgon2id), std::string(kArgon2i),
        std::string("$2a$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy"),
        std::string("$2b$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy")}) {
    EXPECT_EQ(hash_fault(hash), "") << hash;
    EXPECT_TRUE(is_password_of(hash, "open sesame")) << hash;
    EXPECT_FALSE(is_password_of(hash, "open sesam")) << hash;
    EXPECT_FALSE(is_password_of(hash, "open sesame ")) << hash;
    EXPECT_FALSE(is_password_of(hash, "")) << hash;
  }
}

TEST(PasswordHash, OfAKindThatIsTriedOutQuicklyIsRefused) {
  EXPECT_THAT(hash_fault("$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00"), HasSubstr("MD5"));
  EXPECT_THAT(hash_fault("{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE="), HasSubstr("SHA-1"));
  EXPECT_THAT(hash_fault("$6$salt$hash"), HasSubstr("of kind $6$"));
  EXPECT_THAT(hash_fault("open sesame"), HasSubstr("plain text"));
  EXPECT_THAT(hash_fault(""), HasSubstr("empty"));
  EXPECT_THAT(hash_fault("$2x$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy"),
              HasSubstr("known fault"));
  EXPECT_THAT(hash_fault("$argon2d$v=19$m=64,t=2,p=1$c2FsdHNhbHQ$AAAA"),
              HasSubstr("not for passwords"));
}

TEST(PasswordHash, ThatIsCutOrTooDearIsRefused) {
  EXPECT_THAT(hash_fault("$2y$04$abcdefghijklmnopqrstuu"), HasSubstr("not a whole hash"));
  EXPECT_THAT(hash_fault("$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/c:"),
              HasSubstr("not a whole hash"));
  EXPECT_THAT(hash_fault("$2y$16$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy"),
              HasSubstr("a cost of 16"));
  EXPECT_THAT(hash_fault("$2y$03$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy"),
              HasSubstr("a cost of 3"));
  EXPECT_THAT(hash_fault("$argon2id$v=19$m=1048576,t=1,p=1$c2FsdHNhbHQ$AAAA"),
              HasSubstr("costs more"));
  EXPECT_THAT(hash_fault("$argon2id$v=19$m=262144,t=17,p=1$c2FsdHNhbHQ$AAAA"),
              HasSubstr("costs more"));
  EXPECT_THAT(hash_fault("$argon2id$v=19$m=64,t=2,p=99$c2FsdHNhbHQ$AAAA"), HasSubstr("costs more"));
  EXPECT_THAT(hash_fault("$argon2id$v=19$m=64,t=2$c2FsdHNhbHQ$AAAA"), HasSubstr("m, t and p"));
  EXPECT_THAT(hash_fault("$argon2id$m=64,t=2,p=1$c2FsdHNhbHQ$AAAA"), HasSubstr("version 1.3"));
}

TEST(PasswordFile, KnowsItsUsersAndNobodyElse) {
  FileFaults faults;
  const auto file = parsed(
      "# people\n\nanna:" + std::string(kBcrypt) + "\r\nbob:" + kArgon2id + ":the second one\n",
      faults);
  ASSERT_TRUE(file);
  EXPECT_TRUE(faults.empty());
  EXPECT_EQ(file->users(), 2U);
  EXPECT_TRUE(file->check("anna", "open sesame"));
  EXPECT_TRUE(file->check("bob", "open sesame"));
  EXPECT_FALSE(file->check("anna", "sesame"));
  EXPECT_FALSE(file->check("carol", "open sesame")) << "the stand-in's password lets nobody in";
  EXPECT_FALSE(file->check("", "open sesame"));
  EXPECT_FALSE(file->check("anna", std::string_view("open sesame\0x", 13)))
      << "crypt(3) would read up to the zero byte";
  EXPECT_FALSE(file->check("anna", std::string(5000, 'x')));
}

TEST(PasswordFile, SaysWhichLineIsWrongAndWhatToDo) {
  const std::string good = "anna:" + std::string(kBcrypt) + "\n";
  EXPECT_THAT(fault_of(good + "bob:$apr1$x$y\n"), HasSubstr("users line 2: the hash of 'bob'"));
  EXPECT_THAT(fault_of(good + "bob:$apr1$x$y\n"), HasSubstr("htpasswd -B"));
  EXPECT_THAT(fault_of(good + "bob\n"), HasSubstr("line 2: is not name:hash"));
  EXPECT_THAT(fault_of(":" + std::string(kBcrypt)), HasSubstr("is not name:hash"));
  EXPECT_THAT(fault_of(good + good), HasSubstr("'anna' has a line above"));
  EXPECT_THAT(fault_of("# nobody\n"), HasSubstr("has no users"));
  EXPECT_THAT(fault_of(std::string(300, 'a') + ":x"), HasSubstr("more than 255 bytes"));
}

TEST(PasswordFile, ThatIsNotThereIsAFaultOfItsPlace) {
  FileFaults faults;
  EXPECT_FALSE(
      PasswordFile::load({"/nowhere/users", "services.shop.basic_auth.file", 3, 4}, faults));
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_TRUE(faults[0].fatal);
  EXPECT_EQ(faults[0].file.line, 3);
  EXPECT_THAT(faults[0].message, HasSubstr("/nowhere/users cannot be opened"));
}

TEST(PasswordFile, IsToldFromOthersByItsText) {
  FileFaults faults;
  const auto one = parsed("anna:" + std::string(kBcrypt), faults);
  const auto same = parsed("anna:" + std::string(kBcrypt), faults);
  const auto other = parsed("anna:" + std::string(kArgon2id), faults);
  ASSERT_TRUE(one && same && other);
  EXPECT_EQ(one->digest(), same->digest());
  EXPECT_NE(one->digest(), other->digest());
}

}  // namespace
}  // namespace teal::net
