#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <deque>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "model/files/checkpoint.hpp"
#include "model/files/safetensors.hpp"
#include "model/network/family.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lorafleet::tests {

/// NF4's values as QLoRA's appendix E prints them.
inline constexpr std::array<double, 16> kPublishedNf4 = {-1.0,
                                                         -0.6961928009986877,
                                                         -0.5250730514526367,
                                                         -0.39491748809814453,
                                                         -0.28444138169288635,
                                                         -0.18477343022823334,
                                                         -0.09105003625154495,
                                                         0.0,
                                                         0.07958029955625534,
                                                         0.16093020141124725,
                                                         0.24611230194568634,
                                                         0.33791524171829224,
                                                         0.44070982933044434,
                                                         0.5626170039176941,
                                                         0.7229568362236023,
                                                         1.0};

/// A base as transformers saves it with bitsandbytes, made of a plain one by an own reading of the
/// formats; and beside it the plain base of the numbers that its codes stand for.
class BitsAndBytesFiles {
 public:
  struct Options {
    model::Quantization kind = model::Quantization::nf4;
    bool nested = false;                 ///< the scales are quantised too
    std::int64_t block = 64;             ///< of nf4
    std::vector<std::string> skip = {};  ///< modules that stay as they are: ends of their names
    nlohmann::json config = nullptr;     ///< keys that quantization_config has instead
    /// What becomes of the tensors before they are written.
    std::function<void(std::vector<model::NamedTensor>&)> change = [](auto&) {};
  };

  BitsAndBytesFiles(const std::filesystem::path& source, const Options& options)
      : options_(options) {
    const auto base = model::read_description(source / "config.json");
    const model::Checkpoint checkpoint(source);
    for (const auto& [key, tensor] : checkpoint.tensors()) {
      const std::string name = base.weight_name(key);
      const bool is_weight = name.ends_with(".weight");
      const auto module =
          is_weight ? base.shape.find(name.substr(0, name.size() - 7)) : std::nullopt;
      const model::NamedTensor own{key, tensor.view.dtype, tensor.view.shape, tensor.view.bytes};
      if (!module || skips(name)) {
        quantized_.push_back(own);
        plain_.push_back(own);
        continue;
      }
      add(key, base.shape.linear(*module), tensor.view.to_float32());
    }
    options_.change(quantized_);
    auto config = nlohmann::json::parse(read_file(source / "config.json"));
    write(plain_path(), config, plain_);
    const bool int8 = options_.kind == model::Quantization::int8;
    config["quantization_config"] = {{"quant_method", "bitsandbytes"},
                                     {"load_in_8bit", int8},
                                     {"load_in_4bit", !int8},
                                     {"bnb_4bit_quant_type", int8 ? "fp4" : "nf4"},
                                     {"bnb_4bit_quant_storage", "uint8"},
                                     {"bnb_4bit_use_double_quant", options_.nested},
                                     {"llm_int8_skip_modules", options_.skip}};
    if (!options_.config.is_null()) config["quantization_config"].update(options_.config);
    write(path(), config, quantized_);
  }

  [[nodiscard]] std::filesystem::path path() const { return folder_ / "quantized"; }
  [[nodiscard]] std::filesystem::path plain_path() const { return folder_ / "plain"; }
  [[nodiscard]] std::string file() const { return (path() / "model.safetensors").string(); }

 private:
  using Bytes = std::vector<std::uint8_t>;

  [[nodiscard]] bool skips(const std::string& name) const {
    return std::any_of(options_.skip.begin(), options_.skip.end(), [&](const std::string& end) {
      return name.ends_with("." + end + ".weight");
    });
  }

  static void write(const std::filesystem::path& folder, const nlohmann::json& config,
                    const std::vector<model::NamedTensor>& tensors) {
    std::filesystem::create_directories(folder);
    write_file(folder / "config.json", config.dump());
    model::write_safetensors(folder / "model.safetensors", tensors, {});
  }

  template <typename Number>
  std::span<const std::byte> kept(const std::vector<Number>& numbers) {
    auto& own = storage_.emplace_back(numbers.size() * sizeof(Number));
    std::memcpy(own.data(), numbers.data(), own.size());
    return std::as_bytes(std::span(own));
  }
  void put(const std::string& name, const std::vector<float>& values) {
    quantized_.push_back({name, model::DType::float32, {std::ssize(values)}, kept(values)});
  }

  void add(const std::string& key, const model::LinearShape& linear, std::vector<float> values) {
    const auto turned = [](const std::vector<float>& from, std::int64_t rows) {
      std::vector<float> to(from.size());
      const auto height = static_cast<std::size_t>(rows), width = from.size() / height;
      for (std::size_t i = 0; i < from.size(); ++i)
        to[i % width * height + i / width] = from[i];
      return to;
    };
    if (linear.transposed) values = turned(values, linear.in);
    values = options_.kind == model::Quantization::int8 ? as_int8(key, linear, values)
                                                        : as_nf4(key, linear, values);
    if (linear.transposed) values = turned(values, linear.out);
    plain_.push_back({key, model::DType::float32,
                      linear.transposed ? std::vector{linear.in, linear.out}
                                        : std::vector{linear.out, linear.in},
                      kept(values)});
  }

