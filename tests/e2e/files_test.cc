// Files that a configuration names: what is no file is waited for by nobody, what is too large or
// multiplies itself is refused, and a full disk is said.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include <gmock/gmock.h>
#include <boost/json.hpp>

#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string with_tls(const std::string& certificate, const std::string& key) {
  ConfigText config = shop({"127.0.0.1:1"});
  config.listeners = "public: { address: '127.0.0.1:0', tls: { certificates: [ { certificate: '" +
                     certificate + "', key: '" + key + "' } ] } }";
  return config.render("/tmp");
}

TEST(Check, WaitsForNoNamedPipe) {
  const TempDir dir;
  const std::string pipe = dir / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const Finished itself = run({teal_binary(), "check", pipe});
  EXPECT_EQ(itself.code, 1);
  EXPECT_THAT(itself.err, HasSubstr(pipe + ": is a named pipe"));

  write_file(dir / "tls.yaml", with_tls(pipe, "/dev/zero"));
  const Finished tls = run({teal_binary(), "check", dir / "tls.yaml"});
  EXPECT_EQ(tls.code, 1);
  EXPECT_THAT(tls.err,
              AllOf(HasSubstr(pipe + " is a named pipe"), HasSubstr("/dev/zero is a device")));

  ConfigText pages = shop({"127.0.0.1:1"});
  pages.listeners =
      "public: { address: '127.0.0.1:0', error_pages: { status: 503, file: '" + pipe + "' } }";
  write_file(dir / "pages.yaml", pages.render(dir.path()));
  const Finished page = run({teal_binary(), "check", dir / "pages.yaml"});
  EXPECT_EQ(page.code, 1);
  EXPECT_THAT(page.err, HasSubstr(pipe + " is a named pipe"));

  ConfigText log = shop({"127.0.0.1:1"});
  log.access_log = "{ path: '" + pipe + "' }";
  const Finished serve = serve_refused(log.render(dir.path()), dir);
  EXPECT_EQ(serve.code, 1);
  EXPECT_THAT(serve.err, HasSubstr("nobody reads this named pipe"));
}

TEST(Check, ReadsStandardInputAndPipesThatItIsGiven) {
  const std::string good = shop({"127.0.0.1:1"}).render("/tmp");
  for (const char* name : {"-", "/dev/stdin"}) {
    const Finished checked = run({teal_binary(), "check", name}, good);
    EXPECT_EQ(checked.code, 0) << name << ": " << checked.err;
  }
  const Finished bad = run({teal_binary(), "check", "-"}, "workers: 0\n");
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.err, HasSubstr("stdin:1:10: workers:"));
  const TempDir dir;
  write_file(dir / "good.yaml", good);
  for (const char* command : {"cat \"$1\" | \"$0\" check -", "\"$0\" check <(cat \"$1\")"}) {
    const Finished piped = run({"/bin/bash", "-c", command, teal_binary(), dir / "good.yaml"});
    EXPECT_EQ(piped.code, 0) << command << ": " << piped.err;
  }
}

TEST(Check, TakesVariablesFromTheEnvironmentAndShowsTheirNamesOnly) {
  ConfigText config = shop({"${SHOP_TARGET}"});
  const TempDir dir;
  write_file(dir / "good.yaml", config.render(dir.path()));
  const auto check = [&](const std::string& variable) {
    return run({"/usr/bin/env", variable, teal_binary(), "check", dir / "good.yaml"});
  };
  const Finished good = check("SHOP_TARGET=127.0.0.1:9");
  EXPECT_EQ(good.code, 0) << good.err;
  const Finished bad = check("SHOP_TARGET=s3cret-host:9");
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.err,
              AllOf(HasSubstr("'${SHOP_TARGET}' is not an address"), Not(HasSubstr("s3cret"))));
  const Finished unset = check("OTHER=1");
  EXPECT_EQ(unset.code, 1);
  EXPECT_THAT(unset.err, HasSubstr("the variable SHOP_TARGET is not set; set it, or give it a "
                                   "default: ${SHOP_TARGET:-...}"));
}

