#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "partition/importers/debian_control.hpp"
#include "partition/importers/import_rows.hpp"

namespace lorafleet::partition {

/// A description cut into its synopsis and paragraphs (lines of a paragraph joined by blanks).
struct Description {
  std::string synopsis;
  std::vector<std::string> paragraphs;
};
Description cut_description(std::string_view text);

/// Joins Packages and Translation-en on Description-md5 and makes the rows.
class DebianRows {
 public:
  /// A stanza of Translation-en: Package, Description-md5, Description-en.
  void add_translation(const Stanza& stanza);
  /// A stanza of Packages; the first one of a package's name counts.
  void add_package(const Stanza& stanza);

  /// Rows sorted by package: id "deb:NAME", Section as domain, Source as group, the hashed address
  /// of the Maintainer as client, the long description as context, the synopsis as target, and the
  /// quality "boilerplate": the share of the context's words in paragraphs that occur in three or
  /// more sources. Left out, and counted in `report.skipped`: transitional and dummy packages,
  /// contexts of less than 5 or more than 400 words, empty synopses, and descriptions whose
  /// first paragraph an earlier usable package has word for word.
  [[nodiscard]] std::vector<ImportRow> rows(ImportReport& report) const;

  [[nodiscard]] std::size_t packages() const { return packages_.size(); }
  /// Packages with a long description.
  [[nodiscard]] std::size_t described() const;

 private:
  struct Package {
    std::string section;
    std::string source;
    std::string maintainer;
    std::string md5;
    std::string description;  ///< where the Packages list has it in full
  };

  [[nodiscard]] const std::string& description_of(const Package& package) const;

  std::map<std::string, Package> packages_;
  std::map<std::string, std::string> translations_;  ///< by Description-md5
};

}  // namespace lorafleet::partition