  std::vector<float> as_int8(const std::string& key, const model::LinearShape& linear,
                             const std::vector<float>& values) {
    const auto in = static_cast<std::size_t>(linear.in);
    std::vector<std::int8_t> codes(values.size());
    std::vector<float> largest, numbers(values.size());
    for (std::size_t row = 0; row < values.size(); row += in) {
      double most = 0.0;
      for (std::size_t i = row; i < row + in; ++i)
        most = std::max(most, std::abs(static_cast<double>(values[i])));
      largest.push_back(static_cast<float>(most));
      for (std::size_t i = row; i < row + in; ++i) {
        const double code = std::nearbyint(values[i] * 127.0 / most);
        codes[i] = static_cast<std::int8_t>(code);
        numbers[i] = static_cast<float>(code) * (largest.back() / 127.0f);
      }
    }
    const std::string module = key.substr(0, key.size() - 6);
    quantized_.push_back({key, model::DType::int8, {linear.out, linear.in}, kept(codes)});
    put(module + "SCB", largest);
    quantized_.push_back({module + "weight_format", model::DType::uint8, {}, kept(Bytes{0})});
    return numbers;
  }

  std::vector<float> as_nf4(const std::string& key, const model::LinearShape& linear,
                            const std::vector<float>& values) {
    const auto block = static_cast<std::size_t>(options_.block);
    std::vector<float> largest((values.size() + block - 1) / block);
    for (std::size_t i = 0; i < values.size(); ++i)
      largest[i / block] = std::max(largest[i / block], std::abs(values[i]));
    nlohmann::json state = {{"quant_type", "nf4"},
                            {"blocksize", options_.block},
                            {"dtype", "bfloat16"},
                            {"shape", {linear.out, linear.in}}};
    const std::vector<float> exact = largest;
    if (options_.nested) {
      largest = nested(key, exact, state);
    } else {
      put(key + ".absmax", largest);
    }
    Bytes codes((values.size() + 1) / 2);
    std::vector<float> numbers(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double share = values[i] / static_cast<double>(exact[i / block]);
      std::size_t best = 0;
      for (std::size_t c = 1; c < kPublishedNf4.size(); ++c) {
        if (std::abs(share - kPublishedNf4[c]) < std::abs(share - kPublishedNf4[best])) best = c;
      }
      codes[i / 2] = static_cast<std::uint8_t>(codes[i / 2] | best << (i % 2 == 0 ? 4 : 0));
      numbers[i] = static_cast<float>(kPublishedNf4[best]) * largest[i / block];
    }
    quantized_.push_back({key, model::DType::uint8, {std::ssize(codes), 1}, kept(codes)});
    put(key + ".quant_map", {kPublishedNf4.begin(), kPublishedNf4.end()});
    const std::string text = state.dump();
    quantized_.push_back({key + ".quant_state.bitsandbytes__nf4",
                          model::DType::uint8,
                          {std::ssize(text)},
                          kept(std::vector<char>(text.begin(), text.end()))});
    return numbers;
  }

  /// Writes them as codes and returns what these stand for.
  std::vector<float> nested(const std::string& key, const std::vector<float>& largest,
                            nlohmann::json& state) {
    constexpr std::size_t kBlock = 256;
    double sum = 0.0;
    for (const float value : largest)
      sum += value;
    const auto offset = static_cast<float>(sum / static_cast<double>(largest.size()));
    std::vector<float> map(256), scales((largest.size() + kBlock - 1) / kBlock);
    for (std::size_t i = 0; i < map.size(); ++i)
      map[i] = static_cast<float>(-1.0 + 2.0 * static_cast<double>(i) / 255.0);
    for (std::size_t i = 0; i < largest.size(); ++i)
      scales[i / kBlock] = std::max(scales[i / kBlock], std::abs(largest[i] - offset));
    Bytes codes;
    std::vector<float> values;
    for (std::size_t i = 0; i < largest.size(); ++i) {
      const double share = (largest[i] - offset) / static_cast<double>(scales[i / kBlock]);
      codes.push_back(static_cast<std::uint8_t>(std::lround((share + 1.0) * 127.5)));
      values.push_back(map[codes.back()] * scales[i / kBlock] + offset);
    }
    quantized_.push_back({key + ".absmax", model::DType::uint8, {std::ssize(codes)}, kept(codes)});
    put(key + ".nested_absmax", scales);
    put(key + ".nested_quant_map", map);
    state["nested_blocksize"] = kBlock;
    state["nested_dtype"] = "float32";
    state["nested_offset"] = offset;
    return values;
  }

  Options options_;
  TemporaryFolder folder_;
  std::deque<std::vector<std::uint8_t>> storage_;
  std::vector<model::NamedTensor> quantized_;
  std::vector<model::NamedTensor> plain_;
};

}  // namespace lorafleet::tests
