#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/model/golden_classifier.hpp"
#include "tests/model/golden_family.hpp"
#include "tests/model/golden_opt.hpp"

namespace lorafleet::tests {

/// One tiny base of each kind that there is, by folder.
inline std::vector<std::filesystem::path> tiny_bases() {
  std::vector<std::filesystem::path> folders;
  for (const std::string& name : kGoldenOpts)
    folders.push_back(golden_opt_folder(name) / "hf");
  for (const std::string& name : golden_families())
    folders.push_back(golden_folder() / "families" / name / "hf");
  for (const std::string& name : golden_classifiers())
    folders.push_back(golden_classifier_folder(name) / "hf");
  return folders;
}

}  // namespace lorafleet::tests
