#include "config/load.h"

#include "base/assert.h"
#include "base/file.h"
#include "config/advise.h"
#include "config/document.h"
#include "config/parse.h"
#include "config/reader.h"
#include "config/report.h"
#include "config/validate.h"

namespace teal::config {
namespace {

constexpr std::string_view kBody = "request body";

std::optional<Weight> parse_share(Mapping& keys, Colour colour) {
  const auto value = keys.find(to_string(colour));
  if (!value) return std::nullopt;
  const auto text = value->text();
  if (!text) return std::nullopt;
  const Result<Weight> weight = parse_weight(*text);
  if (weight) return *weight;
  value->problem(weight.error().message());
  return std::nullopt;
}

}  // namespace

std::string to_string(const Problem& problem) {
  std::string text = problem.file;
  if (problem.line > 0)
    text += ':' + std::to_string(problem.line) + ':' + std::to_string(problem.column);
  if (!problem.key.empty()) text += ": " + problem.key;
  text += ": " + problem.message;
  if (!problem.hint.empty()) text += "; " + problem.hint;
  return text;
}

void throw_exception_from_error(const Problems& problems, const boost::source_location& /*where*/) {
  const std::string first = problems.list.empty() ? "none" : to_string(problems.list.front());
  assertion_failed("value of a failed Loaded: " + first, __FILE__, __LINE__);
}

Loaded<Config> load_text(std::string_view text, const std::string& name, const Variables& variables,
                         std::vector<Problem>* warnings) {
  Report report(name);
  std::optional<Node> root = read_yaml(text, report);
  if (!root) return report.take();
  expand_variables(*root, variables, report);
  Config config = parse_config(Value(*root, "", "", report));
  validate(config, report);
  if (!report.empty()) return report.take();
  if (warnings != nullptr) {
    advise(config, report);  // It knows the places.
    *warnings = report.take().list;
  }
  return config;
}

Loaded<Config> load_file(const std::string& path, const Variables& variables,
                         std::vector<Problem>* warnings) {
  const std::string name = path == "-" ? "stdin" : path;
  const FileText file = read_given_file(path, kMaxBytes);
  if (file) return load_text(file.text, name, variables, warnings);
  Report report(name);
  report.add({}, "", file.fault, file.remedy);
  return report.take();
}

Loaded<DeploymentRequest> parse_deployment_request(std::string_view json, const Deploy& defaults) {
  Report report{std::string(kBody)};
  const std::optional<Node> root = read_json_object(json, report);
  if (!root) return report.take();
  DeploymentRequest request;
  request.deploy = defaults;
  {
    Mapping keys(Value(*root, "", "", report));
    if (const auto revision = keys.find("revision")) {
      if (const auto given = parse_revision(*revision)) request.revision = *given;
    } else if (!keys.has("revision")) {
      report.add(root->location, "revision", "is missing",
                 "name the release: \"revision\": \"v2\"");
    }
    if (const auto targets = keys.find("targets")) {
      request.targets = parse_targets(*targets);
      request.lists_no_targets = targets->is_list() && targets->node().items.empty();
    }
    parse_deploy(keys, request.deploy, true);
  }
  if (!report.empty()) return report.take();
  return request;
}

Loaded<Split> parse_split_request(std::string_view json) {
  Report report{std::string(kBody)};
  const std::optional<Node> root = read_json_object(json, report);
  if (!root) return report.take();
  std::optional<Weight> blue;
  std::optional<Weight> green;
  {
    Mapping keys(Value(*root, "", "", report));
    blue = parse_share(keys, Colour::blue);
    green = parse_share(keys, Colour::green);
  }
  if (report.empty() && !blue && !green)
    report.add(root->location, "", "must give a share of the traffic",
               R"(write {"green": "12.5%"})");
  if (blue && green && *blue != green->rest())
    report.add(root->location, "",
               "blue " + teal::to_string(*blue) + " and green " + teal::to_string(*green) +
                   " do not sum to 100%",
               "give one of them; the other gets the rest");
  if (!report.empty()) return report.take();
  return green ? Split::with(Colour::green, *green) : Split::with(Colour::blue, *blue);
}

}  // namespace teal::config
