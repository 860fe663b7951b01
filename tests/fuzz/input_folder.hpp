#pragma once

#include <filesystem>
#include <string_view>

namespace lorafleet::fuzz {

/// A folder in memory where there is one, kept for the whole process: inputs of readers that want
/// files.
class InputFolder {
 public:
  InputFolder();
  ~InputFolder();
  InputFolder(const InputFolder&) = delete;
  InputFolder& operator=(const InputFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Writes a file and returns its path.
  std::filesystem::path write(const std::filesystem::path& name, std::string_view bytes) const;
  void remove(const std::filesystem::path& name) const;

 private:
  std::filesystem::path path_;
};

}  // namespace lorafleet::fuzz
