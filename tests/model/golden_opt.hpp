#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include "model/adapter/lora_layout.hpp"
#include "model/network/base_model.hpp"
#include "model/network/packed_batch.hpp"
#include "tests/model/padded_batch.hpp"
#include "tests/model/reference_file.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_device.hpp"

namespace lorafleet::tests {

/// The models of tests/golden/opt.
inline const std::vector<std::string> kGoldenOpts = {"opt_prenorm", "opt_postnorm_proj"};

/// tests/golden/opt/`model`.
inline std::filesystem::path golden_opt_folder(const std::string& model) {
  return golden_folder() / "opt" / model;
}

/// A tiny OPT and what Hugging Face and PEFT say about it (tests/golden/opt/README.md).
class GoldenOpt : public ReferenceFile {
 public:
  explicit GoldenOpt(const std::string& name, const std::string& dtype = "float32",
                     const std::string& device = test_device())
      : ReferenceFile(golden_opt_folder(name) / "ref.safetensors"),
        base_(model::BaseModel::load({golden_opt_folder(name) / "hf", dtype}, device)) {}

  [[nodiscard]] const model::BaseModel& base() const { return *base_; }
  [[nodiscard]] model::BaseModelPtr base_pointer() const { return base_; }

  [[nodiscard]] double loss(const std::string& key) const { return floats(key).at(0); }

  /// q_proj and v_proj, r 4, alpha 8.
  [[nodiscard]] model::LayoutPtr layout() const {
    model::LoraConfig lora;
    lora.r = 4;
    lora.lora_alpha = 8.0;
    return model::make_layout(base_->shape(), lora);
  }

  /// Tensors `prefix` + PEFT's parameter name, as an adapter's values.
  [[nodiscard]] std::vector<float> factors(const std::string& prefix) const {
    return adapter_values(*layout(), prefix);
  }
  [[nodiscard]] model::Adapter adapter(const std::string& prefix) const {
    return {layout(), factors(prefix)};
  }

 private:
  model::BaseModelPtr base_;
};

/// The real tokens of a padded batch, packed, and where they stood.
struct Unpadded {
  model::PackedBatch batch;
  std::vector<std::int64_t> source;  ///< of each packed row: its index in the padded batch
  /// Labels that Hugging Face predicts from a column of padding: the first token of a row padded on
  /// the left.
  std::int64_t labels_after_padding = 0;
};

inline Unpadded unpad(const PaddedBatch& padded) {
  Unpadded result;
  for (std::int64_t r = 0; r < padded.rows; ++r) {
    std::vector<std::int32_t> sequence;
    std::vector<std::int64_t> where;
    for (std::int64_t c = 0; c < padded.columns; ++c) {
      const auto i = static_cast<std::size_t>(r * padded.columns + c);
      if (padded.mask[i] == 0) continue;
      sequence.push_back(static_cast<std::int32_t>(padded.tokens[i]));
      where.push_back(static_cast<std::int64_t>(i));
    }
    const std::int64_t first_row = result.batch.offsets.back();
    result.batch.add(sequence, sequence.size());
    for (std::size_t k = 0; k < where.size(); ++k) {
      const std::int64_t label = padded.labels[static_cast<std::size_t>(where[k])];
      if (label < 0) continue;
      if (k > 0) {
        result.batch.label_rows.push_back(first_row + static_cast<std::int64_t>(k) - 1);
        result.batch.labels.push_back(label);
      } else if (where[0] % padded.columns > 0) {
        ++result.labels_after_padding;
      }
    }
    result.source.insert(result.source.end(), where.begin(), where.end());
  }
  return result;
}

/// Keeps only the labels that are predicted from a column of padding.
inline PaddedBatch only_labels_after_padding(PaddedBatch padded) {
  for (std::size_t i = 0; i < padded.labels.size(); ++i) {
    const bool first_column = i % static_cast<std::size_t>(padded.columns) == 0;
    if (first_column || padded.mask[i - 1] == 1) padded.labels[i] = -100;
  }
  return padded;
}

/// Rows of [rows, width] by index.
inline std::vector<float> take_rows(const std::vector<float>& all,
                                    const std::vector<std::int64_t>& rows, std::size_t width) {
  std::vector<float> taken;
  for (const std::int64_t row : rows) {
    const auto start = all.begin() + row * static_cast<std::int64_t>(width);
    taken.insert(taken.end(), start, start + static_cast<std::int64_t>(width));
  }
  return taken;
}

inline double relative_difference(double value, double expected) {
  return std::abs(value / expected - 1.0);
}

/// Infinite where the lengths differ or a value is not finite.
inline double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return INFINITY;
  double largest = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(static_cast<double>(a[i]) - b[i]);
    if (!std::isfinite(difference)) return INFINITY;
    largest = std::max(largest, difference);
  }
  return largest;
}

/// For each tensor of the layout |a - b| / max|b|; the largest. Infinite where a value is not
/// finite or a tensor of b is zero: nothing is relative to that.
inline double largest_relative_difference(const model::AdapterLayout& layout,
                                          const std::vector<float>& a,
                                          const std::vector<float>& b) {
  if (a.size() != layout.size() || b.size() != layout.size()) return INFINITY;
  double largest = 0.0;
  const auto compare = [&](std::size_t offset, std::size_t size) {
    const std::vector<float> x(a.begin() + static_cast<std::ptrdiff_t>(offset),
                               a.begin() + static_cast<std::ptrdiff_t>(offset + size));
    const std::vector<float> y(b.begin() + static_cast<std::ptrdiff_t>(offset),
                               b.begin() + static_cast<std::ptrdiff_t>(offset + size));
    double scale = 0.0;
    for (const float value : y) {
      scale = std::max(scale, static_cast<double>(std::abs(value)));
    }
    const double relative = scale > 0.0 ? largest_difference(x, y) / scale : INFINITY;
    largest = std::max(largest, std::isfinite(relative) ? relative : INFINITY);
  };
  for (std::size_t i = 0; i < layout.modules().size(); ++i) {
    compare(layout.a_offset(i), layout.a_size(i));
    compare(layout.b_offset(i), layout.b_size(i));
  }
  for (std::size_t i = 0; i < layout.whole().size(); ++i)
    compare(layout.whole_offset(i), layout.whole()[i].size());
  return largest;
}

}  // namespace lorafleet::tests
