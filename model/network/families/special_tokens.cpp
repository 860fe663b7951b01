#include "model/network/families/special_tokens.hpp"

#include "model/network/config_reader.hpp"

namespace lorafleet::model {

void read_special_tokens(ModelShape& shape, const ConfigReader& config,
                         std::optional<std::int32_t> usual_end) {
  shape.ends = config.tokens("eos_token_id", shape.vocabulary);
  const bool absent = shape.ends.empty() && !config.states("eos_token_id");
  if (absent && usual_end && *usual_end < shape.vocabulary) shape.ends = {*usual_end};
  const std::int64_t padding = config.whole("pad_token_id", -1);
  if (padding >= 0 && padding < shape.vocabulary) {
    shape.padding = static_cast<std::int32_t>(padding);
  }
}

}  // namespace lorafleet::model
