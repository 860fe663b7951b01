#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lorafleet::partition {

/// A relation from one synset to another; `symbol` as in wninput(5WN): @ hypernym, ~ hyponym, ...
struct Pointer {
  std::string symbol;
  std::uint32_t offset = 0;
  char part_of_speech = 'n';  ///< n, v, a, r (s counts as a)
};

/// One line of a data file (wndb(5WN)).
struct Synset {
  std::uint32_t offset = 0;
  char type = 'n';  ///< n, v, a, s (adjective satellite), r
  std::string lexicographer_file;
  std::vector<std::string> words;  ///< blanks for underscores, without markers like "(a)"
  std::vector<Pointer> pointers;
  std::string definition;  ///< the gloss without its examples
  std::vector<std::string> examples;
};

/// A gloss cut into definition and quoted examples: segments between semicolons outside quotes; a
/// segment that opens with a quote is an example, what follows its closing quote is left out.
std::pair<std::string, std::vector<std::string>> split_gloss(std::string_view gloss);

/// Throws InputError at `place` for a line that is no synset.
Synset parse_synset(std::string_view line, const std::string& place);

/// All synsets of a WordNet 3.x dict folder.
class Wordnet {
 public:
  /// `folder` holds data.noun, data.verb, data.adj and data.adv, or has a folder dict that does.
  /// Throws InputError for missing files and malformed lines.
  explicit Wordnet(const std::filesystem::path& folder);

  /// By part of speech (n, v, a, r) and offset.
  [[nodiscard]] const std::map<std::pair<char, std::uint32_t>, Synset>& synsets() const {
    return synsets_;
  }
  /// The synset that a pointer leads to, or nullptr.
  [[nodiscard]] const Synset* follow(const Pointer& pointer) const;

 private:
  void read(const std::filesystem::path& file, char part_of_speech);

  std::map<std::pair<char, std::uint32_t>, Synset> synsets_;
};

}  // namespace lorafleet::partition
