#include "actors/net/assets.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <system_error>

#include "partition/support/error.hpp"
#include "partition/support/hash.hpp"

namespace lorafleet::actors::net {

namespace fs = std::filesystem;

namespace {

std::string file_hash(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(path.string(), "cannot be read");
  Sha256 hash;
  std::vector<char> block(std::size_t{1} << 20);
  while (file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    hash.update(std::string_view(block.data(), static_cast<std::size_t>(file.gcount())));
  }
  if (file.bad()) throw InputError(path.string(), "cannot be read to its end");
  return hash.hex();
}

bool belongs_to_a_model(const fs::path& path) {
  constexpr std::array<const char*, 5> kKinds = {".json", ".safetensors", ".bin", ".txt", ".jinja"};
  return std::any_of(kKinds.begin(), kKinds.end(),
                     [&](const char* kind) { return path.extension() == kind; });
}

}  // namespace

std::string content_hash(const fs::path& path) {
  if (!fs::is_directory(path)) return file_hash(path);
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path)) {
    if (entry.is_regular_file() && belongs_to_a_model(entry.path())) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  Sha256 hash;
  for (const auto& file : files)
    hash.update(file.filename().string() + '\n' + file_hash(file) + '\n');
  return hash.hex();
}

fs::path find_asset(const Asset& asset, const std::vector<fs::path>& folders) {
  std::vector<fs::path> candidates = {asset.path};
  for (const auto& folder : folders) {
    if (!fs::is_directory(folder)) throw InputError(folder.string(), "no such folder");
    const auto options = fs::directory_options::skip_permission_denied;
    for (const auto& entry : fs::recursive_directory_iterator(folder, options)) {
      if (entry.path().filename() == asset.path.filename()) candidates.push_back(entry.path());
    }
  }
  std::string differing;
  for (const auto& candidate : candidates) {
    std::error_code none;
    if (!fs::exists(candidate, none)) continue;
    const std::string found = content_hash(candidate);
    if (found == asset.sha256) return candidate;
    differing += "; " + candidate.string() + " has sha256 " + found;
  }
  std::string searched;
  for (const auto& folder : folders)
    searched += ", " + folder.string();
  throw InputError(
      asset.key, "the run needs " + asset.path.filename().string() + " with sha256 " +
                     asset.sha256 +
                     (differing.empty()
                          ? ", which is not here (searched: " + asset.path.string() + searched + ")"
                          : differing) +
                     "; allowed: the same content, at that path or in a folder given "
                     "with --assets");
}

}  // namespace lorafleet::actors::net
