#include "model/network/flops.hpp"

namespace lorafleet::model {

double train_flops_per_token(const OptConfig& opt) {
  const auto d = static_cast<double>(opt.hidden_size);
  const auto embed = static_cast<double>(opt.word_embed_proj_dim);
  const double layer = 4.0 * d * d + 2.0 * d * static_cast<double>(opt.ffn_dim);
  const double projections = embed == d ? 0.0 : 2.0 * embed * d;
  const double head = embed * static_cast<double>(opt.vocab_size);
  return 4.0 * (static_cast<double>(opt.num_hidden_layers) * layer + projections + head);
}

}  // namespace lorafleet::model
