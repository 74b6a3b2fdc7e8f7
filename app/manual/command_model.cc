#include "app/manual/command_model.h"

#include <algorithm>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

namespace teal::app {
namespace {

namespace json = boost::json;

/// "a", "b" of "TEXT:{a,b}", which is how CLI11 describes what is one of a list.
std::vector<std::string> choices_of(std::string_view type) {
  const std::size_t open = type.find('{');
  if (open == std::string_view::npos || !type.ends_with('}')) return {};
  type = type.substr(open + 1, type.size() - open - 2);
  std::vector<std::string> choices;
  while (!type.empty()) {
    const std::size_t comma = std::min(type.find(','), type.size());
    choices.emplace_back(type.substr(0, comma));
    type.remove_prefix(std::min(comma + 1, type.size()));
  }
  return choices;
}

/// "DURATION" of "TEXT:DURATION", where the check says more than the type; else the type.
std::string value_of(const std::string& type) {
  const std::size_t colon = type.find(':');
  if (colon == std::string::npos) return type;
  const std::string check = type.substr(colon + 1);
  const bool is_word =
      check.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos && !check.empty();
  return is_word ? check : type.substr(0, colon);
}

OptionModel model_of(const CLI::Option& option) {
  OptionModel model;
  for (const std::string& name : option.get_lnames()) model.names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) model.names.push_back("-" + name);
  if (model.names.empty()) model.argument = option.get_name(true);
  model.help = option.get_description();
  if (option.get_items_expected_max() > 0) {
    model.choices = choices_of(option.get_type_name());
    model.value = value_of(option.get_type_name());
  }
  model.default_value = option.get_default_str();
  model.is_required = option.get_required();
  model.repeats = option.get_items_expected_max() > 1;
  return model;
}

json::array to_json(const std::vector<std::string>& texts) {
  json::array list;
  for (const std::string& text : texts) list.emplace_back(json::string(text));
  return list;
}

json::object to_json(const OptionModel& option) {
  return {{"names", to_json(option.names)},
          {"argument", json::string(option.argument)},
          {"help", json::string(option.help)},
          {"value", json::string(option.value)},
          {"default", json::string(option.default_value)},
          {"choices", to_json(option.choices)},
          {"required", option.is_required},
          {"repeats", option.repeats}};
}

}  // namespace

bool OptionModel::is_named(std::string_view name) const {
  return std::ranges::find(names, name) != names.end();
}

const CommandModel* CommandModel::command(std::string_view command_name) const& {
  const auto found = std::ranges::find(commands, command_name, &CommandModel::name);
  return found == commands.end() ? nullptr : &*found;
}

const OptionModel* CommandModel::option(std::string_view option_name) const& {
  const auto found = std::ranges::find_if(
      options, [&](const OptionModel& option) { return option.is_named(option_name); });
  return found == options.end() ? nullptr : &*found;
}

CommandModel model_of(const CLI::App& app) {
  CommandModel model;
  model.name = app.get_name();
  model.help = app.get_description();
  model.takes_options_of_parent = app.get_fallthrough();
  for (const CLI::Option* option : app.get_options({}))
    if (!option->get_group().empty()) model.options.push_back(model_of(*option));
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    if (!command->get_group().empty()) model.commands.push_back(model_of(*command));
  return model;
}

json::object to_json(const CommandModel& command) {
  json::array options;
  for (const OptionModel& option : command.options) options.push_back(to_json(option));
  json::array commands;
  for (const CommandModel& each : command.commands) commands.push_back(to_json(each));
  return {{"name", json::string(command.name)},
          {"help", json::string(command.help)},
          {"options", std::move(options)},
          {"commands", std::move(commands)}};
}

}  // namespace teal::app
