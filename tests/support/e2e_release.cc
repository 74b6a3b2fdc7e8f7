#include "tests/support/e2e_release.h"

namespace teal::e2e {

void ReleaseTest::start(const std::string& deploy, const std::string& more) {
  ConfigText config =
      shop({blue_.address()}, fast_health() + "deploy: " + deploy + "\noutlier: off\n" + more);
  config.listeners =
      "public: { address: '127.0.0.1:0' }\npreview: { address: '127.0.0.1:0', group: idle }";
  config.services[0].match = "[ { listener: public }, { listener: preview } ]";
  teal_ = std::make_unique<Teal>(config);
  ASSERT_TRUE(admin().await_accepting(1)) << admin().service().text;
}

std::string ReleaseTest::ship(const std::string& more) {
  const ApiAnswer answer = admin().deploy("v2", green_.address(), more);
  EXPECT_EQ(answer.status, 201) << answer.text;
  return answer.at("/id");
}

void ReleaseTest::expect_rolled_back(const std::string& id, const std::string& status,
                                     const std::string& error_code) {
  ASSERT_TRUE(admin().await(id, "status", status)) << admin().deployment(id).text;
  const ApiAnswer taken_back = admin().deployment(id);
  EXPECT_EQ(taken_back.at("/error_code"), error_code) << taken_back.text;
  const std::string rollback = taken_back.at("/rolled_back_by");
  ASSERT_FALSE(rollback.empty()) << taken_back.text;
  EXPECT_TRUE(admin().await(rollback, "status", "Succeeded")) << admin().deployment(rollback).text;
  EXPECT_EQ(admin().deployment(rollback).at("/rollback_of"), id);
  EXPECT_EQ(admin().deployment(rollback).at("/kind"), "rollback");
  EXPECT_EQ(green_share(), "0%");
  EXPECT_EQ(admin().service().at("/live"), "blue");
  const auto answers = ask(teal_->listener(), 50);
  EXPECT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers.count(blue_.name()), 1U);
}

}  // namespace teal::e2e
