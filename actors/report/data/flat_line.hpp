#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace lorafleet::report {

/// A line of events.jsonl, cut into its keys and values where it lies: one flat JSON object of
/// numbers, words without escapes, true, false and null, as the event log writes it. Millions of
/// them are read, so nothing is copied.
class FlatLine {
 public:
  /// False where `line` is no such object.
  [[nodiscard]] bool parse(std::string_view line);

  /// The text of a value, quotes left away; "" where there is no such key.
  [[nodiscard]] std::string_view text(std::string_view key) const;
  [[nodiscard]] bool has(std::string_view key) const { return !text(key).empty(); }
  /// 0 where there is no such key or it holds something else.
  [[nodiscard]] std::int64_t whole(std::string_view key) const;
  /// Not a number where there is no such key or it holds something else.
  [[nodiscard]] double number(std::string_view key) const;

 private:
  struct Pair {
    std::string_view key;
    std::string_view value;
  };
  static constexpr std::size_t kMost = 40;
  std::array<Pair, kMost> pairs_{};
  std::size_t size_ = 0;
};

}  // namespace lorafleet::report
