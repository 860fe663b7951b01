#pragma once

#include <string>
#include <vector>

#include "partition/reader.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lorafleet::tests {

/// Reads `text` as a file called "data" of a format.
class Reading {
 public:
  Reading(const std::string& format, const std::string& text) {
    config.format = format;
    config.path = folder_ / "data";
    write_file(config.path, text);
  }

  std::vector<partition::Example> rows() {
    report = {};
    return partition::read_examples(config, 1, &report);
  }

  /// The message of the InputError, without the folder.
  std::string error() {
    try {
      rows();
    } catch (const InputError& error) {
      return without_folder(error.what());
    }
    return "no error";
  }

  std::vector<std::string> warnings() {
    rows();
    for (auto& text : report.warnings)
      text = without_folder(text);
    return report.warnings;
  }

  [[nodiscard]] std::string without_folder(std::string text) const {
    const std::string folder = config.path.parent_path().string() + "/";
    for (std::size_t at = 0; (at = text.find(folder)) != std::string::npos;)
      text.erase(at, folder.size());
    return text;
  }

  partition::DataConfig config;
  partition::ReadReport report;

 private:
  TemporaryFolder folder_;
};

}  // namespace lorafleet::tests
