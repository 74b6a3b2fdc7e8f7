// Who may ask, as the file says it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "tests/support/config_reports.h"

namespace teal::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string text_with(std::string_view listener_keys, std::string_view service_keys) {
  return "listeners: { public: { address: 0.0.0.0:8080" + std::string(listener_keys) +
         " } }\nservices:\n shop:\n  match: { listener: public }\n"
         "  blue: { revision: v1, targets: [ 10.0.0.1:80 ] }\n" +
         std::string(service_keys);
}

Service service_with(std::string_view keys) {
  const Loaded<Config> config = load_text(text_with("", keys), "t.yaml");
  EXPECT_TRUE(config) << report_of(config);
  return config ? config->services.at(0) : Service{};
}

std::string problems_with(std::string_view keys) {
  return report_of(load_text(text_with("", keys), "t.yaml"));
}

std::string listener_problems(std::string_view keys) {
  return report_of(load_text(text_with(keys, ""), "t.yaml"));
}

TEST(LoadAddressRules, ReadsBlocksAndUnix) {
  const Service service =
      service_with("  allow: [ 10.0.0.0/8, 'fd00::/8', unix ]\n  deny: 10.1.0.0/16\n");
  const AddressRules& rules = service.actions.addresses;
  ASSERT_TRUE(rules.allow);
  EXPECT_EQ(rules.allow->blocks.size(), 2U);
  EXPECT_TRUE(rules.allow->unix_sockets);
  EXPECT_EQ(rules.deny.blocks.size(), 1U);
  EXPECT_FALSE(rules.deny.unix_sockets);
}

TEST(LoadAddressRules, RoutesInheritEachOfTheTwoUnlessTheySayIt) {
  const Service service = service_with(
      "  allow: [ 10.0.0.0/8 ]\n  deny: [ 10.1.0.0/16 ]\n  routes:\n"
      "   same: { match: { listener: public, path: /a } }\n"
      "   open: { match: { listener: public, path: /b }, allow: all }\n"
      "   less: { match: { listener: public, path: /c }, deny: none }\n");
  ASSERT_EQ(service.routes.size(), 3U);
  EXPECT_EQ(service.routes[0].actions.addresses, service.actions.addresses);
  EXPECT_FALSE(service.routes[1].actions.addresses.allow);
  EXPECT_EQ(service.routes[1].actions.addresses.deny, service.actions.addresses.deny);
  EXPECT_TRUE(service.routes[2].actions.addresses.allow);
  EXPECT_EQ(service.routes[2].actions.addresses.deny, AddressList{});
}

TEST(LoadAddressRules, RefusesWhatMeansNothing) {
  EXPECT_THAT(problems_with("  allow: []\n"), HasSubstr("must name at least one block"));
  EXPECT_THAT(problems_with("  allow: [ 10.0.0.0/33 ]\n"), HasSubstr("write a block like"));
  EXPECT_THAT(problems_with("  deny: [ shop.example.com ]\n"), HasSubstr("services.shop.deny[0]"));
  EXPECT_THAT(listener_problems(", allow: [ x ]"), HasSubstr("listeners.public.allow[0]"));
  EXPECT_THAT(listener_problems(", deny: [ 10.0.0.0/8 ], allow: [ 10.0.0.0/8 ]"), IsEmpty());
}

TEST(LoadAddressRules, OfAUnixSocketAreForThoseWhomAHeaderNames) {
  const auto said = [](const std::string& more) {
    return report_of(load_text("listeners: { public: { address: 'unix:/run/t.sock'" + more +
                                   " } }\nservices: { shop: { match: { listener: public },\n"
                                   "  blue: { revision: v1, targets: [ 10.0.0.1:80 ] } } }\n",
                               "t.yaml"));
  };
  EXPECT_THAT(said(", allow: [ 10.0.0.0/8 ]"), HasSubstr("means nothing on a Unix socket"));
  EXPECT_THAT(said(", allow: [ 10.0.0.0/8 ], proxy_protocol: true"), IsEmpty());
}

TEST(LoadBasicAuth, ReadsItsKeysAndItsPlace) {
  const Service service =
      service_with("  basic_auth: { file: users, realm: Back office, forward: false }\n");
  ASSERT_TRUE(service.actions.basic_auth);
  EXPECT_EQ(service.actions.basic_auth->file.path, "users");
  EXPECT_EQ(service.actions.basic_auth->file.key, "services.shop.basic_auth.file");
  EXPECT_EQ(service.actions.basic_auth->file.line, 6);
  EXPECT_EQ(service.actions.basic_auth->realm, "Back office");
  EXPECT_THAT(service.actions.request_headers.remove, ElementsAre("authorization"))
      << "a target does not see it";
}

TEST(LoadBasicAuth, IsInheritedUnlessItIsOff) {
  const Service service = service_with(
      "  basic_auth: { file: users, forward: false }\n  routes:\n"
      "   in: { match: { listener: public, path: /a } }\n"
      "   out: { match: { listener: public, path: /b }, basic_auth: off }\n");
  EXPECT_EQ(service.actions.basic_auth->realm, "restricted");
  EXPECT_TRUE(service.routes[0].actions.basic_auth);
  EXPECT_THAT(service.routes[0].actions.request_headers.remove, ElementsAre("authorization"));
  EXPECT_FALSE(service.routes[1].actions.basic_auth);
  EXPECT_THAT(service.routes[1].actions.request_headers.remove, IsEmpty());
}

