#include "app/manual/complete.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace teal::app {
namespace {

Completion::Names names_for(const OptionModel& option) {
  const std::string& kind = option.argument.empty() ? option.value : option.argument;
  if (kind == "FILE" || kind == "CONFIG") return Completion::Names::files;
  if (kind == "SERVICE") return Completion::Names::services;
  if (kind == "WHAT") return Completion::Names::deployments;
  return Completion::Names::none;
}

/// Reads a line word by word, and knows at its end what the next word may be.
class Line {
 public:
  explicit Line(const CommandModel& program) : path_{&program} {}

  void read(const std::string& word) {
    if (awaiting_ != nullptr)
      take_value(word);
    else if (!only_arguments_ && word == "--")
      only_arguments_ = true;
    else if (!only_arguments_ && word.starts_with('-'))
      take_option(word);
    else if (const CommandModel* command = arguments_ == 0 ? at().command(word) : nullptr)
      path_.push_back(command);
    else
      ++arguments_;
  }

  Completion complete(const std::string& word) {
    done_.admin = admin_;
    const std::size_t equals = word.find('=');
    if (awaiting_ != nullptr) {
      add_values(*awaiting_, "", word);
    } else if (!only_arguments_ && word.starts_with('-')) {
      if (equals == std::string::npos)
        add_options(word);
      else if (const OptionModel* option = find(word.substr(0, equals)))
        add_values(*option, word.substr(0, equals + 1), word.substr(equals + 1));
    } else {
      add_arguments(word);
      const bool has_nothing = done_.candidates.empty() && done_.names == Completion::Names::none;
      if (has_nothing && word.empty() && !only_arguments_) add_options(word);
    }
    return std::move(done_);
  }

 private:
  const CommandModel& at() const { return *path_.back(); }

  /// Of the command, or of those above it whose options it takes.
  const OptionModel* find(std::string_view name) const {
    for (auto command = path_.rbegin(); command != path_.rend(); ++command) {
      if (const OptionModel* option = (*command)->option(name)) return option;
      if (!(*command)->takes_options_of_parent) break;
    }
    return nullptr;
  }

  void take_option(const std::string& word) {
    const std::size_t equals = std::min(word.find('='), word.size());
    const OptionModel* option = find(word.substr(0, equals));
    if (option == nullptr) return;
    used_.insert(option);
    if (option->value.empty()) return;
    awaiting_ = option;
    if (equals < word.size()) take_value(word.substr(equals + 1));
  }

  void take_value(const std::string& value) {
    if (awaiting_->is_named("--admin")) admin_ = value;
    awaiting_ = nullptr;
  }

  void add(const std::string& word, const std::string& help, const std::string& typed) {
    const bool is_there = std::ranges::find(done_.candidates, word, &Candidate::word) !=
                          done_.candidates.end();  // --help, of each command.
    if (word.starts_with(typed) && !is_there) done_.candidates.push_back({word, help});
  }

  void add_options(const std::string& typed) {
    for (auto command = path_.rbegin(); command != path_.rend(); ++command) {
      for (const OptionModel& option : (*command)->options)
        if (!option.names.empty() && (option.repeats || !used_.contains(&option)))
          add(option.names.front(), option.help, typed);
      if (!(*command)->takes_options_of_parent) break;
    }
  }

  void add_values(const OptionModel& option, const std::string& prefix, const std::string& typed) {
    for (const std::string& choice : option.choices) add(prefix + choice, "", prefix + typed);
    done_.names = names_for(option);
    done_.prefix = prefix;
    done_.typed = typed;
  }

  void add_arguments(const std::string& typed) {
    if (arguments_ == 0)
      for (const CommandModel& command : at().commands) add(command.name, command.help, typed);
    std::size_t place = 0;
    for (const OptionModel& option : at().options) {
      if (!option.names.empty()) continue;
      if (place == arguments_ || (option.repeats && place < arguments_))
        return add_values(option, "", typed);
      ++place;
    }
  }

  std::vector<const CommandModel*> path_;  ///< The program, and the commands within it.
  std::set<const OptionModel*> used_;
  const OptionModel* awaiting_ = nullptr;  ///< The option whose value comes next.
  std::size_t arguments_ = 0;              ///< Of the last command, so far.
  bool only_arguments_ = false;            ///< Behind a "--".
  std::string admin_;
  Completion done_;
};

}  // namespace

Completion complete(const CommandModel& program, const std::vector<std::string>& words) {
  Line line(program);
  for (std::size_t i = 0; i + 1 < words.size(); ++i) line.read(words[i]);
  return line.complete(words.empty() ? std::string() : words.back());
}

}  // namespace teal::app