TEST(Check, SaysWhereRelativePathsAreAndWhatTheyAreRelativeTo) {
  const TempDir dir;
  std::string text = with_tls("tls/none.crt", "tls/none.key");
  write_file(dir / "bad.yaml", text);
  const Finished bad =
      run({"/bin/sh", "-c", "cd \"$1\" && exec \"$0\" check bad.yaml", teal_binary(), dir.path()});
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.err,
              AllOf(HasSubstr(dir / "tls/none.crt"),
                    HasSubstr("'tls/none.crt' is relative to the working folder " + dir.path())));

  ConfigText config = shop({"127.0.0.1:1"});
  config.access_log = "{ path: logs/access.log }";
  text = config.render(dir.path());
  const std::string state = "sqlite:" + dir.path() + "/teal.db";
  text.replace(text.find(state), state.size(), "sqlite:teal.db");
  const Finished good =
      run({"/bin/sh", "-c", "cd \"$1\" && exec \"$0\" check -", teal_binary(), dir.path()}, text);
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_THAT(good.out, HasSubstr("state: " + (dir / "teal.db") +
                                  " ('teal.db' is relative to the "
                                  "working folder " +
                                  dir.path() + ")"));
  EXPECT_THAT(good.err, HasSubstr("warning: stdin: access_log.path: the folder " + (dir / "logs") +
                                  " cannot be found: No such file or directory; make it, or name "
                                  "another place"));
}

TEST(Check, SaysWhatAlarmsAskOfTheTraffic) {
  const TempDir dir;
  const auto check = [&](const std::string& weight, bool as_json) {
    const std::string deploy =
        "health: { tcp: true }\ndeploy: { plan: [ { set_weight: " + weight +
        " }, { bake: 1m } ], alarms: { errors: { error_rate: '> 1%', errors: [ 5xx, 404 ] } } }\n";
    std::vector<std::string> words{teal_binary(), "check", "-"};
    if (as_json) words.insert(words.end(), {"--output", "json"});
    return run(words, shop({"127.0.0.1:1"}, deploy).render(dir.path()));
  };
  const Finished usual = check("10%", false);
  EXPECT_EQ(usual.err, "");
  EXPECT_THAT(usual.out, HasSubstr("shop: alarm errors needs at least 17 requests/s at 10% (50 "
                                   "requests of the release in 30s)"));
  const Finished much = check("1%", false);
  EXPECT_EQ(much.code, 0);
  EXPECT_THAT(much.err,
              HasSubstr("warning: stdin: services.shop.deploy.alarms: alarm errors may never have "
                        "enough evidence: it needs at least 167 requests/s at 1%"));
  EXPECT_THAT(check("10%", true).out,
              AllOf(HasSubstr(R"("evidence":[{"service":"shop","alarm":"errors","weight":"10%")"),
                    HasSubstr(R"("requests_per_second":16.66)")));
}

/// `teal check` with a bound on what it may map, where the sanitizers let it have one.
Finished check_in_little_memory(const std::string& path) {
  const std::string limit = kSanitized ? "" : "ulimit -v 400000; ";
  return run({"/bin/sh", "-c", limit + "exec \"$0\" check \"$1\"", teal_binary(), path});
}

