#include "control/deploy/alertmanager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"

namespace teal::control {
namespace {

using ::testing::HasSubstr;

/// What Alertmanager 0.28 sends, verbatim but for the numbers.
constexpr const char* kWebhook = R"({
  "receiver": "teal", "status": "firing",
  "alerts": [
    {"status": "firing",
     "labels": {"alertname": "HighErrorRate", "instance": "10.0.0.1:8080", "job": "shop",
                "service": "shop-backend", "severity": "page"},
     "annotations": {"description": "5xx over 5 % for 1m", "summary": "errors at 10.0.0.1:8080"},
     "startsAt": "2026-11-23T03:13:07.120456789+01:00", "endsAt": "0001-01-01T00:00:00Z",
     "generatorURL": "http://prometheus:9090/graph?g0.expr=up", "fingerprint": "b1a9f7c2d3e4f506"},
    {"status": "resolved",
     "labels": {"alertname": "HighErrorRate", "instance": "10.0.0.2:8080"}, "annotations": {},
     "startsAt": "2026-11-23T02:00:00Z", "endsAt": "2026-11-23T02:10:00Z",
     "generatorURL": "", "fingerprint": "0000000000000001"}],
  "groupLabels": {"alertname": "HighErrorRate"}, "commonLabels": {"alertname": "HighErrorRate"},
  "commonAnnotations": {}, "externalURL": "http://alertmanager:9093", "version": "4",
  "groupKey": "{}:{alertname=\"HighErrorRate\"}", "truncatedAlerts": 3})";

AlertBatch batch(const std::string& body) {
  const auto parsed = parse_alert_batch(body);
  EXPECT_TRUE(parsed) << (parsed ? "" : config::to_string(parsed.error().list.at(0)));
  return parsed ? *parsed : AlertBatch{};
}
Alert only(const std::string& alert) {
  const AlertBatch read = batch(R"({"alerts": [)" + alert + "]}");
  EXPECT_EQ(read.alerts.size(), 1U);
  return read.alerts.empty() ? Alert{} : read.alerts[0];
}

TEST(Alertmanager, IsReadAsItIsSent) {
  const AlertBatch read = batch(kWebhook);
  ASSERT_EQ(read.alerts.size(), 2U);
  EXPECT_TRUE(read.refused.empty());
  EXPECT_EQ(read.truncated, 3U);
  EXPECT_EQ(read.group, "{}:{alertname=\"HighErrorRate\"}");
  const Alert& first = read.alerts[0];
  EXPECT_TRUE(first.firing);
  EXPECT_EQ(first.labels.at("severity"), "page");
  EXPECT_EQ(first.fingerprint, "b1a9f7c2d3e4f506");
  EXPECT_EQ(format_time(first.starts.value()), "2026-11-23T02:13:07.120Z");
  EXPECT_FALSE(first.ends) << "0001-01-01 is Go's nothing";
  EXPECT_EQ(first.why, "errors at 10.0.0.1:8080");
  EXPECT_FALSE(read.alerts[1].firing) << "each alert has its own status";
  EXPECT_EQ(format_time(read.alerts[1].ends.value()), "2026-11-23T02:10:00.000Z");
  EXPECT_EQ(read.alerts[1].why, "Alertmanager: HighErrorRate");
}

TEST(Alertmanager, NeedsNoMoreThanAStatusAndLabels) {
  const Alert alert = only(R"({"status": "firing", "labels": {"alertname": "A"}})");
  EXPECT_EQ(alert.fingerprint, fingerprint_of({{"alertname", "A"}}));
  EXPECT_FALSE(alert.starts);
  const Alert odd = only(R"({"status": "firing", "labels": {"alertname": "A", "n": 3},
                             "annotations": [], "startsAt": "yesterday", "endsAt": 7,
                             "fingerprint": ""})");
  EXPECT_EQ(odd.fingerprint, alert.fingerprint);
  EXPECT_FALSE(odd.starts);
  EXPECT_FALSE(odd.ends);
}

TEST(Alertmanager, OneBadAlertRefusesNoOther) {
  const AlertBatch read = batch(R"({"alerts": [
    7, {"status": "firing", "labels": {"alertname": "A"}}, {"status": "firing"},
    {"status": "pending", "labels": {"alertname": "B"}}, {"status": "firing", "labels": {}}]})");
  ASSERT_EQ(read.alerts.size(), 1U);
  EXPECT_EQ(name_of(read.alerts[0]), "A");
  ASSERT_EQ(read.refused.size(), 4U);
  EXPECT_EQ(read.refused[0].index, 0U);
  EXPECT_EQ(read.refused[1].why, "it has no labels");
  EXPECT_EQ(read.refused[2].index, 3U);
}

