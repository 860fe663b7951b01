#include "model/network/quantization/bitsandbytes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>

#include "model/files/json.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

using nlohmann::json;

constexpr std::string_view kWeight = "weight";
constexpr const char* kState = ".quant_state.bitsandbytes__";
/// More than the codes of nested magnitudes can be off, in parts of their scale: the values of
/// bitsandbytes' map lie 0.0141 apart at most. So far below 0 can a magnitude of 0 end up.
constexpr float kNestedRounding = 1.0f / 32.0f;

/// "model.layers.0.mlp.up_proj." of its weight's key.
std::string module_of(const std::string& key) {
  return key.substr(0, key.size() - kWeight.size());
}

std::string scales_key(const Checkpoint& checkpoint, const std::string& key) {
  const std::string own = module_of(key) + "SCB";
  return checkpoint.find(own) == nullptr && checkpoint.find(key + ".SCB") != nullptr ? key + ".SCB"
                                                                                     : own;
}

/// What a weight consists of.
class Parts {
 public:
  Parts(const Checkpoint& checkpoint, const std::string& key)
      : checkpoint_(checkpoint), key_(key) {}

  [[noreturn]] void refuse(const std::string& name, const std::string& reason) const {
    const Checkpoint::Tensor* tensor = checkpoint_.find(name);
    const auto& file = tensor == nullptr ? checkpoint_.path() : checkpoint_.path_of(*tensor);
    throw InputError(file.string(), "tensor " + name + " " + reason);
  }

  [[nodiscard]] const Checkpoint::Tensor& find(const std::string& name) const {
    const Checkpoint::Tensor* tensor = checkpoint_.find(name);
    if (tensor == nullptr) refuse(name, "is missing: " + key_ + " is quantised by bitsandbytes");
    if (!tensor->view.strides.empty()) refuse(name, "must lie row after row");
    return *tensor;
  }

  /// So many bytes of numbers of a byte.
  [[nodiscard]] std::vector<std::uint8_t> bytes(const std::string& name, DType dtype,
                                                std::size_t count) const {
    const Checkpoint::Tensor& tensor = find(name);
    if (tensor.view.dtype != dtype || tensor.view.bytes.size() != count) {
      refuse(name, "must be " + std::string(torch_name(dtype)) + " with " + std::to_string(count) +
                       " entries");
    }
    std::vector<std::uint8_t> result(count);
    checkpoint_.copy(tensor, std::as_writable_bytes(std::span(result)));
    return result;
  }

  /// So many finite numbers.
  [[nodiscard]] std::vector<float> numbers(const std::string& name, std::size_t count) const {
    const Checkpoint::Tensor& tensor = find(name);
    if (!is_weight_type(tensor.view.dtype) ||
        tensor.view.numel() != static_cast<std::int64_t>(count)) {
      refuse(name, "must be float32 with " + std::to_string(count) + " entries");
    }
    std::vector<float> result = tensor.view.to_float32();
    checkpoint_.release(tensor);
    if (!std::all_of(result.begin(), result.end(), [](float x) { return std::isfinite(x); })) {
      refuse(name, "has entries that are not finite");
    }
    return result;
  }
  /// So many largest magnitudes.
  [[nodiscard]] std::vector<float> magnitudes(const std::string& name, std::size_t count) const {
    std::vector<float> result = numbers(name, count);
    if (std::any_of(result.begin(), result.end(), [](float x) { return x < 0.0f; }))
      refuse(name, "has magnitudes below 0");
    return result;
  }
  /// For messages.
  [[nodiscard]] std::string place_of(const Checkpoint::Tensor& tensor,
                                     const std::string& name) const {
    return checkpoint_.path_of(tensor).string() + ": tensor " + name;
  }

 private:
  const Checkpoint& checkpoint_;
  const std::string& key_;
};

QuantizedWeight read_int8(const Checkpoint& checkpoint, const std::string& key, std::int64_t out,
                          std::int64_t in) {
  const Parts parts(checkpoint, key);
  QuantizedWeight weight(Quantization::int8, out, in, usual_block(Quantization::int8, in));
  if (parts.find(key).view.shape != std::vector{out, in}) {
    parts.refuse(key, "must have the shape [" + std::to_string(out) + ", " + std::to_string(in) +
                          "] of its layer");
  }
  weight.codes = parts.bytes(key, DType::int8, weight.codes.size());
  weight.scales = parts.magnitudes(scales_key(checkpoint, key), weight.scales.size());
  for (float& scale : weight.scales)
    scale /= 127.0f;
  const std::string format = module_of(key) + "weight_format";
  if (checkpoint.find(format) != nullptr && parts.bytes(format, DType::uint8, 1).front() != 0) {
    parts.refuse(format, "says that the weight lies in a GPU's own order; allowed: 0, row");
  }
  return weight;
}

/// The state's JSON.
class State {
 public:
  State(const Parts& parts, const std::string& name) : parts_(parts), name_(name) {
    const Checkpoint::Tensor& tensor = parts.find(name);
    const TensorView& view = tensor.view;
    if (view.dtype != DType::uint8) parts.refuse(name, "must be JSON as bytes, uint8");
    const auto* text = reinterpret_cast<const char*>(view.bytes.data());
    root_ = parse_json({text, view.bytes.size()}, parts.place_of(tensor, name), 4);
    if (!root_.is_object()) parts.refuse(name, "must hold an object");
    if (root_.value("quant_type", json("nf4")) != "nf4")
      parts.refuse(name, "quant_type must be \"nf4\"");
  }

