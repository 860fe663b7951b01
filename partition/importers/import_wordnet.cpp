#include "partition/importers/import_wordnet.hpp"

#include <algorithm>
#include <set>

#include "partition/examples/measures.hpp"
#include "partition/importers/import_rows.hpp"
#include "partition/importers/wordnet.hpp"
#include "partition/support/error.hpp"
#include "partition/support/formatted.hpp"

namespace lorafleet::partition {

namespace {

constexpr std::size_t kLongestChain = 4;
constexpr std::size_t kMostRelated = 3;
/// Hyponyms, derivationally related forms, similar and "see also" synsets, entailments, causes,
/// verb groups, participles. Left out: antonyms (they mislead), members, parts and topics (too far
/// away).
const std::set<std::string> kRelated = {"~", "~i", "+", "&", "^", "*", ">", "$", "<"};

std::string_view kind_of_word(char type) {
  switch (type) {
    case 'n':
      return "noun";
    case 'v':
      return "verb";
    case 'r':
      return "adverb";
    default:
      return "adjective";
  }
}

const Synset* hypernym(const Wordnet& wordnet, const Synset& synset) {
  const auto found =
      std::find_if(synset.pointers.begin(), synset.pointers.end(),
                   [](const Pointer& p) { return p.symbol == "@" || p.symbol == "@i"; });
  return found == synset.pointers.end() ? nullptr : wordnet.follow(*found);
}

std::string context_of(const Wordnet& wordnet, const Synset& synset) {
  std::string context;
  const auto add = [&](const std::string& line) {
    if (!context.empty()) context += '\n';
    context += line;
  };
  for (const auto& example : synset.examples) {
    add("Example: " + example);
  }
  const Synset* above = hypernym(wordnet, synset);
  for (std::size_t level = 0; above != nullptr && level < kLongestChain; ++level) {
    add((level == 0 ? "A kind of " : "") + above->words.front() + ": " + above->definition);
    above = hypernym(wordnet, *above);
  }
  std::set<const Synset*> seen;
  for (const auto& pointer : synset.pointers) {
    const Synset* related = wordnet.follow(pointer);
    if (seen.size() == kMostRelated) break;
    if (kRelated.count(pointer.symbol) == 0 || related == nullptr) continue;
    if (!seen.insert(related).second) continue;
    add("Related: " + related->words.front() + " (" + related->definition + ")");
  }
  return context;
}

ImportRow row_of(const Wordnet& wordnet, const Synset& synset) {
  ImportRow row;
  row.id = formatted("wn:%c%08u", synset.type, synset.offset);
  row.task = "define";
  row.domain = row.group = synset.lexicographer_file;
  row.instruction =
      "Define the " + std::string(kind_of_word(synset.type)) + " \"" + synset.words.front() + "\".";
  row.context = context_of(wordnet, synset);
  row.target = synset.definition;
  row.quality["examples"] = static_cast<double>(synset.examples.size());
  return row;
}

}  // namespace

ImportReport import_wordnet(const WordnetImport& options) {
  const Wordnet wordnet(options.source);
  ImportReport report;
  std::vector<ImportRow> rows;
  for (const auto& [key, synset] : wordnet.synsets()) {
    auto row = row_of(wordnet, synset);
    if (row.target.empty() || count_words(row.context) < options.min_context_words) {
      ++report.skipped;
      continue;
    }
    rows.push_back(std::move(row));
  }
  if (rows.empty()) {
    throw InputError(options.source.string(), "no synset has a definition and a context of " +
                                                  std::to_string(options.min_context_words) +
                                                  " words");
  }
  write_rows(options.out, rows, options.max_rows, options.seed, report);
  report.notes.push_back("from " + std::to_string(wordnet.synsets().size()) +
                         " synsets; ship the WordNet licence with the rows");
  return report;
}

}  // namespace lorafleet::partition
