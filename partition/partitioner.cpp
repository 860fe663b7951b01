#include "partition/partitioner.hpp"

#include <algorithm>
#include <cmath>

#include "partition/skews/allocation.hpp"
#include "partition/skews/skew.hpp"
#include "partition/skews/skew_notes.hpp"
#include "partition/skews/small_bins.hpp"
#include "partition/support/error.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::partition {

namespace {

std::size_t least_examples(const PartitionConfig& config) {
  return static_cast<std::size_t>(std::max<std::int64_t>(config.min_examples, 1));
}

void check_skews(const std::vector<SkewConfig>& skews) {
  std::size_t quantities = 0;
  for (const auto& skew : skews) {
    const SkewKind& kind = find_skew(skew.by);
    if (kind.stands_alone && skews.size() > 1) {
      throw InputError("partition.skew", "\"" + kind.name +
                                             "\" cannot be combined with other skews; " +
                                             std::to_string(skews.size()) + " are given");
    }
    quantities += kind.sizes != nullptr ? 1 : 0;
    if (kind.draws() && !(skew.alpha >= kSmallestAlpha && std::isfinite(skew.alpha))) {
      throw InputError("partition.skew.alpha", "is " + shortest(skew.alpha) +
                                                   "; a finite number of at least " +
                                                   shortest(kSmallestAlpha) + " was expected");
    }
  }
  if (quantities > 1) {
    throw InputError("partition.skew", "\"quantity\" is given " + std::to_string(quantities) +
                                           " times; once is allowed");
  }
}

void check_counts(const PartitionConfig& config, std::size_t examples) {
  if (config.clients < 1) {
    throw InputError("partition.clients",
                     "is " + std::to_string(config.clients) + "; at least 1 was expected");
  }
  const auto clients = static_cast<std::size_t>(config.clients);
  const std::size_t least = least_examples(config);
  if (least > examples / clients) {
    throw InputError("partition.min_examples",
                     std::to_string(clients) + " clients with at least " + std::to_string(least) +
                         " examples each need more than the " + std::to_string(examples) +
                         " training examples there are; allowed: min_examples up to " +
                         std::to_string(examples / clients) + ", or clients up to " +
                         std::to_string(examples / least));
  }
}

/// Notes are told as they come up: what follows may take a while.
class Notes {
 public:
  Notes(std::vector<std::string>& notes, const TellFn& tell) : notes_(notes), tell_(tell) {}

  void add(std::string note) {
    if (note.empty()) return;
    if (tell_) tell_(note);
    notes_.push_back(std::move(note));
  }

 private:
  std::vector<std::string>& notes_;
  const TellFn& tell_;
};

Partition draw(const std::vector<Example>& examples, Partition partition,
               const PartitionConfig& config, std::uint64_t seed, const CountFn& tokens,
               const TellFn& tell) {
  check_counts(config, partition.training.size());
  Notes notes(partition.notes, tell);
  const auto clients = static_cast<std::size_t>(config.clients);
  std::vector<double> sizes(clients, 1.0 / static_cast<double>(clients));
  std::vector<std::size_t> skew_of_bins;
  std::vector<std::vector<std::uint32_t>> drawn_bins;
  std::vector<Bins> dealt;
  for (std::size_t s = 0; s < config.skews.size(); ++s) {
    const SkewConfig& skew = config.skews[s];
    const SkewKind& kind = find_skew(skew.by);
    if (kind.sizes != nullptr) sizes = kind.sizes(skew, clients, {seed, Purpose::partition, s});
    if (kind.cut == nullptr) continue;
    const SkewInput input{examples, partition.training, skew, tokens};
    partition.bins.push_back(kind.cut(input));
    for (auto& note : notes_on(partition.bins.back(), input))
      notes.add(std::move(note));
    auto merged = merge_small_bins(partition.bins.back(), clients);
    notes.add(std::move(merged.note));
    drawn_bins.push_back(std::move(merged.drawn));
    dealt.push_back(std::move(merged.bins));
    skew_of_bins.push_back(s);
  }
  const auto draw_shares = [&](std::size_t label, std::uint32_t bin) {
    const std::uint32_t drawn = drawn_bins[label][bin];
    if (drawn == DealtBins::kEven)
      return std::vector<double>(clients, 1.0 / static_cast<double>(clients));
    const std::size_t s = skew_of_bins[label];
    return Random(seed, Purpose::partition, s, drawn).dirichlet(config.skews[s].alpha, clients);
  };
  Allocation allocation(dealt, draw_shares, std::move(sizes), partition.training.size());
  allocation.deal(seed);
  allocation.hold_minimum(least_examples(config));
  for (const auto& positions : allocation.clients()) {
    auto& client = partition.clients.emplace_back();
    for (const auto position : positions) {
      client.push_back(partition.training[position]);
    }
  }
  return partition;
}

}  // namespace

Partition draw_partition(const std::vector<Example>& examples, const Indices& training,
                         const PartitionConfig& config, std::uint64_t seed, const CountFn& tokens,
                         const TellFn& tell) {
  check_skews(config.skews);
  if (training.empty()) throw InputError("partition", "there are no training examples to spread");
  Partition partition;
  partition.training = training;
  std::sort(partition.training.begin(), partition.training.end());
  if (!config.skews.empty()) {
    const SkewKind& kind = find_skew(config.skews.front().by);
    if (kind.assign != nullptr) {
      kind.assign({examples, partition.training, config.skews.front(), tokens}, config, partition);
      for (auto& client : partition.clients) {
        std::sort(client.begin(), client.end());
      }
      for (const auto& note : partition.notes) {
        if (tell) tell(note);
      }
      return partition;
    }
  }
  return draw(examples, std::move(partition), config, seed, tokens, tell);
}

}  // namespace lorafleet::partition
