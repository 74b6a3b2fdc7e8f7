// A body that is too long to be held, from a server that reads it piece by piece to a client that
// takes it as it comes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include <boost/asio/post.hpp>

#include "app/client/admin_client.h"
#include "control/api/body_source.h"
#include "tests/support/admin_fixture.h"

namespace teal::app {
namespace {

using control::BodySource;
using control::TakenSnapshot;
using ::testing::HasSubstr;

constexpr Millis kEver{600'000};

/// So many bytes, of which the server can read as many as `readable`.
class Letters final : public BodySource {
 public:
  Letters(boost::asio::io_context& io, std::uint64_t size, std::uint64_t readable)
      : io_(io), size_(size), left_(readable) {}
  std::uint64_t size() const override { return size_; }
  void read(std::size_t most, std::function<void(std::string)> done) override {
    const std::uint64_t some = std::min<std::uint64_t>(most, left_);
    left_ -= some;
    boost::asio::post(io_, [done = std::move(done), some] {
      done(std::string(static_cast<std::size_t>(some), 'x'));
    });
  }

 private:
  boost::asio::io_context& io_;
  std::uint64_t size_;
  std::uint64_t left_;
};

class ALongBody : public ::testing::Test {
 protected:
  void give(std::uint64_t size, std::uint64_t readable) {
    admin_.on_server([&] {
      admin_.take_snapshot = [=, this](const TakenSnapshot& taken) {
        taken(std::make_shared<Letters>(admin_.io, size, readable));
      };
    });
  }
  Result<AdminAnswer> receive(const std::function<bool(std::string_view)>& take) {
    return AdminClient(admin_.address()).receive("POST", "/v1/state/backup", kEver, take);
  }

  control::testing::RunningAdmin admin_;
};

TEST_F(ALongBody, ComesWholeHoweverLongItIs) {
  for (const std::uint64_t size : {0U, 1U, 65'536U, 65'537U, 20'000'000U}) {
    give(size, size);
    std::uint64_t got = 0;
    const Result<AdminAnswer> answer = receive([&](std::string_view bytes) {
      got += bytes.size();
      return true;
    });
    ASSERT_TRUE(answer) << answer.error();
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(got, size);
  }
}

TEST_F(ALongBody, ThatCannotBeReadToItsEndIsNotTakenForWhole) {
  give(1'000'000, 300'000);
  const Result<AdminAnswer> answer = receive([](std::string_view) { return true; });
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message(), HasSubstr("did not answer"));
}

TEST_F(ALongBody, EndsWhereTheClientHasEnough) {
  give(100'000'000, 100'000'000);
  const Result<AdminAnswer> answer = receive([](std::string_view bytes) { return bytes.empty(); });
  ASSERT_TRUE(answer);
  give(3, 3);
  EXPECT_TRUE(receive([](std::string_view) { return true; })) << "the server goes on";
}

TEST_F(ALongBody, MayBeginAfterTheTimeThatACommandHas) {
  constexpr Millis kTime{500};
  std::promise<TakenSnapshot> asked;
  admin_.on_server([&] {
    admin_.commands.hold = true;
    admin_.take_snapshot = [&](const TakenSnapshot& taken) { asked.set_value(taken); };
  });
  std::future<Result<AdminAnswer>> answer = std::async(std::launch::async, [&] {
    return AdminClient(admin_.address(), kTime)
        .receive("POST", "/v1/state/backup", kEver, [](std::string_view) { return true; });
  });
  const TakenSnapshot taken = asked.get_future().get();
  // A command that was sent later has had its time.
  EXPECT_FALSE(AdminClient(admin_.address(), kTime).send("POST", "/v1/deployments/d-3/stop"));
  admin_.on_server([&] { taken(std::make_shared<Letters>(admin_.io, 3, 3)); });
  const Result<AdminAnswer> got = answer.get();
  ASSERT_TRUE(got) << got.error();
  EXPECT_EQ(got->status, 200);
}

TEST_F(ALongBody, OfARefusalIsTheProblem) {
  admin_.on_server([&] {
    admin_.take_snapshot = [](const TakenSnapshot& taken) {
      taken(control::ApiError{409, "backup-running", "Another", "one at a time", "wait"});
    };
  });
  const Result<AdminAnswer> answer = receive([](std::string_view) { return true; });
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 409);
  EXPECT_THAT(answer->body, HasSubstr("backup-running"));
}

}  // namespace
}  // namespace teal::app
