#include <algorithm>
#include <map>

#include "partition/skews/skew.hpp"
#include "partition/support/error.hpp"
#include "partition/support/hash.hpp"

namespace lorafleet::partition {

namespace {

using Owners = std::map<std::string, Indices>;

Owners owners_of(const SkewInput& input) {
  Owners owners;
  for (const auto index : input.training) {
    const auto& example = input.examples[index];
    if (!example.client) {
      throw InputError("partition.skew.by",
                       "\"natural\" needs an owner for every example and example \"" + example.id +
                           "\" has none; data.fields.client names the field of the owner");
    }
    owners[*example.client].push_back(index);
  }
  return owners;
}

/// The names of the owners that become clients, sorted.
std::vector<std::string> choose_clients(const Owners& owners, const PartitionConfig& config) {
  const auto least = static_cast<std::size_t>(std::max<std::int64_t>(config.min_examples, 1));
  std::vector<std::string> chosen;
  std::size_t largest = 0;
  for (const auto& [name, examples] : owners) {
    largest = std::max(largest, examples.size());
    if (examples.size() >= least) chosen.push_back(name);
  }
  if (chosen.empty()) {
    throw InputError("partition.min_examples",
                     "no owner has " + std::to_string(least) + " examples (the largest of " +
                         std::to_string(owners.size()) + " has " + std::to_string(largest) +
                         "); at most " + std::to_string(largest) + " is allowed here");
  }
  std::stable_sort(chosen.begin(), chosen.end(), [&](const auto& a, const auto& b) {
    return owners.at(a).size() > owners.at(b).size();
  });
  if (config.clients > 0 && chosen.size() > static_cast<std::size_t>(config.clients)) {
    chosen.resize(static_cast<std::size_t>(config.clients));
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace

void assign_naturally(const SkewInput& input, const PartitionConfig& config, Partition& partition) {
  const Owners owners = owners_of(input);
  partition.names = choose_clients(owners, config);
  const std::size_t count = partition.names.size();
  partition.clients.resize(count);
  std::size_t spread_examples = 0;
  for (const auto& [name, examples] : owners) {
    const auto own = std::lower_bound(partition.names.begin(), partition.names.end(), name);
    const bool is_client = own != partition.names.end() && *own == name;
    const std::size_t client =
        is_client ? static_cast<std::size_t>(own - partition.names.begin()) : fnv1a64(name) % count;
    spread_examples += is_client ? 0 : examples.size();
    auto& list = partition.clients[client];
    list.insert(list.end(), examples.begin(), examples.end());
  }
  if (config.clients > 0 && count < static_cast<std::size_t>(config.clients)) {
    partition.notes.push_back("natural: " + std::to_string(count) + " clients instead of " +
                              std::to_string(config.clients) +
                              ", as many as there are owners with " +
                              std::to_string(config.min_examples) + " examples");
  }
  if (spread_examples > 0) {
    partition.notes.push_back("natural: " + std::to_string(spread_examples) + " examples of " +
                              std::to_string(owners.size() - count) +
                              " other owners were spread over the " + std::to_string(count) +
                              " clients, each owner as a whole");
  }
}

}  // namespace lorafleet::partition
