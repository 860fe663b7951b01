#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace lorafleet::model {

/// A whole file mapped into memory, read-only, until the object goes. Throws InputError that names
/// the file and the reason.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  /// Gives back the memory of the pages that lie wholly inside `part`, which will hardly be read
  /// again; read all the same, they come from the file.
  void release(std::span<const std::byte> part) const;

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace lorafleet::model
