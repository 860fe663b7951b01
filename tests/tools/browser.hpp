#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/tools/program.hpp"

namespace lorafleet::tests {

/// Debian's Chromium, or the one in LORAFLEET_BROWSER; "" where there is none.
inline std::string browser() {
  if (const char* chosen = std::getenv("LORAFLEET_BROWSER")) return chosen;
  for (const char* name : {"/usr/bin/chromium-headless-shell", "/usr/bin/chromium"}) {
    if (std::filesystem::exists(name)) return name;
  }
  return "";
}

inline bool can_open() {
  if (!browser().empty()) return true;
  MESSAGE("skipped: no Chromium here (tools/setup.sh installs it)");
  return false;
}

inline std::string scenario(const std::string& name) {
  return (source_folder() / "scenarios" / (name + ".toml")).string();
}

/// A run directory of a small surrogate, with jobs that are lost.
inline void simulate(const std::filesystem::path& folder, const std::string& seed) {
  const auto run =
      run_program({"run", scenario("stress/dropout_30"), "--quiet", "--set", "stop.versions=12",
                   "--set", "partition.clients=100", "--set", "evaluation.every_versions=3",
                   "--set", "clients.per_round=20", "--set", "clients.min_updates=5", "--set",
                   "seed=" + seed, "--out", folder.string()});
  CAPTURE(run.err);
  REQUIRE(std::filesystem::exists(folder / "summary.json"));
}

inline void write_page(std::vector<std::string> arguments, const std::filesystem::path& page) {
  arguments.insert(arguments.begin(), "report");
  arguments.insert(arguments.end(), {"--out", page.string()});
  const auto made = run_program(arguments);
  CAPTURE(made.err);
  REQUIRE(made.status == 0);
}

}  // namespace lorafleet::tests
