// All services, however many pages the API tells them in.
#include "app/client/all_services.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace teal::app {
namespace {

struct Pages {
  Result<AdminAnswer> operator()(const std::string& path) {
    asked.push_back(path);
    const auto found = answers.find(path);
    if (found == answers.end()) return Error{Source::upstream, "nobody answers"};
    return found->second;
  }

  std::map<std::string, AdminAnswer> answers;
  std::vector<std::string> asked;
};

TEST(AllServices, AreOneAnswerHoweverManyPagesThereAre) {
  Pages pages;
  pages.answers["/v1/services?limit=1000"] = {200, R"({"services":[1,2],"next":"b c"})"};
  pages.answers["/v1/services?limit=1000&after=b%20c"] = {200, R"({"services":[3],"next":"d"})"};
  pages.answers["/v1/services?limit=1000&after=d"] = {200, R"({"services":[4],"next":null})"};
  const Result<AdminAnswer> all = ask_for_all_services(std::ref(pages));
  ASSERT_TRUE(all);
  EXPECT_EQ(all->body, R"({"services":[1,2,3,4],"next":null})");
}

TEST(AllServices, AreAsTheyCameWhereThereIsOnePage) {
  Pages pages;
  pages.answers["/v1/services?limit=1000"] = {200, "{\"services\":[ 1 ],\"next\":null}\n"};
  EXPECT_EQ(ask_for_all_services(std::ref(pages))->body, "{\"services\":[ 1 ],\"next\":null}\n");
  EXPECT_EQ(pages.asked.size(), 1U);
}

TEST(AllServices, ArePassedOnWhereAPageIsRefusedOrNobodyAnswers) {
  Pages pages;
  pages.answers["/v1/services?limit=1000"] = {200, R"({"services":[1],"next":"a"})"};
  EXPECT_FALSE(ask_for_all_services(std::ref(pages)));
  pages.answers["/v1/services?limit=1000&after=a"] = {503, "busy"};
  const Result<AdminAnswer> refused = ask_for_all_services(std::ref(pages));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  pages.answers["/v1/services?limit=1000"] = {403, "no"};
  EXPECT_EQ(ask_for_all_services(std::ref(pages))->status, 403);
}

}  // namespace
}  // namespace teal::app
