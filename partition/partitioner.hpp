#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "partition/examples/config.hpp"
#include "partition/examples/example.hpp"
#include "partition/examples/measures.hpp"
#include "partition/examples/partition.hpp"
#include "partition/support/indices.hpp"

namespace lorafleet::partition {

/// Hears a note of a partition when it comes up.
using TellFn = std::function<void(const std::string& note)>;

/// Spreads the training examples over `config.clients` clients. Every one is used exactly once.
///
/// Label skews (context_length, quality, attribute, group) cut the examples into bins; for skew s
/// and bin b the shares of the clients are drawn as share_s[b] ~ Dir(alpha_s) (Hsu et al. 2019,
/// arXiv 1909.06335, by bin). `quantity` draws q ~ Dir(alpha), else q = 1/n. Examples in the bins
/// (b1, b2, ...) are one cell, and client c gets the part of the cell proportional to q_c * prod_s
/// share_s[b_s][c]: by largest remainders, carried from cell to cell, of the cell's examples in
/// random order. So alpha -> infinity is even up to one example, and the totals of cells are exact.
///
/// `min_examples` (at least 1 always) is then held: each client below it, in turn, takes what it
/// lacks from the client that is the largest then, first from the cell of which it was to get most
/// itself.
///
/// Three things that are easily taken for one: Example::group is the unit of the train/test split,
/// Example::client the natural owner, and an attribute (Example::attributes, or "target") is what a
/// skew can spread. `attribute` has a bin for each value, in order, and a last one, "(none)", for
/// examples without it; `group` spreads the split's units themselves, which says nothing where each
/// row is one. Partition::notes says so where a skew has nothing to spread.
///
/// `natural` follows Example::client and cannot be combined: owners with at least `min_examples`
/// are clients, the `clients` largest of them (all where there are fewer, or `clients` is 0), in
/// the order of their names; all other owners go, each as a whole, to client fnv1a64(owner) %
/// number of clients. So there may be fewer clients than asked for; a note says so.
///
/// Streams: shares from (seed, Purpose::partition, skew index, bin), orders of cells from
/// (seed, Purpose::partition, 2^32 + cell). Throws InputError for settings and data that do not
/// fit. `tokens` counts the tokens of a context; only asked for by context_length with unit
/// "tokens".
Partition draw_partition(const std::vector<Example>& examples, const Indices& training,
                         const PartitionConfig& config, std::uint64_t seed, const CountFn& tokens,
                         const TellFn& tell = {});

}  // namespace lorafleet::partition
