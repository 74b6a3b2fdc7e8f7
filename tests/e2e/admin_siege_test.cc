// The admin address under siege: connections that take places and say nothing, beside an operator
// with a certificate, a probe and a follower of events. All of them come from one address.
#include <csignal>
#include <vector>

#include <sys/resource.h>

#include <gtest/gtest.h>

#include "tests/support/e2e_binary.h"
#include "tests/support/e2e_certificates.h"
#include "tests/support/e2e_events.h"
#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

constexpr std::size_t kAllPlaces = 256;
constexpr std::size_t kCrowd = 2000;

/// Teal with its admin address on TCP, which only its log tells.
class Fortress {
 public:
  explicit Fortress(const std::string& tls = {}) {
    const rlimit many{8192, 8192};
    ::setrlimit(RLIMIT_NOFILE, &many);
    std::string text = shop({target_.address()}).render(dir_.path());
    text.replace(0, text.find('\n'), "admin: { address: '127.0.0.1:0'" + tls + " }");
    write_file(dir_ / "teal.yaml", text);
    process_.emplace(std::vector<std::string>{teal_binary(), "serve", dir_ / "teal.yaml"},
                     dir_ / "out", dir_ / "err", dir_.path());
    const std::string mark = "listener=admin address=";
    const bool up = eventually([&] {
      const std::string log = read_file(dir_ / "err");
      const std::size_t at = log.find(mark);
      if (at == std::string::npos || log.find("teal is up") == std::string::npos) return false;
      const std::size_t start = at + mark.size();
      address_ = *parse_address(log.substr(start, log.find('\n', start) - start));
      return true;
    });
    if (!up) throw std::runtime_error("teal did not start: " + read_file(dir_ / "err"));
  }
  ~Fortress() {
    process_->signal(SIGTERM);
    EXPECT_EQ(process_->wait(), 0) << read_file(dir_ / "err");
  }
  Fortress(const Fortress&) = delete;
  Fortress& operator=(const Fortress&) = delete;

  const Address& address() const { return address_; }
  std::string release() const { return release_.address(); }
  /// That many connections, each having sent `bytes`.
  std::vector<Wire> besieged_by(std::size_t count, std::string_view bytes = {}) const {
    std::vector<Wire> all;
    for (std::size_t i = 0; i < count; ++i) {
      all.push_back(Wire::connect(address_));
      if (!bytes.empty()) all.back().send(bytes);
    }
    return all;
  }

 private:
  TempDir dir_;
  Target target_, release_;
  std::optional<Process> process_;
  Address address_;
};

void expect_to_ship_and_to_stop(const Admin& admin, const std::string& target) {
  const ApiAnswer begun = admin.deploy("v2", target, R"(, "plan": [{"gate": "look"}])");
  EXPECT_EQ(begun.status, 201) << begun.text;
  EXPECT_EQ(admin.command(begun.at("/id"), "stop").status, 200);
  EXPECT_TRUE(admin.await_end(begun.at("/id")));
}

/// An operator whom only a certificate lets in, by curl.
class AdminSiegeByTls : public testing::Test {
 protected:
  AdminSiegeByTls() {
    files_.make("admin", "IP:127.0.0.1");
    files_.make("operator", "DNS:operator");
    fortress_.emplace(", tls: { certificates: " + files_.entry("admin") +
                      ", client_auth: required, client_ca: \"" + (files_ / "ca.crt") + "\" }");
  }

  Finished call(const std::string& method, const std::string& path,
                const std::string& body = {}) const {
    std::vector<std::string> all{"curl",     "-sS",
                                 "-m",       "20",
                                 "-w",       "\n%{http_code}",
                                 "--cacert", files_ / "ca.crt",
                                 "--cert",   files_ / "operator.crt",
                                 "--key",    files_ / "operator.key",
                                 "-X",       method};
    if (!body.empty()) {
      all.insert(all.end(), {"-H", "Content-Type: application/json", "-d", body});
    }
    all.push_back("https://" + to_string(fortress_->address()) + path);
    return run(all);
  }
  void expect(const std::string& status, const Finished& answer) const {
    EXPECT_EQ(answer.code, 0) << answer.err;
    EXPECT_TRUE(answer.out.ends_with("\n" + status)) << answer.out << answer.err;
  }
  void expect_an_operator_to_ship_and_to_stop() const {
    expect("200", call("GET", "/livez"));
    const Finished begun = call("POST", "/v1/services/shop/deployments",
                                R"({"revision":"v2","targets":[")" + fortress_->release() +
                                    R"("],"plan":[{"gate":"look"}]})");
    expect("201", begun);
    expect("200", call("POST", "/v1/deployments/d-1/stop"));
    const Finished metrics = call("GET", "/metrics");
    expect("200", metrics);
    EXPECT_NE(metrics.out.find("teal_admin_connections_evicted_total{stage=\"silent\"}"),
              std::string::npos);
    EXPECT_EQ(metrics.out.find("teal_admin_connections_evicted_total{stage=\"silent\"} 0\n"),
              std::string::npos)
        << "some made room";
  }

  TempDir dir_;
  Certificates files_{dir_.path()};
  std::optional<Fortress> fortress_;
};

