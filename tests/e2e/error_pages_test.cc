// Pages of the operator's for Teal's own errors.
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

void write(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
}

TEST(ErrorPages, TakeThePlaceOfTealsOwnWordsAndOfNobodyElses) {
  TempDir files;
  write(files / "503.html", "<h1>back soon</h1>");
  write(files / "other.json", "{\"error\":true}");
  Target target;
  target.set_healthy(false);
  ConfigText config = shop(
      {target.address()},
      fast_health() + "error_pages: [ { status: 503, file: " + (files / "503.html") + " } ]\n");
  config.services[0].match = "{ listener: public, path: /shop }";
  config.listeners =
      "public:\n"
      "  address: '127.0.0.1:0'\n"
      "  error_pages: { status: [ 400-499, 500-599 ], file: " +
      (files / "other.json") + ", content_type: application/problem+json }";
  Teal teal(config);
  {
    HttpClient client(teal.listener());
    const Response unavailable = client.get("/shop");
    EXPECT_EQ(unavailable.status, 503);
    EXPECT_EQ(unavailable.body, "<h1>back soon</h1>");
    EXPECT_EQ(unavailable.headers.get("content-type"), "text/html; charset=utf-8");
    EXPECT_EQ(unavailable.headers.get("cache-control"), "no-store");
    const Response head = client.exchange("HEAD /shop HTTP/1.1\r\nHost: h\r\n\r\n", true);
    EXPECT_EQ(head.headers.get("content-length"), "18");
    const Response lost = client.get("/");
    EXPECT_EQ(lost.status, 404);
    EXPECT_EQ(lost.body, "{\"error\":true}");
    EXPECT_EQ(lost.headers.get("content-type"), "application/problem+json");
    const Response refused = client.exchange("GET / HTTP/1.1\r\nbad header\r\n\r\n");
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(refused.body, "{\"error\":true}") << "also before there is a request";
    EXPECT_TRUE(refused.complete);
  }
  target.set_healthy(true);
  target.set_status(500);
  HttpClient client(teal.listener());
  EXPECT_TRUE(eventually([&] { return client.get("/shop").status == 500; }));
  EXPECT_EQ(client.get("/shop").body.find("error\":true"), std::string::npos)
      << "a target's own answer is its own";
}

TEST(ErrorPages, ThatCannotBeReadKeepTealFromStarting) {
  TempDir files;
  write(files / "long.html", std::string(70'000, 'x'));
  const auto said = [&](const std::string& file) {
    return serve_refused(
               "listeners: { public: { address: '127.0.0.1:0',\n"
               "  error_pages: { status: 503, file: " +
                   file +
                   " } } }\n"
                   "services: { s: { match: { listener: public },\n"
                   "  blue: { revision: v, targets: [ 127.0.0.1:1 ] } } }\n",
               files)
        .err;
  };
  EXPECT_NE(said(files / "none.html").find("listeners.public.error_pages.file: "),
            std::string::npos);
  EXPECT_NE(said(files / "none.html").find("cannot be opened: No such file"), std::string::npos);
  EXPECT_NE(said(files / "long.html").find("is larger than 64 KiB"), std::string::npos);
}

}  // namespace
}  // namespace teal::e2e
