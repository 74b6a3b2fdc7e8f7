#include "control/deploy/deployment_table.h"

#include <algorithm>
#include <utility>

namespace teal::control {

DeploymentRunner& DeploymentTable::create(DeploymentSpec spec, WallTime created, Mono now) {
  const DeploymentNumber number = next_number_++;
  spec.id = deployment_id(number);
  running_[spec.service] = number;
  return add(number, std::move(spec), created, now);
}

DeploymentRunner& DeploymentTable::restore(DeploymentNumber number, DeploymentSpec spec,
                                           WallTime created, Mono now) {
  skip_number(number);
  return add(number, std::move(spec), created, now);
}

DeploymentRunner& DeploymentTable::add(DeploymentNumber number, DeploymentSpec spec,
                                       WallTime created, Mono now) {
  by_service_[spec.service].insert(number);
  auto runner = std::make_unique<DeploymentRunner>(number, std::move(spec), created, now);
  return *runners_.emplace(number, std::move(runner)).first->second;
}

void DeploymentTable::skip_number(DeploymentNumber number) {
  next_number_ = std::max(next_number_, number + 1);
}

void DeploymentTable::settle() {
  for (const auto& [service, numbers] : by_service_) settle(service);
}

void DeploymentTable::settle(const std::string& service) {
  running_.erase(service);
  const auto numbers = by_service_.find(service);
  if (numbers == by_service_.end()) return;
  for (const DeploymentNumber number : numbers->second) {
    if (DeploymentRunner* older = active(service)) {
      older->is_abandoned = true;
      running_.erase(service);
    }
    if (!find(number)->is_over()) running_[service] = number;
  }
}

DeploymentRunner* DeploymentTable::find(DeploymentNumber number) const {
  const auto found = runners_.find(number);
  return found == runners_.end() ? nullptr : found->second.get();
}

DeploymentRunner* DeploymentTable::find(const DeploymentId& id) const {
  return find(deployment_number(id));
}

DeploymentRunner* DeploymentTable::active(const std::string& service) const {
  const auto number = running_.find(service);
  return number == running_.end() ? nullptr : find(number->second);
}

const DeploymentRunner* DeploymentTable::newest(const std::string& service) const {
  const auto known = by_service_.find(service);
  return known == by_service_.end() ? nullptr : find(*known->second.rbegin());
}

const DeploymentRunner* DeploymentTable::newest_finished(const std::string& service) const {
  const std::vector<DeploymentRunner*> runners = of(service);
  const auto found = std::ranges::find_if(runners, &DeploymentRunner::is_over);
  return found == runners.end() ? nullptr : *found;
}

std::vector<DeploymentRunner*> DeploymentTable::of(const std::string& service) const {
  std::vector<DeploymentRunner*> runners;
  const auto known = by_service_.find(service);
  if (known == by_service_.end()) return runners;
  for (auto number = known->second.rbegin(); number != known->second.rend(); ++number)
    runners.push_back(find(*number));
  return runners;
}

std::vector<DeploymentNumber> DeploymentTable::running() const {
  std::vector<DeploymentNumber> numbers;
  for (const auto& [service, number] : running_) numbers.push_back(number);
  return numbers;
}

std::optional<Mono> DeploymentTable::next_deadline() const {
  std::optional<Mono> next;
  for (const auto& [service, number] : running_)
    if (const std::optional<Mono> due = find(number)->wakes_at())
      next = std::min(next.value_or(*due), *due);
  return next;
}

void DeploymentTable::end(const DeploymentRunner& runner) {
  const auto found = running_.find(runner.spec().service);
  if (found != running_.end() && found->second == runner.number) running_.erase(found);
}

std::vector<DeploymentNumber> DeploymentTable::prune(const std::string& service,
                                                     const DeploymentRunner* kept) {
  std::vector<DeploymentNumber> finished;
  const auto known = by_service_.find(service);
  if (known == by_service_.end()) return {};
  for (const DeploymentNumber number : known->second)
    if (find(number)->is_over()) finished.push_back(number);
  if (finished.size() <= kKept) return {};
  finished.resize(finished.size() - kKept);
  if (kept != nullptr) std::erase(finished, kept->number);
  for (const DeploymentNumber number : finished) {
    runners_.erase(number);
    known->second.erase(number);
  }
  return finished;
}

DeploymentRunner* find_served(const DeploymentTable& deployments, const ServiceRegistry& services,
                              const DeploymentId& id) {
  DeploymentRunner* const found = deployments.find(id);
  const bool is_served = found != nullptr && services.find(found->spec().service) != nullptr;
  return is_served ? found : nullptr;
}

}  // namespace teal::control
