#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "partition/importers/import_report.hpp"

namespace lorafleet::partition {

/// `lorafleet import wordnet`: synsets of WordNet 3.x as JSONL rows that ask for a definition.
struct WordnetImport {
  std::filesystem::path
      source;                 ///< folder with data.noun, data.verb, ... or one whose dict/ has them
  std::filesystem::path out;  ///< the JSONL file
  std::size_t max_rows = 0;   ///< 0: all; else a seeded sample
  std::uint64_t seed = 42;
  std::size_t min_context_words = 5;
};

/// The row of a synset has the task "define", the lexicographer file as group and domain, and as
/// context the chain of its hypernyms with their definitions, its other relations ("Related: ...")
/// and all its examples; the target is its definition without examples. Rows
/// with less context than `min_context_words` are skipped. Throws InputError for missing files
/// (saying where to get them) and malformed lines (file:line), RuntimeFailure where `out` cannot be
/// written.
ImportReport import_wordnet(const WordnetImport& options);

}  // namespace lorafleet::partition
