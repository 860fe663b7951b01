#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "partition/examples/config.hpp"
#include "partition/examples/example.hpp"
#include "partition/support/indices.hpp"

namespace lorafleet::partition {

/// Indices into the examples, ascending. Every example is in exactly one of the two.
struct Split {
  Indices train;
  Indices test;
  std::string note = {};  ///< what a user should know about it, or empty
};

/// fnv1a64(group) % 10 == 0.
bool is_test_group(std::string_view group);

/// Splits by group, never by row: about a tenth of the groups is test. Where the hash leaves one
/// side empty, as it may with few groups, one whole group is test: the largest of at most a tenth
/// of the examples, else the smallest; of equal ones that with the least hash. A note says so then.
/// A pure function of the data. Throws InputError, of the file `data.path`, where there is only one
/// group.
Split split_by_group(const std::vector<Example>& examples, const DataConfig& data);

/// Puts the examples of a separate test file behind those to train on and fills `split`. Ids that
/// are taken get "test/" in front. Returns how many test examples belong to groups of the training
/// data.
std::size_t append_test(std::vector<Example>& examples, std::vector<Example> test, Split& split);

/// Splits one client's part into what it trains on and its own test part: of all groups about
/// `share` is test, for every client the same ones (by a hash of the group), so that nobody trains
/// on what another is tested on. A client that would have nothing left to train on keeps all.
Split split_locally(const std::vector<Example>& examples, const Indices& part, double share);

}  // namespace lorafleet::partition
