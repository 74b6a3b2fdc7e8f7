#include "app/demo/stage.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <sstream>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "app/view/json_at.h"
#include "app/view/status.h"
#include "base/printable.h"

namespace teal::app {
namespace {

namespace json = boost::json;

constexpr Millis kStartPatience{10'000};
constexpr Millis kGlance{50};
constexpr Millis kFrame{250};
constexpr Millis kWatchPatience{120'000};

constexpr const char* kConfig = R"(# Written by `teal demo`.
admin: { address: 127.0.0.1:0 }
state: sqlite:@DIR@/teal.db
access_log: { format: json, path: @DIR@/access.log }
listeners:
  public:  { address: 127.0.0.1:0 }
  preview: { address: 127.0.0.1:0, group: idle }
services:
  shop:
    match: [ { listener: public }, { listener: preview } ]
    blue: { revision: @REVISION@, targets: [ @TARGETS@ ] }
    shield: { header: everybody }
    health: { http: /healthz, interval: 500ms, fast_interval: 100ms, timeout: 400ms }
    deploy:
      alarms:
        errors: { error_rate: '> 5%', over: 5s, minimum_requests: 20 }
        slow:   { latency_p99: '> 250ms', over: 5s, minimum_requests: 50 }
      minimum_healthy: 100%
      healthy_deadline: 20s
      keep_old: 5m
      watch_after: 3s
)";

void replace(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at))
    text.replace(at, what.size(), with);
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// The address that a Teal's log says a listener has.
std::string find_listener(const std::string& log, const std::string& listener) {
  const std::string mark = "listener=" + listener + " address=";
  const std::size_t at = log.find(mark);
  if (at == std::string::npos) return {};
  const std::size_t end = log.find_first_of(" \n", at + mark.size());
  if (end == std::string::npos) return {};
  return log.substr(at + mark.size(), end - at - mark.size());
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

Result<std::unique_ptr<DemoStage>> DemoStage::set(const Terminal& terminal) {
  std::unique_ptr<DemoStage> stage(new DemoStage(terminal));
  std::string path = (std::filesystem::temp_directory_path() / "teal-demo.XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr)
    return Error{Source::internal, "cannot make a directory like " + path};
  stage->directory_ = path;
  return stage;
}

DemoStage::~DemoStage() {
  if (is_kept_) {
    for (ChildProcess& process : processes_) process.release();
    return;
  }
  // Teal goes first: it would take the end of the others for a failure.
  for (auto it = processes_.rbegin(); it != processes_.rend(); ++it) it->stop();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

Result<std::vector<std::string>> DemoStage::start_release(const ShopOptions& release) {
  std::vector<std::string> addresses;
  for (int i = 0; i < 2; ++i) {
    Result<ChildProcess> started = ChildProcess::start(
        {"demo-shop", "--revision", release.revision, "--fail-percent",
         std::to_string(release.fail_percent), "--slow-ms", std::to_string(release.slow.count())},
        directory_ + "/shop-" + release.revision + ".log");
    if (!started) return started.error();
    const std::optional<std::string> line = started->read_line(kStartPatience);
    if (!line || !line->starts_with("listening "))
      return Error{Source::internal, "the shop " + release.revision + " did not start"};
    addresses.push_back("127.0.0.1:" + line->substr(10));
    processes_.push_back(std::move(*started));
  }
  return addresses;
}

Result<void> DemoStage::start_teal(const std::string& revision,
                                   const std::vector<std::string>& targets) {
  std::string text = kConfig;
  replace(text, "@DIR@", directory_);
  replace(text, "@REVISION@", revision);
  replace(text, "@TARGETS@", join(targets));
  const std::string config = directory_ + "/teal.yaml";
  const std::string log = directory_ + "/teal.log";
  std::ofstream(config) << text;
  Result<ChildProcess> started = ChildProcess::start({"serve", config}, log);
  if (!started) return started.error();
  processes_.push_back(std::move(*started));
  for (Millis waited{0}; waited < kStartPatience; waited += kGlance) {
    const std::string said = read_file(log);
    admin_address_ = find_listener(said, "admin");
    const Result<Address> admin = parse_address(admin_address_);
    const Result<Address> front = parse_address(find_listener(said, "public"));
    if (admin && front) {
      admin_ = AdminClient(*admin);
      front_door_ = *front;
      const Result<AdminAnswer> ready = admin_.send("GET", "/readyz");
      if (ready && ready->status == 200) return {};
    }
    if (!terminal_.pause(kGlance)) break;
  }
  return Error{Source::internal, "Teal did not start:\n" + read_file(log)};
}

Result<json::object> DemoStage::get(const std::string& path) const {
  const Result<AdminAnswer> answer = admin_.send("GET", path);
  if (!answer) return answer.error();
  boost::system::error_code ec;
  json::value value = json::parse(answer->body, ec);
  if (ec || !value.is_object() || answer->status != 200)
    return Error{Source::internal, "GET " + path + ": " + printable(answer->body)};
  return std::move(value.get_object());
}

Result<std::string> DemoStage::deploy(const std::string& revision,
                                      const std::vector<std::string>& targets,
                                      const json::array& plan) const {
  const json::object body{{"revision", revision},
                          {"targets", json::array(targets.begin(), targets.end())},
                          {"plan", plan}};
  const Result<AdminAnswer> answer =
      admin_.send("POST", "/v1/services/shop/deployments", json::serialize(body));
  if (!answer) return answer.error();
  if (answer->status != 201)
    return Error{Source::internal, render_problem(answer->body, answer->status)};
  return std::string(json::parse(answer->body).at("id").as_string());
}

Result<json::object> DemoStage::watch(const std::string& id) {
  std::size_t printed = 0;
  drawn_lines_ = 0;
  for (Millis waited{0}; waited < kWatchPatience; waited += kFrame) {
    Result<json::object> deployment = get("/v1/deployments/" + id);
    if (!deployment) return deployment.error();
    if (terminal_.is_tty) {
      const Result<json::object> service = get("/v1/services/shop");
      if (!service) return service.error();
      draw(*service);
    } else {
      print_new_entries(*deployment, printed);
    }
    if (is_terminal(*deployment)) return deployment;
    if (!terminal_.pause(kFrame)) return Error{Source::internal, "interrupted"};
  }
  return Error{Source::internal, "deployment " + id + " did not end in time"};
}

/// Draws over the last frame, below whatever the story has said so far.
void DemoStage::draw(const json::object& service) {
  ViewStyle style;
  style.columns = terminal_.width();
  style.colour = terminal_.colour;
  const std::string frame = render_service(service, style);
  std::string text;
  if (drawn_lines_ > 0) text = "\x1b[" + std::to_string(drawn_lines_) + "A";
  for (const char c : frame) {
    if (c == '\n') text += "\x1b[K";
    text += c;
  }
  text += "\x1b[J";
  terminal_.out << text << std::flush;
  drawn_lines_ = static_cast<int>(std::count(frame.begin(), frame.end(), '\n'));
}

void DemoStage::print_new_entries(const json::object& deployment, std::size_t& printed) {
  const json::array& timeline = deployment.at("timeline").as_array();
  for (; printed < timeline.size(); ++printed)
    terminal_.out << "  " << render_timeline_entry(timeline[printed].as_object()) << "\n"
                  << std::flush;
}

}  // namespace teal::app
