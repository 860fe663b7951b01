#pragma once

#include <string>

#include "tests/tools/program.hpp"

namespace lorafleet::tests {

/// The folder of the shipped base.
inline std::string mini_base() {
  return (source_folder() / "scenarios" / "base" / "opt-mini").string();
}

/// The shipped base on 80 short rows: a run of a second.
class SmallScenario {
 public:
  SmallScenario() {
    std::string rows;
    for (int i = 0; i < 80; ++i) {
      const std::string number = std::to_string(i);
      rows += "{\"id\": \"row" + number + "\", \"group\": \"g" + std::to_string(i % 40) +
              "\", \"instruction\": \"Say the number.\", \"context\": \"It is " + number +
              " and nothing else.\", \"target\": \"number " + number + "\"}\n";
    }
    write_file(folder_ / "rows.jsonl", rows);
    write_file(folder_ / "small.toml",
               "name = \"small\"\n[model]\npath = \"" + mini_base() +
                   "\"\n[data]\npath = \"rows.jsonl\"\n"
                   "[partition]\nclients = 4\nmin_examples = 2\n"
                   "[clients]\nconcurrency = 3\n"
                   "[aggregation]\nmode = \"fedbuff\"\nbuffer_size = 2\n"
                   "[evaluation]\nmax_examples = 4\n[stop]\nversions = 3\n");
  }

  [[nodiscard]] std::string file() const { return (folder_ / "small.toml").string(); }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_ / name).string();
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace lorafleet::tests
