#include "tests/support/sim_teal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/assert.h"

namespace teal::sim {
namespace {

/// Who is asked by the present request: an exchange knows its loop, and nothing around it.
SimTeal*& present_teal() {
  static SimTeal* teal = nullptr;
  return teal;
}

/// What targets answer; an auth service likewise.
constexpr auto kAnswers = std::to_array<std::string_view>({
    "200 OK\r\ncontent-type: text/html\r\ncontent-length: 2000\r\nserver: x\r\nx-user: anna\r\n",
    "200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\nx-groups: a\r\nvary: x-shop\r\n",
    "204 No Content\r\nx-powered-by: php\r\nx-user: bert\r\n",
    "200 OK\r\ncontent-type: application/grpc\r\ngrpc-status: 14\r\ncontent-length: 0\r\n",
    "302 Found\r\nlocation: /login\r\ncontent-length: 0\r\n",
    "401 Unauthorized\r\nwww-authenticate: Basic\r\ncontent-length: 0\r\n",
    "404 Not Found\r\ncontent-length: 5\r\nx-edge: there\r\n",
    "500 Oh\r\ncontent-length: 0\r\n",
    "502 Bad Gateway\r\ncontent-length: 0\r\n",
    "503 Not Now\r\nretry-after: 3\r\ncontent-length: 0\r\n",
});

}  // namespace

// ---- targets ------------------------------------------------------------------------------------

void SimTarget::answer() {
  Rng rng{seed_};
  const std::uint32_t drawn = rng.below(20);
  is_asked_ = false;
  has_begun_ = drawn > 0;
  if (drawn == 0) {
    exchange_.on_upstream_failed(Failure::reset, net::Refusal::none);
    return;
  }
  // More often one that is good.
  const std::size_t which = drawn < 10 ? drawn % 3 : rng.below(kAnswers.size());
  const std::string bytes = "HTTP/1.1 " + std::string(kAnswers[which]) + "\r\n";
  net::ResponseParser parser(net::kHttp1ResponseLimits);
  parser.expect(method_);
  TEAL_ASSERT(parser.next(bytes).event == net::ParseEvent::head);
  const std::uint64_t body = parser.bytes_remaining();
  exchange_.on_response_head(parser.head());
  if (is_over_) return;
  if (body > 0) exchange_.on_response_body(std::string(body, 'x'));
  if (!is_over_) exchange_.on_response_end({}, true);
}

// ---- what is around control and the worker ------------------------------------------------------

/// As WorkerPool does, without the threads.
class SimTeal::WorkerPorts final : public control::Ports {
 public:
  WorkerPorts(SimTeal& teal, std::uint64_t seed) : teal_(teal), random_(seed) {}

  void seed(std::uint64_t seed) { random_ = Rng{seed}; }
  void pump() {
    while (!waiting_.empty()) {
      const auto applied = std::move(waiting_.front());
      waiting_.pop_front();
      applied(teal_.clock_.mono());
    }
  }

  void publish(Publication publication, std::function<void(Mono)> applied) override {
    teal_.take(*teal_.builder_.build(publication));
    waiting_.push_back(std::move(applied));
  }
  void set_sticky_secrets(const StickySecrets& secrets) override {
    teal_.builder_.set_sticky_secrets(secrets);
  }
  /// The few bytes that tell processes apart are no secret, and drawn at a start only.
  void draw_random(std::span<std::uint8_t> out) override {
    if (out.size() < 16) {
      std::ranges::fill(out, std::uint8_t{7});
      return;
    }
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(random_.next());
  }
  TrafficCounters read_traffic(const TrafficKey& /*key*/) override { return {}; }
  std::uint64_t read_requests(const TrafficKey& /*key*/) override { return 0; }
  std::uint64_t read_activity(ServiceId /*service*/) override { return 0; }
  StageReading read_stage(const TrafficKey& /*key*/, Stage /*stage*/) override { return {}; }
  Tallies read_tallies(const TrafficKey& /*key*/, std::uint64_t /*deployment*/) override {
    return {};
  }
  GroupInFlight read_in_flight(const std::string& /*service*/, Colour /*colour*/) override {
    return {};
  }
  Mono watermark() override { return Mono::max(); }
  std::optional<OwnSocket> own_socket(const Address& /*target*/) override { return std::nullopt; }
  void notify_at_watermark(Mono /*began*/) override {}
  void call_at(Mono /*deadline*/, std::function<void()> /*call*/) override {}

