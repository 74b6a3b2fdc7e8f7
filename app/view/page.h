// Page: the lines of a view, each cut to the width of the terminal, then coloured.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "app/view/status.h"
#include "app/view/text_table.h"

namespace teal::app {

class Page {
 public:
  explicit Page(const ViewStyle& style) : style_(style) {}

  void line(std::string_view text, std::string_view colour = {}) {
    const std::string fitting = fit(text, static_cast<std::size_t>(style_.columns));
    if (style_.colour && !colour.empty()) {
      text_ += colour;
      text_ += fitting;
      text_ += "\x1b[0m";
    } else {
      text_ += fitting;
    }
    text_ += '\n';
  }

  std::string take() { return std::move(text_); }

 private:
  ViewStyle style_;
  std::string text_;
};

}  // namespace teal::app
