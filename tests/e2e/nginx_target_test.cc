// A real nginx as a target over HTTP/2 whose connections end after ten requests
// (`keepalive_requests`): what of a burst it leaves behind is its to have on another connection,
// and nobody's failure.
#include <signal.h>

#include <gtest/gtest.h>

#include "tests/support/e2e_load.h"
#include "tests/support/e2e_process.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

class NginxTarget {
 public:
  NginxTarget(const std::string& name, int requests_per_connection)
      : process_({"/usr/sbin/nginx", "-p", dir_.path(), "-c",
                  write_configuration(name, requests_per_connection)},
                 dir_ / "out", dir_ / "err") {
    const Address socket = *parse_address(address());
    EXPECT_TRUE(eventually([&] {
      try {
        return Wire::connect(socket).is_open();
      } catch (const std::runtime_error&) {
        return false;
      }
    })) << read_file(dir_ / "err")
        << read_file(dir_ / "nginx.log");
  }
  ~NginxTarget() {
    process_.signal(SIGTERM);
    process_.wait();
  }
  std::string address() const { return "unix:" + (dir_ / "nginx.sock"); }

 private:
  std::string write_configuration(const std::string& name, int requests) const {
    std::string text = R"(
worker_processes 1;
daemon off;
pid @/nginx.pid;
error_log @/nginx.log crit;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path @/body;
  proxy_temp_path @/proxy;
  fastcgi_temp_path @/fastcgi;
  uwsgi_temp_path @/uwsgi;
  scgi_temp_path @/scgi;
  keepalive_requests )" +
                       std::to_string(requests) +
                       R"(;
  server {
    listen unix:@/nginx.sock http2;
    location / { add_header x-target )" +
                       name + R"(; return 200 "fine\n"; }
  }
}
)";
    for (std::size_t at = 0; (at = text.find('@', at)) != std::string::npos;)
      text.replace(at, 1, dir_.path());
    write_file(dir_ / "nginx.conf", text);
    return dir_ / "nginx.conf";
  }

  TempDir dir_;
  Process process_;
};

constexpr std::uint64_t kRequests = 1500;
constexpr std::size_t kAtOnce = 50;

std::string http2_service(const std::string& more = {}) {
  return "upstream: { protocol: http2 }\nhealth: { http: /, interval: 400ms }\n" + more;
}

TEST(NginxTarget, WhoseConnectionsEndAfterTenRequestsLosesNone) {
  const NginxTarget nginx("nginx", 10);
  ConfigText config = shop({nginx.address()}, http2_service());
  config.workers = 1;
  Teal teal(config);
  ASSERT_TRUE(teal.admin().await_accepting(1));
  Load load(teal.listener(), kAtOnce);
  ASSERT_TRUE(load.await(kRequests));
  const LoadReport report = load.stop();
  EXPECT_EQ(report.by_status.at(200), report.requests) << report.text();
  EXPECT_EQ(teal.admin().metric("teal_targets_ejected_total"), 0);
  EXPECT_EQ(teal.admin().metric("teal_requests_total", "code=\"5xx\""), 0);
  EXPECT_EQ(teal.admin().metric("teal_target_accepting"), 1);
}

TEST(NginxTarget, WhoseConnectionsEndAfterTenRequestsIsAGoodRelease) {
  const NginxTarget steady("steady", 100'000), leaving("leaving", 10);
  ConfigText config =
      shop({steady.address()},
           http2_service("deploy:\n  alarms:\n    errors: { error_rate: '> 1%', over: 5s, "
                         "minimum_requests: 20 }\n    worse: { compare: errors }\n"
                         "  watch_after: 0s\n"));
  config.workers = 1;
  Teal teal(config);
  ASSERT_TRUE(teal.admin().await_accepting(1));
  Load load(teal.listener(), kAtOnce);
  const ApiAnswer started = teal.admin().deploy(
      "v2", leaving.address(),
      R"(, "plan": [{"set_weight": "50%"}, {"bake": "1s"}, {"set_weight": "100%"}])");
  ASSERT_EQ(started.status, 201) << started.text;
  const std::string id = started.at("/id");
  EXPECT_TRUE(teal.admin().await(id, "status", "Succeeded")) << teal.admin().deployment(id).text;
  ASSERT_TRUE(load.await(200));
  const LoadReport report = load.stop();
  EXPECT_TRUE(report.failures.empty()) << report.text();
  EXPECT_GT(report.by_target.at("leaving"), 100U) << report.text();
  EXPECT_EQ(teal.admin().metric("teal_rollbacks_total"), 0);
  EXPECT_EQ(teal.admin().metric("teal_shielded_requests_total"), 0);
}

}  // namespace
}  // namespace teal::e2e
