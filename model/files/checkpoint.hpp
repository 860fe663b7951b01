#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/files/tensor_view.hpp"

namespace lorafleet::model {

/// The weights of a Hugging Face directory, memory-mapped, in whatever form they are: the first of
/// `model.safetensors`, `model.safetensors.index.json` with its shards, `pytorch_model.bin` (the
/// ZIP form of torch.save), `pytorch_model.bin.index.json` with its shards.
class Checkpoint {
 public:
  /// Opens and checks all files. Throws InputError that names the file, the tensor and what was
  /// wrong.
  explicit Checkpoint(const std::filesystem::path& directory);
  ~Checkpoint();
  Checkpoint(Checkpoint&&) noexcept;
  Checkpoint& operator=(Checkpoint&&) noexcept;

  struct Tensor {
    TensorView view;
    std::size_t file = 0;  ///< which of the files
  };

  [[nodiscard]] const std::map<std::string, Tensor>& tensors() const;
  /// nullptr where there is none of this name.
  [[nodiscard]] const Tensor* find(const std::string& name) const;
  [[nodiscard]] const std::filesystem::path& path_of(const Tensor& tensor) const;
  /// The file that was chosen: the weights themselves or their index.
  [[nodiscard]] const std::filesystem::path& path() const;

  /// Calls `block(first, values)` with a tensor's elements as float32, in order and in blocks of
  /// bounded size, and gives the file's memory back behind itself.
  void read(const Tensor& tensor,
            const std::function<void(std::size_t first, std::span<const float>)>& block) const;
  /// The bytes of a tensor that lies without gaps (its view has no strides); the file's memory is
  /// given back as by `read`.
  void copy(const Tensor& tensor, std::span<std::byte> to) const;
  /// Gives back the memory of a tensor that was read through its view.
  void release(const Tensor& tensor) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether a folder has weights in any of these forms.
bool has_weights(const std::filesystem::path& directory);

/// The tensors of one file of weights, by its name's ending: .safetensors, or torch.save's .bin,
/// .pt, .pth.
std::map<std::string, TensorView> parse_weights(std::span<const std::byte> bytes,
                                                const std::filesystem::path& path);

}  // namespace lorafleet::model