TEST_F(AdminSiegeByTls, AnOperatorShipsBesideAsManySilentConnectionsAsThereArePlaces) {
  const std::vector<Wire> crowd = fortress_->besieged_by(kAllPlaces);
  expect_an_operator_to_ship_and_to_stop();
}

TEST_F(AdminSiegeByTls, AnOperatorShipsBesideThousandsOfSilentConnections) {
  const std::vector<Wire> crowd = fortress_->besieged_by(kCrowd);
  expect_an_operator_to_ship_and_to_stop();
}

TEST_F(AdminSiegeByTls, AnOperatorShipsBesideThousandsOfHandshakesThatWereBegun) {
  // A record of a handshake that announces 512 bytes, of which one comes.
  const std::vector<Wire> crowd =
      fortress_->besieged_by(kCrowd, std::string_view("\x16\x03\x01\x02\x00\x01", 6));
  expect_an_operator_to_ship_and_to_stop();
}

TEST(AdminSiege, ProbesAndOperatorsAreAnsweredBesideThousandsOfSilentConnections) {
  const Fortress fortress;
  const Admin admin(fortress.address());
  Events follower(fortress.address());
  for (const char* bytes : {"", "GET /v1/services HTTP/1.1\r\nhost: localhost\r\nx: "}) {
    const std::vector<Wire> crowd = fortress.besieged_by(kCrowd, bytes);
    EXPECT_EQ(admin.get("/livez").status, 200);
    EXPECT_EQ(admin.get("/readyz").status, 200);
    EXPECT_EQ(admin.get("/metrics").status, 200);
    expect_to_ship_and_to_stop(admin, fortress.release());
  }
  EXPECT_TRUE(follower.await("deployment.stopped")) << "the living follower was never closed";
  const double evicted = admin.metric("teal_admin_connections_evicted_total", "silent");
  const double late = admin.metric("teal_admin_timeouts_total", "silent");
  EXPECT_GT(evicted, 0);
  EXPECT_GE(evicted + late, 2 * (kCrowd - kAllPlaces));
  EXPECT_EQ(admin.metric("teal_admin_connections_evicted_total", "following"), 0);
}

TEST(AdminSiege, NeitherKeptConnectionsNorBodiesThatNeverComeKeepAnOperatorOut) {
  const Fortress fortress;
  const Admin admin(fortress.address());
  const std::vector<Wire> kept =
      fortress.besieged_by(kAllPlaces, "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n");
  expect_to_ship_and_to_stop(admin, fortress.release());
  const std::vector<Wire> owing = fortress.besieged_by(
      2 * kAllPlaces,
      "POST /v1/alarms/x HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
      "content-length: 100\r\n\r\n{");
  expect_to_ship_and_to_stop(admin, fortress.release());
  EXPECT_EQ(admin.get("/livez").status, 200);
  EXPECT_GE(admin.metric("teal_admin_connections_evicted_total", "idle"), 1);
  EXPECT_GE(admin.metric("teal_admin_connections_evicted_total", "receiving"), 1);
}

TEST(AdminSiege, SilentConnectionsAreClosedInTime) {
  const Fortress fortress;
  std::vector<Wire> crowd = fortress.besieged_by(10);
  for (Wire& wire : crowd) {
    std::string nothing;
    EXPECT_EQ(wire.read_to_end(nothing, Deadline{std::chrono::seconds{15}}), Arrival::closed);
  }
  EXPECT_EQ(Admin(fortress.address()).metric("teal_admin_timeouts_total", "silent"), 10);
}

}  // namespace
}  // namespace teal::e2e
