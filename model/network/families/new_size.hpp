#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace lorafleet::model {

// How a published size becomes another one of the same kind, for bases of one's own.

struct Heads {
  std::int64_t queries;
  std::int64_t keys;
};

/// As many heads of the same size as fit the new width, at least one, grouped as before where that
/// divides.
Heads fewer_heads(const Heads& of, std::int64_t width, std::int64_t usual_width);

/// A size in proportion to the width.
std::int64_t scaled(std::int64_t size, std::int64_t width, std::int64_t usual_width);

/// bos_token_id, eos_token_id and pad_token_id that a smaller vocabulary does not hold become those
/// of the shipped tokenizer: 2, 2 and 1.
void fit_special_tokens(nlohmann::ordered_json& config);

/// The names of a family's published sizes.
template <typename Size, std::size_t N>
std::vector<std::string> names_of(const Size (&sizes)[N]) {
  std::vector<std::string> names;
  for (const Size& size : sizes)
    names.emplace_back(size.name);
  return names;
}

/// Throws std::logic_error for another name.
template <typename Size, std::size_t N>
const Size& size_named(const Size (&sizes)[N], const std::string& name) {
  for (const Size& size : sizes) {
    if (name == size.name) return size;
  }
  throw std::logic_error(name + " is no size of this family");
}

}  // namespace lorafleet::model