TEST(Check, RefusesAliasesThatMultiplyBeforeTheyDo) {
  const TempDir dir;
  std::string text = "a: &a " + std::string(500'000, 'x') + "\nb:\n";
  for (int i = 0; i < 7'600; ++i) text += "- *a\n";
  write_file(dir / "bytes.yaml", text);
  const Finished bytes = check_in_little_memory(dir / "bytes.yaml");
  EXPECT_EQ(bytes.code, 1);
  EXPECT_THAT(bytes.err, HasSubstr("bytes.yaml:68:3: this is more than 32 MiB"));

  std::string laughs = "a: &a [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n";
  for (char c = 'b'; c <= 'z'; ++c) {
    laughs += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 9; ++i)
      laughs += (i > 0 ? ",*" : "*") + std::string(1, static_cast<char>(c - 1));
    laughs += "]\n";
  }
  write_file(dir / "laughs.yaml", laughs);
  const Finished billion = check_in_little_memory(dir / "laughs.yaml");
  EXPECT_EQ(billion.code, 1);
  EXPECT_THAT(billion.err, HasSubstr("laughs.yaml:6:"));
  EXPECT_THAT(billion.err, HasSubstr("more than 1000000 values"));
}

TEST(Check, NeedsLittleMemoryForWhateverAFileHolds) {
  const TempDir dir;
  const auto repeated = [](std::string_view piece) {
    std::string text;
    while (text.size() + piece.size() <= 300'000) text += piece;
    return text;
  };
  for (const char* piece :
       {"[", "{", "- ", "? ", "a: ", "&a ", "*a ", "!t ", "[,", "{a,", "\"\\L\" ", "- &a\n", "a:\n",
        "#\n", "%\n", "'", "|\n", "k: v\n", "<<: *a\n"}) {
    write_file(dir / "t.yaml", repeated(piece));
    const Finished checked = check_in_little_memory(dir / "t.yaml");
    EXPECT_EQ(checked.code, 1) << piece << ": " << checked.err.substr(0, 500);
  }
}

class DiskTest : public ::testing::Test {
 protected:
  void start(const std::string& more = {}) {
    // As large as no other file of Teal's gets, so that the limit is this one's alone.
    std::string old;
    while (old.size() < 2 * 1024 * 1024) old += "{\"old\":\"" + std::string(1000, 'x') + "\"}\n";
    write_file(path_, old);
    size_ = old.size();
    ConfigText config = shop({target_.address()});
    config.access_log = "{ path: \"" + path_ + "\"" + more + " }";
    teal_ = std::make_unique<Teal>(config);
  }
  /// The disk is full from now on, for a file of this size.
  void fill(rlim_t at) const {
    rlimit limit{};
    ASSERT_EQ(::prlimit(teal_->id(), RLIMIT_FSIZE, nullptr, &limit), 0);
    limit.rlim_cur = at;
    ASSERT_EQ(::prlimit(teal_->id(), RLIMIT_FSIZE, &limit, nullptr), 0);
  }
  void expect_whole_lines() const {
    const std::string text = read_file(path_);
    ASSERT_TRUE(text.ends_with('\n')) << text.substr(text.size() - 200);
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
      boost::json::error_code failed;
      boost::json::parse(line, failed);
      ASSERT_FALSE(failed) << line;
    }
  }
  std::string readiness() const {
    const ApiAnswer ready = teal_->admin().get("/readyz");
    EXPECT_EQ(ready.status, 200);
    return ready.text;
  }
  static std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++found;
    return found;
  }

  const TempDir dir_;
  const std::string path_ = dir_ / "access.log";
  std::size_t size_ = 0;
  Target target_;
  std::unique_ptr<Teal> teal_;
};

TEST_F(DiskTest, AFullDiskIsSaidOnceAndCutsNoLine) {
  start();
  HttpClient client(teal_->listener());
  // Room for some lines and a piece of one.
  fill(size_ + 2'000);
  const auto metric = [&](const std::string& name) { return teal_->admin().metric(name); };
  ASSERT_TRUE(eventually([&] {
    EXPECT_EQ(client.get("/").status, 200) << "traffic goes on";
    return metric("teal_access_log_failing") == 1;
  }));
  EXPECT_TRUE(
      eventually([&] { return readiness().find("cannot be written") != std::string::npos; }));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.get("/").status, 200);
  EXPECT_TRUE(eventually([&] { return metric("teal_access_log_lost_lines_total") >= 20; }));
  EXPECT_LE(read_file(path_).size(), size_ + 2'000);
  expect_whole_lines();

  fill(RLIM_INFINITY);
  EXPECT_TRUE(eventually([&] {
    EXPECT_EQ(client.get("/").status, 200);
    return readiness().find("cannot be written") == std::string::npos;
  }));
  EXPECT_EQ(metric("teal_access_log_failing"), 0);
  EXPECT_EQ(teal_->stop(), 0);
  expect_whole_lines();
  EXPECT_EQ(count(teal_->log(), "the access log cannot be written"), 1U) << teal_->log();
  EXPECT_EQ(count(teal_->log(), "the access log is written again"), 1U) << teal_->log();
}

TEST_F(DiskTest, TheOperatorsLogOnAFullDiskKeepsNobodyFromBeingServed) {
  ConfigText config = shop({target_.address()});
  config.listeners = "public: { address: 'unix:$DIR/public.sock' }";
  write_file(dir_ / "teal.yaml", [&] {
    std::string text = config.render(dir_.path());
    for (std::size_t at = 0; (at = text.find("$DIR", at)) != text.npos;)
      text.replace(at, 4, dir_.path());
    return text;
  }());
  Process teal({teal_binary(), "serve", dir_ / "teal.yaml"}, "/dev/full", "/dev/full", dir_.path());
  const Admin admin(*parse_address("unix:" + (dir_ / "admin.sock")));
  ASSERT_TRUE(eventually([&] {
    try {
      return admin.get("/readyz").status == 200;
    } catch (const std::runtime_error&) {
      return false;
    }
  }));
  HttpClient client(*parse_address("unix:" + (dir_ / "public.sock")));
  EXPECT_EQ(client.get("/").status, 200);
  teal.signal(SIGTERM);
  EXPECT_EQ(teal.wait(), 0);
}

TEST_F(DiskTest, AClosedPipeIsSaidLikewise) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  const int reader = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ConfigText config = shop({target_.address()});
  config.access_log = "{ path: \"" + path_ + "\" }";
  teal_ = std::make_unique<Teal>(config);
  ::close(reader);
  HttpClient client(teal_->listener());
  EXPECT_TRUE(eventually([&] {
    EXPECT_EQ(client.get("/").status, 200);
    return readiness().find("Broken pipe") != std::string::npos;
  }));
}

