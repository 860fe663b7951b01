#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/text/jinja/value.hpp"

namespace lorafleet::model::jinja {

/// What one rendering may take; a template from outside must not hang the program.
struct Budget {
  std::int64_t steps = 0;
  std::int64_t bytes = 0;
};

/// Where a rendering stands, for messages, and what it has left.
class Context {
 public:
  Context(std::string place, Budget budget) : place_(std::move(place)), left_(budget) {}

  void move_to(int line) { line_ = line; }
  [[nodiscard]] int line() const { return line_; }
  [[nodiscard]] const std::string& place() const { return place_; }
  /// Throws InputError "place:line: what".
  [[noreturn]] void fail(const std::string& what) const;
  void step(std::int64_t count = 1);
  /// Text of so many bytes was made.
  void charge(std::size_t bytes);
  void charge(const MarkedText& text);

  /// Charges what writing the value out would take.
  void charge_all(const Value& value);
  /// Charges looking for so many bytes at each place of a text.
  void charge_search(std::size_t text, std::size_t needle);
  /// Charges comparing a key with each of a dict.
  void charge_find(const Dict& dict, std::string_view key);
  /// A list or dict that is charged, and refused where it is nested more than 50 deep.
  [[nodiscard]] Value made(List list);
  [[nodiscard]] Value made(Dict dict);
  [[nodiscard]] Value made(MarkedText text);
  /// Fails where there is a namespace in what a namespace is to hold: they could nest without end,
  /// or hold themselves. Functions hold none, so this finds every one.
  void refuse_space(const Value& value);

  /// How many filters run inside of each other.
  int filters = 0;

 private:
  std::string place_;
  Budget left_;
  int line_ = 1;
};

}  // namespace lorafleet::model::jinja
