#pragma once

#include <string>

#include "scenarios/grid/sweep.hpp"
#include "tests/scenarios/schema/scenario_files.hpp"

namespace lorafleet::tests {

/// A sweep file beside a smallest scenario.
class SweepFolder {
 public:
  scenarios::Sweep read(const std::string& sweep, bool quick = false) {
    write_file(folder_.path() / "base.toml", ScenarioFolder::required());
    write_file(folder_.path() / "sweep.toml", "scenario = \"base.toml\"\n" + sweep);
    return scenarios::read_sweep(folder_.path() / "sweep.toml", {}, quick);
  }
  std::string error(const std::string& sweep, bool quick = false) {
    try {
      read(sweep, quick);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }

 private:
  ScenarioFolder folder_;
};

}  // namespace lorafleet::tests
