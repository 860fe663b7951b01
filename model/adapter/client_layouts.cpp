#include "model/adapter/client_layouts.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "model/adapter/lora_layout.hpp"
#include "partition/support/error.hpp"
#include "partition/support/random.hpp"
#include "partition/support/shares.hpp"

namespace lorafleet::model {
namespace {

constexpr const char* kKey = "lora.ranks";

/// lora_alpha that goes with a rank.
double alpha_of(const LoraConfig& lora, std::int64_t r) {
  for (const ClientRank& entry : lora.ranks) {
    if (entry.r == r && entry.lora_alpha > 0.0) return entry.lora_alpha;
  }
  return lora.lora_alpha;
}

LoraConfig with_rank(const LoraConfig& lora, std::int64_t r, double alpha) {
  LoraConfig own = lora;
  own.ranks.clear();
  own.r = r;
  own.lora_alpha = alpha;
  return own;
}

/// The index of each client's entry of `ranks`.
std::vector<std::size_t> entries_of(const LoraConfig& lora, const ClientsOfRanks& clients,
                                    std::uint64_t run_seed) {
  std::vector<std::size_t> entries(clients.count, 0);
  if (lora.ranks.front().tier.empty()) {
    std::vector<std::size_t> permutation(clients.count);
    std::iota(permutation.begin(), permutation.end(), std::size_t{0});
    Random random(run_seed, Purpose::client_rank);
    random.shuffle(permutation);
    std::vector<double> shares;
    for (const ClientRank& entry : lora.ranks)
      shares.push_back(entry.share);
    const auto counts = largest_remainder(shares, clients.count);
    std::size_t next = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      for (std::size_t n = 0; n < counts[i]; ++n)
        entries[permutation[next++]] = i;
    }
    return entries;
  }
  for (std::size_t c = 0; c < clients.count; ++c) {
    const std::string tier = c < clients.tiers.size() ? clients.tiers[c] : "";
    const auto found = std::find_if(lora.ranks.begin(), lora.ranks.end(),
                                    [&](const ClientRank& entry) { return entry.tier == tier; });
    if (found == lora.ranks.end()) {
      std::vector<std::string> known;
      for (const ClientRank& entry : lora.ranks)
        known.push_back(entry.tier);
      throw InputError(kKey, "gives no rank to tier \"" + tier + "\"; it names " + join(known));
    }
    entries[c] = static_cast<std::size_t>(found - lora.ranks.begin());
  }
  return entries;
}

}  // namespace

std::string wrong_with_ranks(const std::vector<ClientRank>& ranks) {
  std::set<std::string> tiers;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const std::string entry = "entry " + std::to_string(i);
    const bool by_tier = !ranks[i].tier.empty();
    if (!(ranks[i].share >= 0.0) || !std::isfinite(ranks[i].share)) {
      return entry + " has a share that is no number of at least 0";
    }
    if (by_tier && ranks[i].share > 0.0) {
      return entry + " has a share and a tier; allowed: one of them";
    }
    if (!by_tier && ranks[i].share == 0.0) {
      return entry + " has neither a share above 0 nor a tier; allowed: one of them";
    }
    if (by_tier != !ranks.front().tier.empty()) {
      return entry + " goes by " + (by_tier ? "tier" : "share") + ", the first by " +
             (by_tier ? "share" : "tier") + "; allowed: all by the same";
    }
    const auto other = std::find_if(ranks.begin(), ranks.end(), [&](const ClientRank& one) {
      return one.r == ranks[i].r && one.lora_alpha != ranks[i].lora_alpha;
    });
    if (other != ranks.end()) {
      return "two entries give rank " + std::to_string(ranks[i].r) + " different lora_alpha";
    }
    if (by_tier && !tiers.insert(ranks[i].tier).second) {
      return "two entries name the tier \"" + ranks[i].tier + "\"";
    }
  }
  return "";
}

bool has_unequal_ranks(const LoraConfig& lora) {
  return std::any_of(lora.ranks.begin(), lora.ranks.end(), [&](const ClientRank& entry) {
    return entry.r != lora.ranks.front().r ||
           alpha_of(lora, entry.r) != alpha_of(lora, lora.ranks.front().r);
  });
}

LoraConfig server_lora(const LoraConfig& lora, std::int64_t largest_explicit_rank) {
  std::int64_t largest = largest_explicit_rank;
  for (const ClientRank& entry : lora.ranks)
    largest = std::max(largest, entry.r);
  if (largest == 0) return lora;
  return with_rank(lora, largest, alpha_of(lora, largest));
}

ClientLayouts client_layouts(const ModelShape& shape, const LoraConfig& lora,
                             const ClientsOfRanks& clients, std::uint64_t run_seed) {
  if (const std::string wrong = wrong_with_ranks(lora.ranks); !wrong.empty()) {
    throw InputError(kKey, wrong);
  }
  const auto& given = clients.explicit_ranks;
  const auto explicit_rank = [&](std::size_t c) { return c < given.size() ? given[c] : 0; };
  std::vector<std::int64_t> ranks(clients.count, lora.r);
  if (!lora.ranks.empty()) {
    const bool all_explicit =
        given.size() >= clients.count &&
        std::none_of(given.begin(), given.end(), [](std::int64_t r) { return r == 0; });
    const auto entries = all_explicit ? std::vector<std::size_t>(clients.count, 0)
                                      : entries_of(lora, clients, run_seed);
    for (std::size_t c = 0; c < clients.count; ++c)
      ranks[c] = lora.ranks[entries[c]].r;
  }
  std::int64_t largest_explicit = 0;
  for (std::size_t c = 0; c < clients.count; ++c) {
    if (explicit_rank(c) == 0) continue;
    ranks[c] = explicit_rank(c);
    largest_explicit = std::max(largest_explicit, ranks[c]);
  }
  // Without entries, clients without an explicit rank have [lora] r: it counts for the largest too.
  if (lora.ranks.empty() && largest_explicit > 0) {
    largest_explicit = *std::max_element(ranks.begin(), ranks.end());
  }

  ClientLayouts layouts;
  const LoraConfig server = server_lora(lora, largest_explicit);
  layouts.server = make_layout(shape, server);
  std::map<std::int64_t, LayoutPtr> by_rank{{server.r, layouts.server}};
  std::set<std::int64_t> used;
  for (const std::int64_t r : ranks) {
    LayoutPtr& layout = by_rank[r];
    if (layout == nullptr) layout = make_layout(shape, with_rank(lora, r, alpha_of(lora, r)));
    layouts.of_client.push_back(layout);
    used.insert(r);
  }
  for (const std::int64_t r : used)
    layouts.distinct.push_back(by_rank[r]);
  return layouts;
}

}  // namespace lorafleet::model
