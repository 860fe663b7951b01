#include "model/network/families/equal_heads.hpp"

#include "model/network/config_reader.hpp"

namespace lorafleet::model {

void read_equal_heads(ModelShape& shape, const ConfigReader& config, const std::string& width_key,
                      const std::string& heads_key) {
  shape.width = config.size(width_key);
  shape.heads = config.size(heads_key);
  if (shape.width % shape.heads != 0) {
    config.refuse(heads_key, std::to_string(shape.heads) + " does not divide " + width_key + " = " +
                                 std::to_string(shape.width));
  }
  shape.kv_heads = shape.heads;
  shape.head_dim = shape.width / shape.heads;
}

}  // namespace lorafleet::model
