#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace lorafleet::model {

enum class DType { float32, float16, bfloat16, int64, int32, uint8, boolean };

/// Bytes of one element.
std::size_t byte_size(DType dtype);

/// A tensor inside a mapped file: valid as long as the file object lives.
struct TensorView {
  DType dtype = DType::float32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;

  [[nodiscard]] std::int64_t numel() const;
  /// Converts float32, float16 or bfloat16 to float32. Throws std::logic_error for other types.
  [[nodiscard]] std::vector<float> to_float32() const;
};

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

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A tensor to write; the bytes are borrowed.
struct NamedTensor {
  std::string name;
  DType dtype = DType::float32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;
};

/// Writes atomically, in the order given, the header padded to 8 bytes. Throws RuntimeFailure.
void write_safetensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors,
                       const std::map<std::string, std::string>& metadata);

}  // namespace lorafleet::model
