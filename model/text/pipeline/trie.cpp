#include "model/text/pipeline/trie.hpp"

#include <algorithm>

namespace lorafleet::model {

Trie::Trie(std::vector<std::pair<std::string, std::int32_t>> entries) : nodes_(1) {
  std::sort(entries.begin(), entries.end());
  struct Range {
    std::size_t begin;
    std::size_t end;
    std::size_t depth;
  };
  // ranges[n]: the entries whose first bytes lead to node n.
  std::vector<Range> ranges = {{0, entries.size(), 0}};
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    auto [begin, end, depth] = ranges[n];
    if (begin < end && entries[begin].first.size() == depth) {
      nodes_[n].value = entries[begin++].second;
    }
    nodes_[n].first = static_cast<std::uint32_t>(nodes_.size());
    while (begin < end) {
      const char byte = entries[begin].first[depth];
      std::size_t next = begin;
      while (next < end && entries[next].first[depth] == byte)
        ++next;
      ++nodes_[n].count;
      if (n == 0) {
        roots_[static_cast<unsigned char>(byte)] = static_cast<std::uint32_t>(nodes_.size());
      }
      nodes_.push_back({0, 0, static_cast<unsigned char>(byte), -1});
      ranges.push_back({begin, next, depth + 1});
      begin = next;
    }
  }
}

std::uint32_t Trie::child(std::uint32_t node, char byte) const {
  const auto sought = static_cast<unsigned char>(byte);
  const auto begin = nodes_.begin() + nodes_[node].first;
  const auto end = begin + nodes_[node].count;
  const auto found = std::lower_bound(
      begin, end, sought, [](const Node& n, unsigned char value) { return n.byte < value; });
  return found == end || found->byte != sought ? 0
                                               : static_cast<std::uint32_t>(found - nodes_.begin());
}

}  // namespace lorafleet::model
