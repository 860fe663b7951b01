#pragma once

#include <filesystem>
#include <string>

namespace lorafleet::bench {

/// A base to measure: a folder, or a size that is written into one with random weights.
struct Base {
  std::string name;  ///< "opt-125m"
  std::filesystem::path path;
  double weights = 0.0;  ///< how many, but for norms and biases
};

/// `name` is a base of scenarios/base, a folder of a model, or a size (model::known_sizes), which
/// lies in `folder` or will. Throws InputError that names `option` for another name.
Base base_named(const std::string& name, const std::filesystem::path& folder,
                const std::string& option);

/// As `lorafleet new-base --like NAME` writes it, in float16; says so on stderr.
void write_where_missing(const Base& base);

}  // namespace lorafleet::bench
