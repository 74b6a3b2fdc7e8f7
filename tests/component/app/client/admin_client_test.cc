// The command line's client before servers that are broken or hostile.
#include "app/client/admin_client.h"

#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>

#include "app/client/known_names.h"
#include "tests/support/component_scripted_server.h"

namespace teal::app {
namespace {

using ::testing::HasSubstr;
using Until = AdminClient::Until;

constexpr Millis kEver{600'000};
const std::string kStream = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

/// Gives every connection this reply, on a thread of its own.
class Answering {
 public:
  explicit Answering(const test::Reply& reply)
      : server_(
            std::make_unique<test::ScriptedServer>(io_, [reply](std::size_t) { return reply; })),
        thread_([this] { io_.run(); }) {}
  ~Answering() {
    boost::asio::post(io_, [this] {
      server_.reset();
      work_.reset();
    });
    thread_.join();
  }
  Address address() const { return server_->address(); }

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  std::unique_ptr<test::ScriptedServer> server_;
  std::thread thread_;
};

test::Reply held(std::string bytes) {
  return {std::move(bytes), test::Reply::Then::hold};
}
test::Reply dripping(std::string bytes) {
  return {std::move(bytes), test::Reply::Then::hold, Millis{1}};
}

std::string failure_of(const Result<AdminAnswer>& answer) {
  return answer ? "answered " + std::to_string(answer->status) : answer.error().message();
}

TEST(AdminClient, SaysWhoseASocketIsThatItMayNotConnectTo) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may connect to all";
  const std::string path = "/tmp/teal-denied-" + std::to_string(::getpid());
  boost::asio::io_context io;
  const boost::asio::local::stream_protocol::acceptor acceptor(io, {path});
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  const Address address{Address::Kind::unix_socket, path, 0};
  EXPECT_EQ(failure_of(AdminClient(address).send("GET", "/v1/services")),
            "cannot connect to unix:" + path +
                ": Permission denied; only Teal's own user and root may (its socket is 0600)");
  ::unlink(path.c_str());
}

TEST(AdminClient, TakesNothingForWholeThatDoesNotSayHowLongItIs) {
  const Answering server({"HTTP/1.1 200 OK\r\n\r\na part", test::Reply::Then::close});
  std::string taken;
  const auto take = [&](std::string_view bytes) {
    taken += bytes;
    return true;
  };
  EXPECT_THAT(failure_of(AdminClient(server.address()).receive("GET", "/", kEver, take)),
              HasSubstr("does not say how long its answer is"));
  EXPECT_EQ(taken, "");
}

TEST(AdminClient, TakesNoMoreThanNamesNeedForWhoeverIsTyping) {
  const Answering small(test::http_reply(200, R"({"services":[]})"));
  const Result<AdminAnswer> names = ask_for_little(AdminClient(small.address()), "/", kEver);
  ASSERT_TRUE(names) << names.error();
  EXPECT_EQ(names->body, R"({"services":[]})");
  const Answering large(test::http_reply(200, std::string(kMaxNamesAnswer + 1, ' ')));
  EXPECT_THAT(failure_of(ask_for_little(AdminClient(large.address()), "/", kEver)),
              HasSubstr("too long"));
}

TEST(AdminClient, TakesAnAnswer) {
  const Answering server(test::http_reply(200, "{}"));
  const Result<AdminAnswer> answer = AdminClient(server.address()).send("GET", "/v1/services");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "{}");
}

TEST(AdminClient, EndsInTimeWhateverDrips) {
  for (const std::string& bytes :
       {"HTTP/1.1 200 OK\r\nX: " + std::string(7'000, 'x'),
        "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + std::string(9'000, 'x'),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(9'000, 'x')}) {
    const Answering server(dripping(bytes));
    EXPECT_THAT(failure_of(AdminClient(server.address(), Millis{100}).send("GET", "/v1/services")),
                HasSubstr("did not answer"));
  }
}

TEST(AdminClient, ReadsNoHeadNorLineOfAChunkWithoutAnEnd) {
  for (const std::string start :
       {"HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 ",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: "}) {
    const Answering server(held(start + std::string(2'000'000, 'x')));
    EXPECT_THAT(failure_of(AdminClient(server.address(), kEver).send("GET", "/v1/services")),
                HasSubstr("did not answer"))
        << start;
  }
}

TEST(AdminClient, RefusesABodyThatIsNoAnswerOfTeals) {
  const Answering server(held("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"));
  EXPECT_THAT(failure_of(AdminClient(server.address(), kEver).send("GET", "/v1/services")),
              HasSubstr("did not answer"));
}

TEST(AdminClient, WaitsForTheRetainedEventsNoLongerThanForAnyAnswer) {
  std::string heartbeats = kStream;
  for (int i = 0; i < 5'000; ++i) heartbeats += ":\n\n";
  const Answering server(dripping(heartbeats));
  const Result<AdminAnswer> ended =
      AdminClient(server.address(), Millis{200})
          .follow_events("0", Until::retained, [](const ServerEvent&) { return true; });
  ASSERT_FALSE(ended);
  EXPECT_THAT(ended.error().message(), HasSubstr("did not answer"));
}

TEST(AdminClient, SaysSoWhereAnEventHasNoEnd) {
  for (const std::string start : {"data: ", "id: 1\nevent: "}) {
    const Answering server(held(kStream + start + std::string(3'000'000, 'x')));
    const Result<AdminAnswer> ended =
        AdminClient(server.address(), kEver)
            .follow_events("0", Until::stopped, [](const ServerEvent&) { return true; });
    ASSERT_FALSE(ended) << start;
    EXPECT_THAT(ended.error().message(), HasSubstr("is not Teal"));
  }
}

}  // namespace
}  // namespace teal::app