TEST(Alertmanager, ABodyOfWhichNothingCanBeReadIsRefused) {
  for (const char* bad : {"", "[]", "{", "7", R"({"alerts": {}})", R"({"alert": []})",
                          R"({"alerts": [{"status": "firing"}]})", "{\"alerts\": [{}]} x"})
    EXPECT_FALSE(parse_alert_batch(bad)) << bad;
  EXPECT_TRUE(batch(R"({"alerts": []})").alerts.empty());
}

TEST(Alertmanager, ABatchIsBounded) {
  std::string body = R"({"alerts": [)";
  for (std::size_t i = 0; i < kMaxAlertsOfABatch + 5; ++i)
    body += std::string(i == 0 ? "" : ",") + R"({"status":"firing","labels":{"a":"b"}})";
  const AlertBatch read = batch(body + "]}");
  EXPECT_EQ(read.alerts.size(), kMaxAlertsOfABatch);
  EXPECT_EQ(read.refused.size(), 5U);
}

TEST(Alertmanager, FingerprintsAreThoseOfPrometheus) {
  // model.LabelSet.Fingerprint() of prometheus/common: the empty set, and one that its tests have.
  EXPECT_EQ(fingerprint_of({}), "cbf29ce484222325");
  EXPECT_EQ(fingerprint_of({{"name", "garland, briggs"}, {"fear", "love is not enough"}}),
            "507a62d79ee76c9a");
}

TEST(Alertmanager, TimesAreThoseOfRfc3339) {
  const auto time = [](const char* text) {
    const auto parsed = parse_alert_time(text);
    return parsed ? format_time(*parsed) : std::string("none");
  };
  EXPECT_EQ(time("2026-11-23T02:13:07Z"), "2026-11-23T02:13:07.000Z");
  EXPECT_EQ(time("2026-11-23T02:13:07.5-05:30"), "2026-11-23T07:43:07.500Z");
  EXPECT_EQ(time("2024-02-29t23:59:60.123456789z"), "2024-03-01T00:00:00.123Z");
  for (const char* bad :
       {"", "2026-11-23", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-23T24:00:00Z",
        "2026-11-23T02:13:07", "2026-11-23T02:13:07.Z", "2026-11-23T02:13:07+1:00",
        "2026-11-23T02:13:07Zx", "-026-11-23T02:13:07Z", "2026-11-23T02:13:07+24:00"})
    EXPECT_EQ(time(bad), "none") << bad;
}

TEST(Alertmanager, AReasonIsCutBetweenCharacters) {
  std::string summary(499, 'x');
  summary += "\u00e9\u00e9";
  const Alert alert =
      only(R"({"status": "firing", "labels": {"a": "b"}, "annotations": {"summary": ")" + summary +
           "\"}}");
  EXPECT_EQ(alert.why, std::string(499, 'x')) << "the store would not read half a character back";
}

TEST(Alertmanager, AnAlertConcernsTheAlarmOfItsNameOrOfItsLabels) {
  Alert alert;
  alert.labels = {{"alertname", "HighErrorRate"}, {"severity", "page"}, {"service", "other"}};
  config::Alarm alarm;
  alarm.name = "HighErrorRate";
  alarm.condition = config::ExternalAlarm{};
  EXPECT_TRUE(concerns(alarm, alert));
  alarm.name = "errors";
  EXPECT_FALSE(concerns(alarm, alert));
  alarm.condition = config::ExternalAlarm{{{"alertname", "HighErrorRate"}, {"severity", "page"}}};
  EXPECT_TRUE(concerns(alarm, alert));
  alarm.condition = config::ExternalAlarm{{{"alertname", "HighErrorRate"}, {"severity", "warn"}}};
  EXPECT_FALSE(concerns(alarm, alert));
  alarm.condition = config::ExternalAlarm{{{"env", "prod"}}};
  EXPECT_FALSE(concerns(alarm, alert)) << "all must be there";
}

/// Bytes changed at random: read or refused, and never more alerts than there were.
TEST(Alertmanager, OddBodiesAreReadOrRefused) {
  Rng random{11};
  const std::string whole = kWebhook;
  const auto any = [&](std::size_t of) { return random.below(static_cast<std::uint32_t>(of)); };
  for (int round = 0; round < 5000; ++round) {
    std::string body = whole;
    for (std::uint32_t i = random.below(4); i < 4 && !body.empty(); ++i) {
      const std::size_t at = any(body.size());
      switch (random.below(4)) {
        case 0: body[at] = static_cast<char>(random.below(256)); break;
        case 1: body.erase(at, random.below(20)); break;
        case 2: body.insert(at, body.substr(any(body.size()), random.below(60))); break;
        default: body.resize(at + 1);
      }
    }
    const auto read = parse_alert_batch(body);
    if (!read) {
      EXPECT_FALSE(read.error().list.empty());
      continue;
    }
    EXPECT_LE(read->alerts.size() + read->refused.size(), 64U);
    for (const Alert& alert : read->alerts) {
      EXPECT_FALSE(alert.fingerprint.empty());
      EXPECT_FALSE(alert.labels.empty());
    }
  }
}

}  // namespace
}  // namespace teal::control
