#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lorafleet::model {

/// Whether these are LABEL_0, LABEL_1, ...: what Hugging Face calls classes that nobody named.
bool are_unnamed(std::span<const std::string> classes);

/// Of each of `names`, the place in `classes` of what is called the same but for upper and lower
/// case; nothing where the two are not the same names, each once.
std::optional<std::vector<std::size_t>> places_of(std::span<const std::string> names,
                                                  std::span<const std::string> classes);

/// What a warning says of weights that tell `names` apart where the data's `classes` are others, or
/// in another order; empty where they are the same, or there are no names.
std::string disagreement(std::span<const std::string> names, std::span<const std::string> classes);

}  // namespace lorafleet::model
