#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "partition/examples/config.hpp"
#include "partition/examples/example.hpp"
#include "partition/formats/read_report.hpp"

namespace lorafleet::partition {

/// Reads the examples of `config.path` in the order of the file. With `max_examples` > 0 a sample
/// of that size is kept, drawn by `seed` (Purpose::sample), still in the order of the file.
///
/// A row without an id is called "line-N" ("entry-N" in an array); a row without a group is a group
/// of its own (its id), so the train/test split is then by row; instruction and context may be
/// absent (""), the target may not. Field names with dots reach into nested objects
/// ("answers.text"), unless a field has literally that name.
///
/// Throws InputError for an unknown format, an unreadable file, one that is no UTF-8 text, a file
/// without a usable example, a name of [data.fields] that no row has, and for the first bad line
/// beyond `max_bad_lines`, naming file and line. The degradation of `config.degrade` is not applied
/// here (see degrade.hpp): it is for training examples only.
std::vector<Example> read_examples(const DataConfig& config, std::uint64_t seed,
                                   ReadReport* report = nullptr);

/// The same of `config.test_path`. What only training needs (id, group, client, quality,
/// attributes) may be absent there; the report warns of it.
std::vector<Example> read_test_examples(const DataConfig& config, std::uint64_t seed,
                                        ReadReport* report = nullptr);

}  // namespace lorafleet::partition
