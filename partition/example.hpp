#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lorafleet::partition {

/// One row of instruction data. The model learns to write `target` after `instruction` and
/// `context`.
struct Example {
  std::string id;
  std::string instruction;
  std::string context;
  std::string target;
  std::string group;                      ///< unit of the train/test split; never torn apart
  std::optional<std::string> client;      ///< natural owner, where the data name one
  std::map<std::string, double> quality;  ///< named scores of this row
  std::vector<std::string> choices;     ///< where one of several is right: all, `target` among them
  std::vector<std::string> references;  ///< further right answers beside `target`
};

}  // namespace lorafleet::partition
