#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/shape.hpp"

namespace lorafleet::model {

/// One adapted linear layer: delta W = scale() * B A with A: [rank, in] and B: [out, rank]
/// (Hu et al., arXiv 2106.09685).
struct LoraModule {
  std::string name;  ///< as Hugging Face names it: "model.decoder.layers.0.self_attn.q_proj"
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::int64_t rank = 0;
  double alpha = 0.0;
  bool use_rslora = false;

  /// alpha / rank, or alpha / sqrt(rank) with rsLoRA (arXiv 2312.03732).
  [[nodiscard]] double scale() const;
  friend bool operator==(const LoraModule&, const LoraModule&) = default;

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit("in", self.in);
    visit("out", self.out);
    visit("rank", self.rank);
    visit("alpha", self.alpha);
    visit("use_rslora", self.use_rslora);
  }
};

/// Where the values of an adapter lie in one flat array: for each module A, then B, row-major; then
/// the tensors that are trained whole.
class AdapterLayout {
 public:
  explicit AdapterLayout(std::vector<LoraModule> modules, std::vector<WholeTensor> whole = {});

  [[nodiscard]] const std::vector<LoraModule>& modules() const { return modules_; }
  [[nodiscard]] const std::vector<WholeTensor>& whole() const { return whole_; }
  [[nodiscard]] std::size_t a_offset(std::size_t module) const { return offsets_[module]; }
  [[nodiscard]] std::size_t a_size(std::size_t module) const;
  [[nodiscard]] std::size_t b_offset(std::size_t module) const;
  [[nodiscard]] std::size_t b_size(std::size_t module) const;
  /// Of the tensor whole()[i].
  [[nodiscard]] std::size_t whole_offset(std::size_t i) const { return whole_offsets_[i]; }
  /// Number of values of all factors: what is trained whole comes after them.
  [[nodiscard]] std::size_t factors_size() const { return factors_size_; }
  /// Number of values of the whole adapter.
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Bytes of one message with these values as float32.
  [[nodiscard]] std::int64_t message_bytes() const { return static_cast<std::int64_t>(size_) * 4; }

  friend bool operator==(const AdapterLayout& a, const AdapterLayout& b) {
    return a.modules_ == b.modules_ && a.whole_ == b.whole_;
  }

 private:
  std::vector<LoraModule> modules_;
  std::vector<WholeTensor> whole_;
  std::vector<std::size_t> offsets_;
  std::vector<std::size_t> whole_offsets_;
  std::size_t factors_size_ = 0;
  std::size_t size_ = 0;
};

using LayoutPtr = std::shared_ptr<const AdapterLayout>;

/// What rules such as FLoRA and FedEx-LoRA have folded into the frozen base so far: a dense sum of
/// updates for each module. Never changed once it is shared.
struct BaseChange {
  std::uint64_t id = 0;                    ///< names this change within a run, for caches; never 0
  std::vector<LoraModule> modules;         ///< names and shapes count, ranks do not
  std::vector<std::vector<float>> deltas;  ///< for each module [out, in], row-major
};

using BaseChangePtr = std::shared_ptr<const BaseChange>;

/// The LoRA factors of all target modules, and what is trained whole beside them, as float32.
struct Adapter {
  LayoutPtr layout;
  std::vector<float> values;            ///< layout->size() of them
  BaseChangePtr base_change = nullptr;  ///< on top of the frozen base; null: none

  std::span<float> a(std::size_t module);
  std::span<float> b(std::size_t module);
  [[nodiscard]] std::span<const float> a(std::size_t module) const;
  [[nodiscard]] std::span<const float> b(std::size_t module) const;
  /// All that is trained whole: the end of `values`.
  std::span<float> whole();
  [[nodiscard]] std::span<const float> whole() const;
};

using AdapterPtr = std::shared_ptr<const Adapter>;

/// Which of the two factors of each module: what a job trains, or what a message carries. Tensors
/// that are trained whole go with either.
enum class Factors { both, a, b };

/// PEFT's initial state: A uniform in ±1/sqrt(in), B zero, so that delta W = 0. What is trained
/// whole is as Hugging Face makes it anew: matrices normal with deviation 0.02, vectors 0.
Adapter initial_adapter(LayoutPtr layout, std::uint64_t run_seed);

/// Euclidean norm over all values.
double l2_norm(std::span<const float> values);
bool all_finite(const Adapter& adapter);
/// SHA-256 of the names, shapes and values, and of the base change where there is one.
std::string sha256(const Adapter& adapter);

}  // namespace lorafleet::model
