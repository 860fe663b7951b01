#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lorafleet::model {

/// Strings by their bytes, for all those that a text begins with. Immutable, so thread-safe.
class Trie {
 public:
  /// `entries`: distinct strings, none of them empty, and a value of each, not negative.
  explicit Trie(std::vector<std::pair<std::string, std::int32_t>> entries);

  /// Whether some string begins with this byte.
  [[nodiscard]] bool begins(char byte) const {
    return roots_[static_cast<unsigned char>(byte)] != 0;
  }
  /// Calls visit(value, length) for each string that `text` begins with, the shortest first.
  template <class Visit>
  void prefixes(std::string_view text, const Visit& visit) const {
    if (text.empty()) return;
    std::uint32_t node = roots_[static_cast<unsigned char>(text[0])];
    for (std::size_t length = 1; node != 0; ++length) {
      if (nodes_[node].value >= 0) visit(nodes_[node].value, length);
      if (length == text.size()) return;
      node = child(node, text[length]);
    }
  }

 private:
  struct Node {
    std::uint32_t first = 0;  ///< of its children, which stand together, by their bytes
    std::uint16_t count = 0;
    unsigned char byte = 0;
    std::int32_t value = -1;
  };
  /// 0 where there is none.
  [[nodiscard]] std::uint32_t child(std::uint32_t node, char byte) const;

  std::vector<Node> nodes_;  ///< the root is 0
  std::array<std::uint32_t, 256> roots_{};
};

}  // namespace lorafleet::model
