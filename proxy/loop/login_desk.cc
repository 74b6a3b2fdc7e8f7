#include "proxy/loop/login_desk.h"

#include <cstring>
#include <utility>

#include "base/assert.h"

namespace teal::proxy {
namespace {

void append_sized(std::string& message, std::string_view part) {
  const auto size = static_cast<std::uint32_t>(part.size());
  message.append(reinterpret_cast<const char*>(&size), sizeof size);
  message.append(part);
}

/// Of the file's text, the user and the password. Each with its size, so that no two are alike.
net::Mac::Tag tag_of(const net::Mac& key, const LoginDesk::Login& login) {
  const net::Sha256Digest& digest = login.file->digest();
  std::string message(reinterpret_cast<const char*>(digest.data()), digest.size());
  append_sized(message, login.user);
  append_sized(message, login.password);
  const net::Mac::Tag tag =
      key.of({reinterpret_cast<const std::uint8_t*>(message.data()), message.size()});
  ::explicit_bzero(message.data(), message.size());
  return tag;
}

}  // namespace

LoginJob::~LoginJob() {
  // One that was moved from, or of a client without a password, has no bytes and no place for them.
  if (!password.empty()) ::explicit_bzero(password.data(), password.size());
}

LoginDesk::Answer LoginDesk::ask(LoginWaiter& waiter, const Login& login, Mono now) {
  const net::Mac::Tag tag = tag_of(key_, login);
  if (const bool* const is_good = known_.find(tag, now))
    return *is_good ? Answer::good : Answer::bad;
  if (checker_ == nullptr) return Answer::full;
  const std::uint64_t ticket = ++tickets_;
  auto is_abandoned = std::make_shared<std::atomic<bool>>(false);
  LoginJob job;
  job.worker = worker_;
  job.ticket = ticket;
  job.tag = tag;
  job.file = login.file;
  job.user = login.user;
  job.password.assign(login.password.begin(), login.password.end());
  job.is_abandoned = is_abandoned;
  if (!checker_->submit(std::move(job))) return Answer::full;
  pending_.emplace(ticket, Pending{&waiter, tag, std::move(is_abandoned)});
  return Answer::waits;
}

void LoginDesk::forget(LoginWaiter& waiter) {
  std::erase_if(pending_, [&](const auto& each) {
    if (each.second.waiter != &waiter) return false;
    each.second.is_abandoned->store(true, std::memory_order_relaxed);
    return true;
  });
}

void LoginDesk::on_checked(std::uint64_t ticket, bool is_good, Mono now) {
  const auto found = pending_.find(ticket);
  if (found == pending_.end()) return;
  const Pending done = std::move(found->second);
  pending_.erase(found);
  known_.put(done.tag, is_good, now + (is_good ? kKnownGood : kKnownBad));
  done.waiter->on_checked(is_good);
}

}  // namespace teal::proxy
