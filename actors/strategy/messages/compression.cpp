#include "actors/strategy/messages/compression.hpp"

#include "model/adapter/factor_tensors.hpp"

namespace lorafleet::strategy {

std::int64_t message_bytes(const model::AdapterLayout& layout, model::Factors carried,
                           const CodecPtr& codec) {
  const auto tensors = model::factor_tensors(layout, carried);
  std::size_t values = 0;
  for (const model::TensorRange& tensor : tensors)
    values += tensor.size;
  return codec ? codec->bytes(values, tensors.size()) : static_cast<std::int64_t>(4 * values);
}

std::vector<float> decoded(const model::AdapterLayout& layout, model::Factors carried,
                           const CodecPtr& codec, std::span<const float> values) {
  std::vector<float> read(values.begin(), values.end());
  if (codec) codec->pass(read, model::factor_tensors(layout, carried));
  return read;
}

model::AdapterPtr received(const model::AdapterPtr& sent, model::Factors carried,
                           const CodecPtr& codec) {
  if (!codec || !model::all_finite(*sent)) return sent;
  auto adapter = std::make_shared<model::Adapter>(*sent);
  adapter->values = decoded(*sent->layout, carried, codec, sent->values);
  return adapter;
}

}  // namespace lorafleet::strategy
