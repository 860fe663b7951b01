#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "model/adapter/adapter.hpp"
#include "model/config.hpp"
#include "model/shape.hpp"

namespace lorafleet::model {

/// What is known of the clients when their ranks are given out.
struct ClientsOfRanks {
  std::size_t count = 0;
  std::vector<std::string> tiers = {};  ///< of each client; needed by entries that name a tier
  /// Of each client, such as a column `rank` of a device file; 0: by [lora] ranks. Empty: none.
  std::vector<std::int64_t> explicit_ranks = {};
};

/// One pointer for each distinct layout.
struct ClientLayouts {
  LayoutPtr server;                  ///< of the global adapter: the largest rank
  std::vector<LayoutPtr> of_client;  ///< for each client
  std::vector<LayoutPtr> distinct;   ///< those that clients have, by rising rank
};

/// Gives each client its rank by [lora] ranks. A pure function of its arguments.
///
/// By share: entry i gets floor(q_i) clients with q_i = clients * share_i / (sum of shares), those
/// that remain go to the largest fractions (ties: to the earlier entry), and a permutation keyed by
/// (run seed, Purpose::client_rank) says which clients. By tier: as the client's tier says. An
/// explicit rank comes before both. Without `ranks` (and explicit ones) all have [lora] r.
///
/// lora_alpha of an entry is [lora]'s where it is 0, so that s = lora_alpha / r differs by rank
/// unless it is given; an explicit rank takes that of the first entry of its rank, else [lora]'s.
/// rank_pattern and alpha_pattern apply to all clients alike.
///
/// Throws InputError for entries that mix share and tier or have neither, tiers without a rank, and
/// what make_layout refuses.
ClientLayouts client_layouts(const ModelShape& shape, const LoraConfig& lora,
                             const ClientsOfRanks& clients, std::uint64_t run_seed);

/// `lora` with r and lora_alpha of its largest rank and without `ranks`: what describes the global
/// adapter, in files too.
LoraConfig server_lora(const LoraConfig& lora, std::int64_t largest_explicit_rank = 0);

/// What is wrong with `ranks` by itself (shares and tiers mixed, missing, a tier twice); empty:
/// fine.
std::string wrong_with_ranks(const std::vector<ClientRank>& ranks);

/// Whether clients may have different ranks or scales.
bool has_unequal_ranks(const LoraConfig& lora);

}  // namespace lorafleet::model
