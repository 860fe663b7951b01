#include "actors/output/progress_json.hpp"

#include <fstream>
#include <system_error>

#include "actors/output/json_fields.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::actors {

namespace {

constexpr std::chrono::milliseconds kPause{500};

}  // namespace

std::string progress_json(const Progress& progress) {
  NoStore store;
  return json_of(progress, store).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Progress parse_progress(std::string_view text, const std::string& name) {
  Progress progress;
  try {
    read_json(nlohmann::json::parse(text), progress, NoStore());
  } catch (const nlohmann::json::exception& failure) {
    throw InputError(name, std::string("does not say how far a run is: ") + failure.what());
  }
  return progress;
}

ProgressFile::ProgressFile(const std::filesystem::path& directory) : path_(directory / kName) {}

void ProgressFile::write(const Progress& progress) {
  const auto now = std::chrono::steady_clock::now();
  if (written_ && now - *written_ < kPause) return;
  written_ = now;
  auto temporary = path_;
  temporary += ".tmp";
  std::ofstream(temporary, std::ios::binary) << progress_json(progress) << '\n';
  std::error_code ignored;
  std::filesystem::rename(temporary, path_, ignored);
}

void ProgressFile::remove() const {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

}  // namespace lorafleet::actors
