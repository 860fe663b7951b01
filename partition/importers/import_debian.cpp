#include "partition/importers/import_debian.hpp"

#include <set>

#include "partition/importers/apt_lists.hpp"
#include "partition/importers/debian_rows.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::partition {

namespace {

constexpr const char* kName = "import debian-descriptions";

void require_apt() {
  for (const char* program : {"/usr/bin/apt-get", "/usr/lib/apt/apt-helper"}) {
    if (!std::filesystem::exists(program)) {
      throw InputError(kName, std::string(program) +
                                  " is missing; this import needs a Debian system, or one like it");
    }
  }
}

/// The lists to use: freshly fetched, of an earlier import, or the system's.
AptLists find_lists(const DebianImport& options, ImportReport& report) {
  const Apt apt(private_apt_folder());
  std::string problem = "asked to work offline";
  if (!options.offline) {
    if (options.log) options.log("fetching package lists into " + private_apt_folder().string());
    problem = apt.update(options.log);
  }
  AptLists lists = apt.lists();
  std::string which = "lists of an earlier import";
  if (!lists.complete()) {
    lists = Apt().lists();
    which = "system's lists";
  }
  if (lists.packages.empty()) {
    throw InputError(kName, "there are no package lists on this machine (" +
                                (problem.empty() ? "its apt has no sources" : problem) +
                                "); a network and apt sources are needed once");
  }
  if (!problem.empty()) {
    report.notes.push_back("nothing was fetched (" + problem + "): used the " + which);
  }
  return lists;
}

void read_list(const std::filesystem::path& list, const std::set<std::string_view>& wanted,
               const std::function<void(const Stanza&)>& stanza, ImportReport& report) {
  ControlParser parser([&](std::string_view name) { return wanted.count(name) > 0; }, stanza);
  for_each_list_line(list,
                     [&](std::string_view line, std::size_t number) { parser.feed(line, number); });
  parser.finish();
  if (parser.malformed().empty()) return;
  report.notes.push_back(at_line(list.string(), parser.malformed().front()) +
                         ": not a line of a control file; left out " +
                         std::to_string(parser.malformed().size()) + " malformed stanzas");
}

}  // namespace

ImportReport import_debian_descriptions(const DebianImport& options) {
  require_apt();
  ImportReport report;
  const AptLists lists = find_lists(options, report);
  DebianRows joined;
  for (const auto& list : lists.translations) {
    if (options.log) options.log("reading " + list.filename().string());
    read_list(
        list, {"Package", "Description-md5", "Description-en"},
        [&](const Stanza& stanza) { joined.add_translation(stanza); }, report);
  }
  for (const auto& list : lists.packages) {
    if (options.log) options.log("reading " + list.filename().string());
    read_list(
        list, {"Package", "Source", "Section", "Maintainer", "Description", "Description-md5"},
        [&](const Stanza& stanza) { joined.add_package(stanza); }, report);
  }
  const auto rows = joined.rows(report);
  if (rows.empty()) {
    throw InputError(kName, "the lists name " + std::to_string(joined.packages()) + " packages, " +
                                std::to_string(joined.described()) +
                                " with a long description, and none is usable; the English "
                                "descriptions (Translation-en) must be fetched once, without "
                                "--offline");
  }
  write_rows(options.out, rows, options.max_rows, options.seed, report);
  return report;
}

}  // namespace lorafleet::partition