  /// Entries that share a scale: a power of two that kernels of bitsandbytes take.
  [[nodiscard]] std::int64_t block(const char* key) const {
    const auto found = root_.find(key);
    const bool fits = found != root_.end() && is_unsigned_up_to(*found, 4096) &&
                      found->get<std::int64_t>() >= 32 &&
                      (found->get<std::int64_t>() & (found->get<std::int64_t>() - 1)) == 0;
    if (!fits) parts_.refuse(name_, std::string(key) + " must be a power of two from 32 to 4096");
    return found->get<std::int64_t>();
  }
  [[nodiscard]] float number(const char* key) const {
    const auto found = root_.find(key);
    const double value =
        found != root_.end() && found->is_number() ? found->get<double>() : std::nan("");
    if (!(std::abs(value) <= std::numeric_limits<float>::max()))
      parts_.refuse(name_, std::string(key) + " must be a number in float32's range");
    return found->get<float>();
  }
  void check_shape(std::int64_t out, std::int64_t in) const {
    if (root_.value("shape", json()) == json::array({out, in})) return;
    parts_.refuse(name_, "must have the shape [" + std::to_string(out) + ", " + std::to_string(in) +
                             "] of its layer");
  }

 private:
  const Parts& parts_;
  const std::string& name_;
  json root_;
};

/// The largest magnitudes of the blocks.
std::vector<float> read_absmax(const Parts& parts, const std::string& key, const State& state,
                               std::size_t blocks) {
  const std::string name = key + ".absmax";
  if (parts.find(name).view.dtype != DType::uint8) return parts.magnitudes(name, blocks);
  const auto nested = static_cast<std::size_t>(state.block("nested_blocksize"));
  const float offset = state.number("nested_offset");
  const std::vector<std::uint8_t> codes = parts.bytes(name, DType::uint8, blocks);
  const std::vector<float> values = parts.numbers(key + ".nested_quant_map", 256);
  const std::vector<float> scales =
      parts.magnitudes(key + ".nested_absmax", (blocks + nested - 1) / nested);
  std::vector<float> absmax(blocks);
  for (std::size_t i = 0; i < blocks; ++i) {
    const float scale = scales[i / nested];
    absmax[i] = values[codes[i]] * scale + offset;
    if (!std::isfinite(absmax[i])) parts.refuse(name, "stands for magnitudes that are not finite");
    if (absmax[i] < -kNestedRounding * scale) parts.refuse(name, "stands for magnitudes below 0");
  }
  return absmax;
}

QuantizedWeight read_nf4(const Checkpoint& checkpoint, const std::string& key, std::int64_t out,
                         std::int64_t in) {
  const Parts parts(checkpoint, key);
  const std::string state_name = key + kState + "nf4";
  const State state(parts, state_name);
  state.check_shape(out, in);
  QuantizedWeight weight(Quantization::nf4, out, in, state.block("blocksize"));
  weight.codes = parts.bytes(key, DType::uint8, weight.codes.size());
  weight.scales = read_absmax(parts, key, state, weight.scales.size());
  const std::vector<float> values = parts.numbers(key + ".quant_map", kNf4Values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::abs(values[i] - kNf4Values[i]) > 1e-6f)
      parts.refuse(key + ".quant_map", "does not hold the values of NF4");
  }
  return weight;
}

}  // namespace

Quantization held_in(const Checkpoint& checkpoint, const std::string& key) {
  const Checkpoint::Tensor* tensor = checkpoint.find(key);
  if (tensor == nullptr || !key.ends_with(kWeight)) return Quantization::none;
  if (tensor->view.dtype == DType::int8) return Quantization::int8;
  if (checkpoint.find(key + kState + "nf4") != nullptr) return Quantization::nf4;
  const std::string state = key + ".quant_state.";
  const auto other = checkpoint.tensors().lower_bound(state);
  if (other != checkpoint.tensors().end() && other->first.starts_with(state)) {
    throw InputError(checkpoint.path_of(*tensor).string(),
                     "tensor " + key + " is in a format that is not supported (" +
                         other->first.substr(key.size() + 1) +
                         "); allowed: quant_state.bitsandbytes__nf4");
  }
  if (tensor->view.dtype == DType::uint8 && tensors_of(checkpoint, key).size() > 1) {
    throw InputError(
        checkpoint.path_of(*tensor).string(),
        "tensor " + key + kState + "nf4 is missing: " + key + " is quantised by bitsandbytes");
  }
  return Quantization::none;
}

QuantizedWeight read_quantized(const Checkpoint& checkpoint, const std::string& key,
                               std::int64_t out, std::int64_t in) {
  return held_in(checkpoint, key) == Quantization::int8 ? read_int8(checkpoint, key, out, in)
                                                        : read_nf4(checkpoint, key, out, in);
}

std::vector<std::string> tensors_of(const Checkpoint& checkpoint, const std::string& key) {
  const std::string module = module_of(key);
  std::vector<std::string> names;
  for (const std::string& name : {key, module + "SCB", key + ".SCB", module + "weight_format",
                                  key + ".absmax", key + ".quant_map", key + ".nested_absmax",
                                  key + ".nested_quant_map", key + kState + "nf4"}) {
    if (checkpoint.find(name) != nullptr) names.push_back(name);
  }
  return names;
}

bool is_part(const std::string& key) {
  constexpr std::array<std::string_view, 6> kEnds = {
      ".SCB", ".weight_format", ".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map"};
  return key.find(".quant_state.") != std::string::npos ||
         std::any_of(kEnds.begin(), kEnds.end(),
                     [&](std::string_view end) { return key.ends_with(end); });
}

}  // namespace lorafleet::model
