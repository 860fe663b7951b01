#include "model/network/families/families.hpp"

namespace lorafleet::model {

const std::vector<const Family*>& families() {
  static const std::vector<const Family*> all = {
      &opt_family(),
  };
  return all;
}

}  // namespace lorafleet::model