 private:
  SimTeal& teal_;
  Rng random_;
  std::deque<std::function<void(Mono)>> waiting_;
};

/// Computes hashes when it is told to.
class SimTeal::Logins final : public proxy::LoginChecker {
 public:
  bool submit(proxy::LoginJob job) override {
    jobs_.push_back(std::move(job));
    return true;
  }
  bool run_one(proxy::WorkerLoop& loop) {
    if (jobs_.empty()) return false;
    const proxy::LoginJob job = std::move(jobs_.front());
    jobs_.pop_front();
    const std::string_view password(job.password.data(), job.password.size());
    loop.logins().on_checked(job.ticket, job.file->check(job.user, password), loop.now());
    return true;
  }

 private:
  std::deque<proxy::LoginJob> jobs_;
};

// ---- its life -----------------------------------------------------------------------------------

SimTeal::SimTeal(ManualClock& clock, std::shared_ptr<control::Disk> disk, Prepared prepared,
                 std::uint64_t seed)
    : clock_(clock),
      config_(std::move(prepared.config)),
      files_(std::move(prepared.files)),
      logins_(std::make_unique<Logins>()),
      ports_(std::make_unique<WorkerPorts>(*this, seed)) {
  pool_.clock = &clock_;
  pool_.log = &log_;
  pool_.logins = logins_.get();
  pool_.idle_budget = std::make_unique<proxy::IdleBudget>(100, 1);
  pool_.loads = std::make_unique<proxy::ConnectionLoads>(1);
  builder_.configure(*config_);
  take_files();
  controller_ = std::make_unique<control::Controller>(
      config_, clock_, log_, *ports_, std::make_unique<control::MemoryStore>(std::move(disk)));
  const Result<void> started = controller_->start();
  EXPECT_TRUE(started) << started.error();
  pump();
}

SimTeal::~SimTeal() = default;

void SimTeal::take_files() {
  proxy::PoolFiles files = files_.for_pool();
  builder_.set_error_pages(files.pages);
  builder_.set_tls(std::move(files.tls));
  builder_.set_passwords(std::move(files.passwords));
}

/// As Server::State::commit().
void SimTeal::reload(Prepared next, std::uint64_t seed) {
  ports_->seed(seed);
  const auto before = std::exchange(config_, std::move(next.config));
  next.files.succeed(files_);
  const auto replaced = std::exchange(files_, std::move(next.files));
  builder_.configure(*config_);
  take_files();
  bool is_applied = false;
  controller_->reconfigure(config_, {++generation_, "digest"}, [&] { is_applied = true; });
  pump();
  EXPECT_TRUE(is_applied);
}

void SimTeal::pump() {
  ports_->pump();
}

void SimTeal::rest() {
  for (int i = 0; i < 3; ++i) {
    loop_->runtimes().end_second();
    loop_->runtimes().take_tallies();
    loop_->runtimes().close_surplus(loop_->idle_pool(), false);
  }
  // A group that had a request, but no attempt at a target, is not looked at each second.
  for (const proxy::WorkerService* const service : services())
    for (const Colour colour : kColours) {
      proxy::GroupRuntime& group = *service->groups[colour].runtime;
      group.peak = group.last_peak = 0;
    }
}

void SimTeal::take(const proxy::RouteUpdate& update) {
  if (loop_) {
    loop_->take_routes(update);
    loop_->finish_callback();
    return;
  }
  loop_.emplace(
      proxy::WorkerLoop::Options{.seed = 1, .shared = pool_, .control = told_, .peers = peers_},
      update);
}

const proxy::ServiceView* SimTeal::view(const std::string& service) const {
  const std::optional<ServiceId> id = builder_.service_id(service);
  const proxy::PinnedService& found = routes().service(id.value_or(ServiceId(-1)));
  return found ? found->view.get() : nullptr;
}

std::vector<const proxy::WorkerService*> SimTeal::services() const {
  std::vector<const proxy::WorkerService*> services;
  for (const config::Service& service : config_->services)
    if (const std::optional<ServiceId> id = builder_.service_id(service.name))
      services.push_back(routes().service(*id).get());
  return services;
}

const std::string& SimTeal::name_of(ServiceId service) const {
  return routes().service(service)->view->spec->name;
}

// ---- requests -----------------------------------------------------------------------------------

void SimTeal::draw_anew(std::uint64_t seed) {
  loop_->rng() = Rng{seed};
  for (const proxy::WorkerService* const service : services()) {
    service->runtime->splitter = proxy::Splitter(seed);
    for (const Colour colour : kColours)
      service->groups[colour].runtime->balancer = proxy::Balancer(seed);
  }
}

/// As Downstream does it.
bool SimTeal::is_trusted(const config::Listener& listener, const std::string& client) const {
  const auto ip = parse_ip(client);
  return ip && any_contains(listener.trusted_proxies, *ip);
}

Trace SimTeal::ask(const std::string& listener, const SimRequest& request) {
  present_teal() = this;
  loop_->begin_turn();
  draw_anew(request.seed);
  trace_.clear();
  cookie_.clear();
  seed_ = request.seed;
  proxy::ClientInfo info;
  info.listener = *builder_.listener_id(listener);
  const config::Listener& spec = *routes().listener(info.listener).spec;
  info.peer.address = request.client;
  info.peer.trusted = is_trusted(spec, request.client);
  net::RequestParser parser({.start_line_bytes = spec.limits.request_line_bytes,
                             .head_bytes = spec.limits.header_bytes,
                             .fields = spec.limits.header_count});
  if (parser.next(request.bytes).event != net::ParseEvent::head)
    return "refused: " + std::string(net::explain(parser.refusal()));
  info.is_http10 = parser.head().minor_version == 0;
  SimClient client(trace_, request.client);
  proxy::Exchange exchange(*loop_);
  exchange.begin(client, info, parser.head());
  if (!client.is_done() && request.body > 0) {
    exchange.on_request_body(std::string(request.body, 'b'));
    if (!client.is_done()) exchange.on_request_end({});
  }
  run(exchange, client);
  cookie_ = client.cookie();
  if (std::exchange(told_.exposures, 0) > 0) controller_->on_exposed();
  return std::exchange(trace_, {});
}

void SimTeal::run(proxy::Exchange& exchange, const SimClient& client) {
  const auto is_asked = [](const SimTarget& target) { return target.is_asked(); };
  while (!client.is_done()) {
    loop_->finish_callback();
    if (logins_->run_one(*loop_)) continue;
    const auto asked = std::ranges::find_if(targets_, is_asked);
    if (asked == targets_.end()) break;
    asked->answer();
  }
  if (!client.is_done()) {
    trace_ += "waits\n";
    exchange.on_client_gone();
  }
  loop_->finish_callback();
  targets_.clear();
}

proxy::Acquired SimTeal::acquire(const proxy::TargetPointer& asked, proxy::Exchange& exchange,
                                 const proxy::UpstreamOptions& wanted) {
  const proxy::TargetRuntime& target = *asked;
  loop_->runtimes().note_busy(asked);
  const std::uint64_t drawn = mix64(seed_ + targets_.size());
  trace_ += "-> " + name_of(target.group->service) + ' ' +
            std::string(to_string(target.group->colour)) + ' ' + target.address() +
            (target.tls() ? " tls" : "") + (wanted.fresh ? " fresh" : "") +
            (wanted.may_switch ? " may switch " : " ") + wanted.proxy_header + '\n';
  SimTarget& side = targets_.emplace_back(trace_, exchange, wanted.method, drawn);
  if (drawn % 16 == 0) return {nullptr, drawn % 32 == 0};
  return {&side};
}

}  // namespace teal::sim

namespace teal::proxy {

Acquired acquire_upstream(WorkerLoop& /*loop*/,
                          const boost::local_shared_ptr<TargetRuntime>& target, Exchange& exchange,
                          const UpstreamOptions& wanted) {
  TEAL_ASSERT(sim::present_teal() != nullptr);
  return sim::present_teal()->acquire(target, exchange, wanted);
}

}  // namespace teal::proxy
