#pragma once

#include <cstdint>
#include <vector>

namespace lorafleet::model {

/// What stands around one text, or around two that belong together.
struct PostProcessor {
  enum class Kind { special, first, second };
  /// A special token, or one of the texts.
  struct Part {
    Kind kind;
    std::int32_t id;  ///< of a special token
    std::int32_t type;
  };

  std::vector<Part> single = {{Kind::first, 0, 0}};
  std::vector<Part> pair = {{Kind::first, 0, 0}, {Kind::second, 0, 1}};

  /// Ids in front of a single text, and behind it.
  [[nodiscard]] std::vector<std::int32_t> prefix() const;
  [[nodiscard]] std::vector<std::int32_t> suffix() const;
  void replace_prefix(const std::vector<std::int32_t>& ids);
  void replace_suffix(const std::vector<std::int32_t>& ids);
};

}  // namespace lorafleet::model
