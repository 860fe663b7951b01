#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/files/tensor_view.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::model {

class MappedFile;

/// A memory-mapped .safetensors file, checked whole when opened: header length, JSON, dtypes,
/// shapes, offsets that cover the data without overlap. Throws InputError naming file, tensor and
/// reason.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path);
  ~SafetensorsFile();
  SafetensorsFile(SafetensorsFile&&) noexcept;
  SafetensorsFile& operator=(SafetensorsFile&&) noexcept;

  [[nodiscard]] const std::filesystem::path& path() const;
  [[nodiscard]] const std::map<std::string, TensorView>& tensors() const;
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const;
  /// nullptr where the file has no such tensor.
  [[nodiscard]] const TensorView* find(const std::string& name) const;
  [[nodiscard]] const MappedFile& mapped() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The tensors of a whole .safetensors file in memory, checked as SafetensorsFile does; `name` is
/// that of the file in messages.
struct SafetensorsContent {
  std::map<std::string, TensorView> tensors;
  std::map<std::string, std::string> metadata;
};
SafetensorsContent parse_safetensors(std::span<const std::byte> bytes, const std::string& name);

/// A tensor to write; the bytes are borrowed.
struct NamedTensor {
  std::string name;
  DType dtype = DType::float32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;
};

/// A .safetensors file written piece by piece, atomically: its tensors are known at the start,
/// their bytes follow in order. Throws RuntimeFailure.
class SafetensorsWriter {
 public:
  struct Entry {
    std::string name;
    DType dtype = DType::float32;
    std::vector<std::int64_t> shape;
  };
  SafetensorsWriter(const std::filesystem::path& path, const std::vector<Entry>& tensors,
                    const std::map<std::string, std::string>& metadata);
  ~SafetensorsWriter();

  void write(std::span<const std::byte> bytes);
  /// Throws std::logic_error where there were too few bytes, or too many.
  void commit();

 private:
  std::unique_ptr<AtomicFile> file_;
  std::uint64_t missing_ = 0;
};

/// Writes atomically, in the order given, the header padded to 8 bytes. Throws RuntimeFailure.
void write_safetensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors,
                       const std::map<std::string, std::string>& metadata);

}  // namespace lorafleet::model
