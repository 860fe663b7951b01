#include "partition/importers/debian_rows.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "partition/examples/measures.hpp"
#include "partition/support/hash.hpp"

namespace lorafleet::partition {

namespace {

constexpr std::size_t kFewestWords = 5;
constexpr std::size_t kMostWords = 400;
constexpr std::size_t kBoilerplateSources = 3;

/// "libs" of "non-free/libs".
std::string section_of(const std::string& field) {
  const auto slash = field.rfind('/');
  return slash == field.npos ? field : field.substr(slash + 1);
}

/// "gcc-12" of "gcc-12 (12.2.0-14)".
std::string source_of(const std::string& field, const std::string& package) {
  return field.empty() ? package : field.substr(0, field.find(' '));
}

std::string client_of(const std::string& maintainer) {
  const auto open = maintainer.rfind('<');
  const auto address = open == maintainer.npos
                           ? maintainer
                           : maintainer.substr(open + 1, maintainer.find('>', open) - open - 1);
  return "m" + sha256_hex(address).substr(0, 8);
}

std::string lower(std::string text) {
  for (auto& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool is_placeholder(const std::string& section, const Description& description) {
  if (section == "oldlibs" || section == "metapackages") return true;
  const std::string synopsis = lower(description.synopsis);
  for (const char* word : {"transitional", "dummy package", "empty package"}) {
    if (synopsis.find(word) != synopsis.npos) return true;
  }
  return !description.paragraphs.empty() &&
         lower(description.paragraphs.front()).find("transitional package") != std::string::npos;
}

std::string joined(const std::vector<std::string>& paragraphs) {
  std::string text;
  for (const auto& paragraph : paragraphs) {
    if (!text.empty()) text += '\n';
    text += paragraph;
  }
  return text;
}

}  // namespace

Description cut_description(std::string_view text) {
  Description description;
  bool fresh = true;
  for (std::size_t begin = 0, number = 0; begin <= text.size(); ++number) {
    const auto end = std::min(text.find('\n', begin), text.size());
    auto line = text.substr(begin, end - begin);
    begin = end + 1;
    const auto first = line.find_first_not_of(" \t");
    if (first == line.npos) {
      fresh = true;
      continue;
    }
    line = line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
    if (number == 0) {
      description.synopsis = line;
    } else if (fresh) {
      description.paragraphs.emplace_back(line);
      fresh = false;
    } else {
      description.paragraphs.back() += ' ';
      description.paragraphs.back() += line;
    }
  }
  return description;
}

void DebianRows::add_translation(const Stanza& stanza) {
  const auto& md5 = field_of(stanza, "Description-md5");
  const auto& text = field_of(stanza, "Description-en");
  if (!md5.empty() && !text.empty()) translations_.emplace(md5, text);
}

void DebianRows::add_package(const Stanza& stanza) {
  const auto& name = field_of(stanza, "Package");
  if (name.empty() || packages_.count(name) > 0) return;
  auto& package = packages_[name];
  package.section = section_of(field_of(stanza, "Section"));
  package.source = source_of(field_of(stanza, "Source"), name);
  package.maintainer = field_of(stanza, "Maintainer");
  package.md5 = field_of(stanza, "Description-md5");
  const auto& description = field_of(stanza, "Description");
  if (description.find('\n') != description.npos) package.description = description;
}

const std::string& DebianRows::description_of(const Package& package) const {
  const auto translation = translations_.find(package.md5);
  return translation == translations_.end() ? package.description : translation->second;
}

std::size_t DebianRows::described() const {
  return static_cast<std::size_t>(
      std::count_if(packages_.begin(), packages_.end(),
                    [&](const auto& entry) { return !description_of(entry.second).empty(); }));
}

std::vector<ImportRow> DebianRows::rows(ImportReport& report) const {
  std::map<std::string, Description> descriptions;
  std::map<std::string, std::set<std::string_view>> sources_of;
  for (const auto& [name, package] : packages_) {
    const auto& description = descriptions[name] = cut_description(description_of(package));
    for (const auto& paragraph : description.paragraphs) {
      sources_of[paragraph].insert(package.source);
    }
  }
  std::set<std::string_view> first_paragraphs;
  std::vector<ImportRow> rows;
  for (const auto& [name, package] : packages_) {
    const auto& description = descriptions.at(name);
    ImportRow row;
    row.id = "deb:" + name;
    row.task = "summarize";
    row.domain = package.section.empty() ? "unknown" : package.section;
    row.group = package.source;
    row.client = client_of(package.maintainer);
    row.instruction = "Write a one-line synopsis of this software package.";
    row.context = joined(description.paragraphs);
    row.target = description.synopsis;
    const std::size_t words = count_words(row.context);
    const bool usable = !row.target.empty() && words >= kFewestWords && words <= kMostWords &&
                        !is_placeholder(package.section, description) &&
                        first_paragraphs.insert(description.paragraphs.front()).second;
    if (!usable) {
      ++report.skipped;
      continue;
    }
    std::size_t common = 0;
    for (const auto& paragraph : description.paragraphs) {
      if (sources_of.at(paragraph).size() >= kBoilerplateSources) common += count_words(paragraph);
    }
    row.quality["boilerplate"] = static_cast<double>(common) / static_cast<double>(words);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace lorafleet::partition
