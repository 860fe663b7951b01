#include "partition/examples/partition.hpp"

namespace lorafleet::partition {

std::string skew_name(const std::string& by, const std::string& measure) {
  return by == measure ? by : by + " (" + measure + ")";
}

}  // namespace lorafleet::partition
