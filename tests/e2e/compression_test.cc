// Compression of responses: unpacked by zlib, which is not what packs brotli, so that is left to
// the unit tests and only its head is looked at here.
#include <gtest/gtest.h>

#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"
#include "tests/support/gunzip.h"

namespace teal::e2e {
namespace {

using test::gunzip;

const std::string kText(100'000, 't');

ConfigText compressed(const Target& target) {
  return shop({target.address()}, "compress: true\n");
}

TEST(Compression, PacksWhatTheClientLikesAndSaysSo) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send(response(200, kText, "Content-Type: text/html\r\nETag: \"e\"\r\n"));
  });
  Teal teal(compressed(target));
  HttpClient client(teal.listener());
  const Response packed = client.get("/", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(packed.headers.get("content-encoding"), "gzip");
  EXPECT_EQ(packed.headers.get("vary"), "Accept-Encoding");
  EXPECT_EQ(packed.headers.get("etag"), "W/\"e\"");
  EXPECT_FALSE(packed.headers.has("content-length"));
  EXPECT_TRUE(packed.complete);
  EXPECT_LT(packed.body.size(), 2000U);
  EXPECT_EQ(gunzip(packed.body), kText);
  const Response brotli = client.get("/", "Accept-Encoding: gzip, br\r\n");
  EXPECT_EQ(brotli.headers.get("content-encoding"), "br");
  EXPECT_LT(brotli.body.size(), 2000U);
  const Response plain = client.get("/");
  EXPECT_EQ(plain.body, kText);
  EXPECT_EQ(plain.headers.get("vary"), "Accept-Encoding") << "caches have to know";
  EXPECT_EQ(plain.headers.get("etag"), "\"e\"");
  const Response old = client.exchange(
      "GET / HTTP/1.0\r\nHost: h\r\nAccept-Encoding: gzip\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(old.body, kText);
  EXPECT_EQ(teal.admin().metric("teal_compressed_responses_total", "gzip"), 1);
  EXPECT_EQ(teal.admin().metric("teal_compressed_responses_total", "br"), 1);
  EXPECT_EQ(teal.admin().metric("teal_compression_bytes_total", "target"), 200'000);
}

TEST(Compression, LeavesAloneWhatMustStayAsItIs) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest& seen) {
    if (seen.path == "/short") connection.send(response(200, "s", "Content-Type: text/html\r\n"));
    if (seen.path == "/image") connection.send(response(200, kText, "Content-Type: image/png\r\n"));
    if (seen.path == "/coded")
      connection.send(
          response(200, kText, "Content-Type: text/html\r\nContent-Encoding: zstd\r\n"));
    if (seen.path == "/range")
      connection.send(response(
          206, kText, "Content-Type: text/html\r\nContent-Range: bytes 0-99999/200000\r\n"));
    if (seen.path == "/fixed")
      connection.send(
          response(200, kText, "Content-Type: text/html\r\nCache-Control: no-transform\r\n"));
  });
  Teal teal(compressed(target));
  HttpClient client(teal.listener());
  for (const char* path : {"/short", "/image", "/coded", "/range", "/fixed"}) {
    const Response response = client.get(path, "Accept-Encoding: gzip\r\n");
    EXPECT_TRUE(response.body == kText || response.body == "s") << path;
    EXPECT_NE(response.headers.get("content-encoding"), "gzip") << path;
  }
  EXPECT_EQ(teal.admin().metric("teal_compressed_responses_total"), 0);
}

TEST(Compression, SaysOfHeadAndOfNotModifiedWhatItSaysOfGet) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest& seen) {
    const std::string fields = "Content-Type: text/html\r\nETag: \"e\"\r\n";
    if (seen.headers.has("if-none-match"))
      connection.send("HTTP/1.1 304 Not Modified\r\nETag: \"e\"\r\n\r\n");
    else if (seen.start_line.starts_with("HEAD"))
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n" + fields + "\r\n");
    else
      connection.send(response(200, kText, fields));
  });
  Teal teal(compressed(target));
  HttpClient client(teal.listener());
  for (const std::string liked : {"Accept-Encoding: gzip\r\n", "Accept-Encoding: br\r\n", ""}) {
    const Response got = client.get("/", liked);
    const Response head = client.exchange(request("HEAD", "/", liked), true);
    for (const char* name : {"content-length", "content-encoding", "content-type", "etag", "vary"})
      EXPECT_EQ(head.headers.get(name), got.headers.get(name)) << liked << name;
    const Response same = client.exchange(
        request("GET", "/", liked + "If-None-Match: " + got.headers.get("etag") + "\r\n"));
    EXPECT_EQ(same.status, 304);
    EXPECT_EQ(same.headers.get("etag"), got.headers.get("etag"));
    EXPECT_EQ(same.headers.get("vary"), got.headers.get("vary"));
  }
  EXPECT_EQ(teal.admin().metric("teal_compressed_responses_total"), 2);
}

TEST(Compression, PassesEachPieceOfAStreamAtOnce) {
  Target target;
  Trigger next;
  target.on_request([&](TargetConnection& connection, const SeenRequest&) {
    connection.send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nfirst\r\n");
    connection.wait(next);
    connection.send("4\r\nlast\r\n0\r\n\r\n");
  });
  Teal teal(compressed(target));
  HttpClient client(teal.listener());
  ASSERT_TRUE(client.send(request("GET", "/", "Accept-Encoding: gzip\r\n")));
  // The whole first piece can be read before the target says more; then that comes too.
  std::string raw;
  EXPECT_TRUE(eventually([&] {
    std::string more;
    if (client.wire().read(more, Deadline{std::chrono::milliseconds(50)}) == Arrival::bytes)
      raw += more;
    const std::size_t body = raw.find("\r\n\r\n");
    if (body == std::string::npos) return false;
    std::string packed;
    for (std::size_t at = body + 4; at < raw.size();) {
      const std::size_t line = raw.find("\r\n", at);
      if (line == std::string::npos) break;
      const std::size_t size = std::stoul(raw.substr(at, line - at), nullptr, 16);
      packed += raw.substr(line + 2, size);
      at = line + 2 + size + 2;
    }
    return gunzip(packed) == "first";
  }));
  next.fire();
  EXPECT_TRUE(eventually([&] {
    std::string more;
    if (client.wire().read(more, Deadline{std::chrono::milliseconds(50)}) == Arrival::bytes)
      raw += more;
    return raw.ends_with("\r\n0\r\n\r\n");
  }));
}

TEST(Compression, LeavesAResponseThatIsCutBroken) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n\r\n" +
        std::string(50'000, 'x'));
    connection.reset();
  });
  Teal teal(compressed(target));
  HttpClient client(teal.listener());
  const Response cut = client.get("/", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(cut.headers.get("content-encoding"), "gzip");
  EXPECT_FALSE(cut.complete);
}

TEST(Compression, IsAsRoutesSay) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send(response(200, kText, "Content-Type: text/html\r\n"));
  });
  Teal teal(shop({target.address()},
                 "compress: { algorithms: [ gzip ], types: [ text/html ], min_bytes: 10 }\n"
                 "routes:\n"
                 "  raw: { match: { listener: public, path: /raw }, compress: false }\n"));
  HttpClient client(teal.listener());
  EXPECT_EQ(client.get("/", "Accept-Encoding: br, gzip\r\n").headers.get("content-encoding"),
            "gzip");
  EXPECT_EQ(client.get("/raw", "Accept-Encoding: br, gzip\r\n").body, kText);
}

}  // namespace
}  // namespace teal::e2e
