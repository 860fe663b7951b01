#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "model/text/jinja/context.hpp"
#include "model/text/jinja/value.hpp"

namespace lorafleet::model::jinja {

/// One call of a filter, test, method or function: what it was given, and messages about it.
class Call {
 public:
  Call(Context& context, std::string what, const Arguments& arguments, const Value& value)
      : context(context), what(std::move(what)), arguments(arguments), value(value) {}

  [[noreturn]] void fail(const std::string& reason) const { context.fail(what + ": " + reason); }

  /// The argument at `place` or called `name`; nullptr where it is not given.
  [[nodiscard]] const Value* argument(std::size_t place, std::string_view name) const {
    if (place < arguments.positional.size()) return &arguments.positional[place];
    for (const auto& [key, given] : arguments.named) {
      if (key == name) return &given;
    }
    return nullptr;
  }
  [[nodiscard]] const Value& needed(std::size_t place, std::string_view name) const {
    const Value* given = argument(place, name);
    if (given == nullptr) fail("the argument \"" + std::string(name) + "\" is missing");
    return *given;
  }
  [[nodiscard]] const MarkedText& text(std::size_t place, std::string_view name) const {
    const Value& given = needed(place, name);
    if (given.text() == nullptr) {
      fail("the argument \"" + std::string(name) + "\" must be a string, not " + kind_of(given));
    }
    return *given.text();
  }
  /// Nothing where it is not given or none.
  [[nodiscard]] std::optional<std::string_view> optional_text(std::size_t place,
                                                              std::string_view name) const {
    const Value* given = argument(place, name);
    if (given == nullptr || given->is_none()) return std::nullopt;
    if (given->text() == nullptr) {
      fail("the argument \"" + std::string(name) + "\" must be a string, not " + kind_of(*given));
    }
    return given->text()->view();
  }
  [[nodiscard]] std::int64_t integer(std::size_t place, std::string_view name,
                                     std::int64_t otherwise) const {
    const Value* given = argument(place, name);
    if (given == nullptr) return otherwise;
    std::int64_t number = 0;
    if (!given->as_integer(number)) {
      fail("the argument \"" + std::string(name) + "\" must be an integer, not " + kind_of(*given));
    }
    return number;
  }
  [[nodiscard]] bool flag(std::size_t place, std::string_view name) const {
    const Value* given = argument(place, name);
    return given != nullptr && is_true(*given);
  }

  Context& context;
  std::string what;
  const Arguments& arguments;
  const Value& value;
};

}  // namespace lorafleet::model::jinja