TEST_F(DiskTest, QueriesAreLoggedAsTheConfigurationSays) {
  start(", query: redacted");
  HttpClient client(teal_->listener());
  ASSERT_EQ(
      client
          .get("/buy?item=1&access_token=s3cr3t", "referer: https://a.example/?code=s3cr3t&x=1\r\n")
          .status,
      200);
  EXPECT_TRUE(eventually([&] { return read_file(path_).size() > size_; }));
  EXPECT_EQ(teal_->stop(), 0);
  const std::string line = read_file(path_).substr(size_);
  EXPECT_THAT(line, Not(HasSubstr("s3cr3t")));
  EXPECT_THAT(line, HasSubstr("/buy?item=1&access_token=REDACTED"));
  EXPECT_THAT(line, HasSubstr("https://a.example/?code=REDACTED&x=1"));
  EXPECT_EQ(target_.last().path, "/buy?item=1&access_token=s3cr3t") << "the target gets it all";
}

constexpr const char* kForged =
    "ok\\n2026-01-01T00:00:00.000+0000 info forged \\u001b[2J\\u009b1m \\u202egnp.exe\\u2028";

class TerminalTest : public ReleaseTest {
 protected:
  static void expect_harmless(const std::string& text) {
    for (const char* bytes : {"\x1b[2J", "\xc2\x9b", "\xe2\x80\xae", "\xe2\x80\xa8", "\nforged",
                              "\n2026-01-01T00:00:00.000+0000 info forged"})
      EXPECT_EQ(text.find(bytes), std::string::npos) << text;
  }
};

TEST_F(TerminalTest, AnAlarmsReasonForgesNoLineAndMovesNoCursor) {
  start("{ plan: [ { set_weight: 50% }, { bake: 1h } ], alarms: { outside: { external: true } } }");
  ASSERT_EQ(teal_->cli({"deploy", "shop", "--revision", "v2", "--target", green_.address()}).code,
            0);
  ASSERT_TRUE(await_bake("d-1"));
  const ApiAnswer fired = admin().post(
      "/v1/alarms/outside", std::string(R"({"state":"firing","reason":")") + kForged + "\"}");
  ASSERT_EQ(fired.status, 200) << fired.text;
  ASSERT_TRUE(eventually([&] { return admin().deployment("d-1").at("/status") == "Stopped"; }));
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"events"}, {"status"}, {"history", "shop"}, {"explain", "d-1"}}) {
    for (const char* output : {"table", "json"}) {
      std::vector<std::string> line = command;
      line.insert(line.end(), {"--output", output});
      const Finished said = teal_->cli(line);
      EXPECT_EQ(said.code, 0) << command[0] << said.err;
      expect_harmless(said.out + said.err);
    }
  }
  EXPECT_THAT(teal_->cli({"events"}).out, HasSubstr("\\x1b[2J\\u009b1m \\u202egnp.exe\\u2028"));
  expect_harmless(teal_->log());
  expect_harmless(admin().get("/v1/deployments/d-1").text);
  const boost::json::value events = boost::json::parse(admin().get("/v1/deployments/d-1").text);
  EXPECT_THAT(boost::json::serialize(events), HasSubstr("\xe2\x80\xae")) << "the meaning is kept";
}

}  // namespace
}  // namespace teal::e2e
