// `external: true`, and the mapping that says which alerts of Alertmanager are meant.
#include <map>
#include <string>

#include "base/printable.h"
#include "config/parse.h"

namespace teal::config {
namespace {

constexpr std::size_t kMaxLabels = 16;
constexpr std::size_t kMaxLabelLength = 1024;

std::map<std::string, std::string> parse_labels(const Value& value) {
  std::map<std::string, std::string> labels;
  for (const auto& [name, wanted] : value.named(kMaxLabels, Names::visible)) {
    const auto text = wanted.text();
    if (!text) continue;
    if (text->empty() || text->size() > kMaxLabelLength || !is_printable(*text))
      wanted.problem("must be 1 to " + std::to_string(kMaxLabelLength) + " bytes that can be shown",
                     "write the label's whole value; there are no patterns");
    labels.emplace(name, *text);
  }
  if (value.is_mapping() && value.node().entries.empty())
    value.problem("names no label", "write labels and their values: { alertname: HighErrorRate }");
  return labels;
}

}  // namespace

ExternalAlarm parse_external(const Value& value) {
  ExternalAlarm alarm;
  if (!value.is_mapping()) {
    if (!value.is("true"))
      value.problem("must be true, or say which alerts are meant",
                    "write external: true, or external: { match: { alertname: HighErrorRate } }");
    return alarm;
  }
  Mapping keys(value);
  if (const auto match = keys.find("match")) alarm.match = parse_labels(*match);
  keys.duration("settle", alarm.settle, Millis{0}, hours{1});
  keys.duration("stale_after", alarm.stale_after, minutes{1}, hours{24 * 30});
  return alarm;
}

}  // namespace teal::config