TEST(LoadBasicAuth, RefusesWhatMeansNothing) {
  EXPECT_THAT(problems_with("  basic_auth: { realm: x }\n"), HasSubstr("has no file"));
  EXPECT_THAT(problems_with("  basic_auth: { file: u, realm: 'a\"b' }\n"),
              HasSubstr("printable ASCII"));
  EXPECT_THAT(problems_with("  basic_auth: { file: u, realm: '' }\n"), HasSubstr("realm"));
  EXPECT_THAT(problems_with("  basic_auth: { file: u, user: me }\n"), HasSubstr("unknown key"));
}

// ---- forward_auth

std::string with_auth(std::string_view keys, std::string_view of_auth = "") {
  return text_with("", keys) + " auth:\n  blue: { revision: v1, targets: [ 10.0.0.2:80 ] }\n" +
         std::string(of_auth);
}

std::string auth_problems(std::string_view keys, std::string_view of_auth = "") {
  return report_of(load_text(with_auth(keys, of_auth), "t.yaml"));
}

TEST(LoadForwardAuth, ReadsItsKeys) {
  const Loaded<Config> config = load_text(
      with_auth(
          "  forward_auth: { service: auth, path: /verify, timeout: 5s,\n"
          "   copy_request_headers: [ Cookie ], copy_response_headers: [ X-User, x-groups ],\n"
          "   cache: { key: [ Cookie, Authorization ], for: 10s } }\n"
          "  routes: { open: { match: { listener: public, path: /o }, forward_auth: off } }\n"),
      "t.yaml");
  ASSERT_TRUE(config) << report_of(config);
  const Service& shop = config->services[0];
  ASSERT_EQ(shop.name, "shop");
  ASSERT_TRUE(shop.actions.forward_auth);
  const ForwardAuth& forward = *shop.actions.forward_auth;
  EXPECT_EQ(forward.service, "auth");
  EXPECT_EQ(forward.path, "/verify");
  EXPECT_EQ(forward.timeout, Millis{5000});
  EXPECT_THAT(*forward.copy_request_headers, ElementsAre("cookie"));
  EXPECT_THAT(forward.copy_response_headers, ElementsAre("x-user", "x-groups"));
  ASSERT_TRUE(forward.cache);
  EXPECT_THAT(forward.cache->key, ElementsAre("cookie", "authorization"));
  EXPECT_EQ(forward.cache->period, Millis{10'000});
  EXPECT_THAT(shop.actions.request_headers.remove, ElementsAre("x-user", "x-groups"))
      << "a client's own go to no target";
  EXPECT_FALSE(shop.routes[0].actions.forward_auth);
  EXPECT_THAT(shop.routes[0].actions.request_headers.remove, IsEmpty());
}

TEST(LoadForwardAuth, TellsEveryHeaderAndKeepsNoAnswerUnlessItIsAskedTo) {
  const Loaded<Config> config =
      load_text(with_auth("  forward_auth: { service: auth }\n"), "t.yaml");
  ASSERT_TRUE(config) << report_of(config) << "and whoever is asked needs no match";
  const ForwardAuth& forward = *config->services[0].actions.forward_auth;
  EXPECT_EQ(forward.path, "/");
  EXPECT_EQ(forward.timeout, Millis{2000});
  EXPECT_FALSE(forward.copy_request_headers);
  EXPECT_FALSE(forward.cache);
}

TEST(LoadForwardAuth, RefusesWhatMeansNothing) {
  EXPECT_THAT(auth_problems("  forward_auth: { path: / }\n"), HasSubstr("has no service"));
  EXPECT_THAT(auth_problems("  forward_auth: { service: aut }\n"),
              HasSubstr("did you mean 'auth'?"));
  EXPECT_THAT(auth_problems("  forward_auth: { service: shop }\n"),
              HasSubstr("is the service itself"));
  EXPECT_THAT(
      auth_problems("  forward_auth: { service: auth }\n", "  forward_auth: { service: shop }\n"),
      HasSubstr("has forward_auth itself"));
  EXPECT_THAT(auth_problems("  forward_auth: { service: auth, timeout: 2m }\n"),
              HasSubstr("timeout"));
  EXPECT_THAT(
      auth_problems(
          "  forward_auth: { service: auth, copy_response_headers: [ X-Forwarded-For ] }\n"),
      HasSubstr("is written by Teal itself"));
  EXPECT_THAT(auth_problems("  forward_auth: { service: auth, copy_response_headers: [ Host ] }\n"),
              HasSubstr("host_header"));
  EXPECT_THAT(auth_problems("  forward_auth: { service: auth, cache: { for: 1s } }\n"),
              HasSubstr("must have a key and for"));
  EXPECT_THAT(auth_problems("  forward_auth: { service: auth, cache: { key: [], for: 1s } }\n"),
              HasSubstr("at least one header"));
}

}  // namespace
}  // namespace teal::config
