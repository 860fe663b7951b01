#pragma once

#include <cstddef>

namespace lorafleet::model {

/// Bytes begin to end (exclusive) of a text.
struct TextSpan {
  std::size_t begin;
  std::size_t end;
  bool operator==(const TextSpan&) const = default;
};

}  // namespace lorafleet::model
