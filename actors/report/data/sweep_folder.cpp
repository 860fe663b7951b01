#include "actors/report/data/sweep_folder.hpp"

#include <nlohmann/json.hpp>

#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::report {

namespace fs = std::filesystem;

namespace {

constexpr const char* kTable = "sweep.json";

/// Whether a folder named in a file stays below the folder of that file.
bool stays_below(const fs::path& folder) {
  return folder.is_relative() && *folder.lexically_normal().begin() != "..";
}

}  // namespace

bool is_sweep(const fs::path& folder) {
  return fs::is_regular_file(folder / kTable);
}

std::string name_of_sweep(const fs::path& folder) {
  const fs::path file = folder / kTable;
  try {
    return nlohmann::json::parse(read_file(file)).value("name", "");
  } catch (const nlohmann::json::exception& error) {
    throw InputError(file.string(), std::string("is no table of a sweep: ") + error.what());
  }
}

std::vector<fs::path> runs_of_sweep(const fs::path& folder) {
  const fs::path file = folder / kTable;
  std::vector<fs::path> runs;
  try {
    const auto json = nlohmann::json::parse(read_file(file));
    for (const auto& one : json.at("cases")) {
      for (const auto& run : one.at("runs")) {
        const fs::path name = run.at("folder").get<std::string>();
        if (name.empty() || !stays_below(name)) continue;
        if (fs::is_regular_file(folder / name / "scenario.toml")) runs.push_back(folder / name);
      }
    }
  } catch (const nlohmann::json::exception& error) {
    throw InputError(file.string(), std::string("is no table of a sweep: ") + error.what());
  }
  return runs;
}

}  // namespace lorafleet::report
