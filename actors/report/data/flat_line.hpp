#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lorafleet::report {

/// A line of events.jsonl, cut into its keys and values where it lies: one flat JSON object of
/// numbers, words without escapes, true, false and null, as the event log writes it. Millions of
/// them are read, so nothing is copied, and what looks a key up is inlined for its length.
class FlatLine {
 public:
  /// False where `line` is no such object.
  [[nodiscard]] bool parse(std::string_view line);

  /// The text of a value, quotes left away; "" where there is no such key. Fastest where keys are
  /// asked for in their order.
  [[nodiscard]] std::string_view text(std::string_view key) const {
    for (std::size_t i = 0; i < size_; ++i) {
      const std::size_t place = next_ < size_ ? next_ : 0;
      next_ = place + 1;
      if (pairs_[place].key == key) return pairs_[place].value;
    }
    return {};
  }
  [[nodiscard]] bool has(std::string_view key) const { return !text(key).empty(); }
  /// 0 where there is no such key or it holds something else.
  [[nodiscard]] std::int64_t whole(std::string_view key) const {
    constexpr std::size_t kSafe = 18;  // digits that cannot run over
    const auto value = text(key);
    std::int64_t number = 0;
    if (value.size() > kSafe || (!value.empty() && value.front() == '-')) {
      std::from_chars(value.data(), value.data() + value.size(), number);
      return number;
    }
    for (const char letter : value) {
      if (letter < '0' || letter > '9') break;
      number = 10 * number + (letter - '0');
    }
    return number;
  }
  /// Not a number where there is no such key or it holds something else.
  [[nodiscard]] double number(std::string_view key) const {
    const auto value = text(key);
    double number = std::nan("");
    std::from_chars(value.data(), value.data() + value.size(), number);
    return number;
  }

 private:
  struct Pair {
    std::string_view key;
    std::string_view value;
  };
  static constexpr std::size_t kMost = 40;
  std::array<Pair, kMost> pairs_{};
  std::size_t size_ = 0;
  mutable std::size_t next_ = 0;  ///< after the last one found
};

}  // namespace lorafleet::report
