#include "partition/importers/import_debian.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "partition/importers/apt_lists.hpp"
#include "partition/importers/debian_rows.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;

namespace {

std::vector<Stanza> stanzas_of(std::string_view text,
                               std::vector<std::size_t>* malformed = nullptr) {
  std::vector<Stanza> stanzas;
  ControlParser parser([](std::string_view name) { return name != "Skip"; },
                       [&](const Stanza& stanza) { stanzas.push_back(stanza); });
  std::size_t number = 0;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    parser.feed(text.substr(begin, end - begin), ++number);
    begin = end + 1;
  }
  parser.finish();
  if (malformed != nullptr) *malformed = parser.malformed();
  return stanzas;
}

std::vector<Stanza> golden(const std::string& name) {
  return stanzas_of(read_file(tests::golden_folder() / "debian" / name));
}

/// An environment variable for the length of a test.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    ::setenv(name, value, 1);
  }
  ~ScopedVariable() {
    if (before_) {
      ::setenv(name_, before_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

}  // namespace

TEST_CASE("control files are cut into stanzas with their continuation lines") {
  const auto stanzas = stanzas_of(
      "A: one\nSkip: x\n more x\nB:\n first\n .\n  second\n# remark\n\n\nA: two:three\n\n");
  REQUIRE(stanzas.size() == 2);
  CHECK(stanzas[0] == Stanza{{"A", "one"}, {"B", "\nfirst\n\n second"}});
  CHECK(stanzas[1] == Stanza{{"A", "two:three"}});
}

TEST_CASE("a malformed stanza is left out up to the next empty line, and the others stay") {
  std::vector<std::size_t> malformed;
  const auto stanzas = stanzas_of(
      "A: one\n\nA: spoilt\nnonsense\n more\nB: x\n \nC: y\n\nA: two\n\n stray\nA: lost\n\r\n"
      ": empty name\n\nA: three\r\n",
      &malformed);
  CHECK(stanzas == std::vector<Stanza>{{{"A", "one"}}, {{"A", "two"}}, {{"A", "three"}}});
  CHECK(malformed == std::vector<std::size_t>{4, 12, 15});
  stanzas_of("A: one\n\nA: two\n", &malformed);
  CHECK(malformed.empty());
}

TEST_CASE("a line of blanks belongs to the description, only an empty one ends the stanza") {
  std::vector<std::size_t> malformed;
  const auto stanzas =
      stanzas_of("Description: short\n first\n \t \n second\nA: x\n\n \nA: y\n", &malformed);
  CHECK(malformed.empty());
  REQUIRE(stanzas.size() == 2);
  CHECK(stanzas[0] == Stanza{{"A", "x"}, {"Description", "short\nfirst\n\nsecond"}});
  CHECK(cut_description(field_of(stanzas[0], "Description")).paragraphs ==
        std::vector<std::string>{"first", "second"});
  CHECK(stanzas[1] == Stanza{{"A", "y"}});
}

TEST_CASE("a description is cut into synopsis and paragraphs") {
  const auto description = cut_description("a synopsis\nOne line\nand more.\n\n * item\n   rest\n");
  CHECK(description.synopsis == "a synopsis");
  CHECK(description.paragraphs == std::vector<std::string>{"One line and more.", "* item rest"});
  CHECK(cut_description("only this").paragraphs.empty());
}

TEST_CASE("an excerpt of Debian's lists becomes the rows that it should") {
  DebianRows joined;
  for (const auto& stanza : golden("Translation-en")) {
    joined.add_translation(stanza);
  }
  for (const auto& stanza : golden("Packages")) {
    joined.add_package(stanza);
  }
  CHECK(joined.packages() == 8);
  CHECK(joined.described() == 8);
  ImportReport report;
  const auto rows = joined.rows(report);
  // bzr-email is transitional, bind9-dev starts as bind9 does.
  CHECK(report.skipped == 2);
  REQUIRE(rows.size() == 6);
  CHECK(rows[0].id == "deb:bind9");
  CHECK(rows[0].group == "bind9");
  CHECK(rows[0].domain == "net");
  CHECK(rows[0].quality.at("boilerplate") == 0.0);
  const auto& dice = rows[2];
  CHECK(dice.id == "deb:libghc-dice-dev");
  CHECK(dice.group == "haskell-dice");
  CHECK(dice.instruction == "Write a one-line synopsis of this software package.");
  CHECK(dice.target == "simplistic D&D style dice-rolling system");
  CHECK(
      dice.context ==
      "Simplistic D&D style dice-rolling system.\nThis package provides a library for the Haskell "
      "programming language. See http://www.haskell.org/ for more information on Haskell.");
  // The second paragraph, 17 of 22 words, is in the three Haskell sources.
  CHECK(dice.quality.at("boilerplate") == doctest::Approx(17.0 / 22.0));
  CHECK(dice.client.size() == 9);
  CHECK(dice.client == rows[1].client);
  CHECK(dice.client != rows[0].client);
}

TEST_CASE("full descriptions in Packages serve where there is no translation") {
  DebianRows joined;
  joined.add_package({{"Package", "tool"},
                      {"Section", "contrib/utils"},
                      {"Source", "tools (1.2)"},
                      {"Maintainer", "Somebody <a@example.org>"},
                      {"Description", "does things\nThis tool does all sorts of things."}});
  joined.add_package({{"Package", "bare"}, {"Description", "only a synopsis"}});
  ImportReport report;
  const auto rows = joined.rows(report);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].domain == "utils");
  CHECK(rows[0].group == "tools");
  CHECK(report.skipped == 1);
  CHECK(joined.described() == 1);
}

TEST_CASE("index targets are told apart by kind and language") {
  AptLists lists;
  CHECK_FALSE(lists.complete());
  add_index_target("Packages|$(LANGUAGE)|/lists/a b_Packages.lz4", lists);
  add_index_target("Translations|de|/lists/de", lists);
  add_index_target("Translations|en|/lists/en", lists);
  add_index_target("Sources||/lists/sources", lists);
  add_index_target("nonsense", lists);
  CHECK(lists.packages == std::vector<std::filesystem::path>{"/lists/a b_Packages.lz4"});
  CHECK(lists.translations == std::vector<std::filesystem::path>{"/lists/en"});
  CHECK(lists.complete());
}

TEST_CASE("the private apt state names its own folders and refuses what apt cannot quote") {
  const auto settings = private_apt_settings("/home/me/.cache/lorafleet/apt");
  CHECK(settings.find("Dir::State \"/home/me/.cache/lorafleet/apt/state\";") != settings.npos);
  CHECK(settings.find("#clear APT::Update::Post-Invoke;") != settings.npos);
  CHECK_THROWS_AS(private_apt_settings("/tmp/a\"b"), InputError);
}

TEST_CASE("the private apt state lives under the user's cache and nowhere else") {
  {
    const ScopedVariable cache("XDG_CACHE_HOME", "/var/mine");
    CHECK(private_apt_folder() == "/var/mine/lorafleet/apt");
  }
  const ScopedVariable cache("XDG_CACHE_HOME", "not/absolute");
  {
    const ScopedVariable home("HOME", "/home/me");
    CHECK(private_apt_folder() == "/home/me/.cache/lorafleet/apt");
  }
  for (const char* value : {"", "relative"}) {
    const ScopedVariable home("HOME", value);
    CHECK_THROWS_WITH_AS(private_apt_folder(),
                         "HOME: neither HOME nor XDG_CACHE_HOME is an absolute path; one of them "
                         "must name the folder for apt's private lists",
                         InputError);
  }
}

TEST_CASE("apt reads a fresh private state without lists" *
          doctest::skip(!std::filesystem::exists("/usr/bin/apt-get"))) {
  const tests::TemporaryFolder folder;
  const Apt apt(folder / "apt");
  CHECK_FALSE(apt.lists().complete());
  CHECK(std::filesystem::exists(folder / "apt/state/lists/partial"));
  CHECK(std::filesystem::status(folder / "apt").permissions() == std::filesystem::perms::owner_all);
  std::size_t lines = 0;
  for_each_list_line(tests::golden_folder() / "debian" / "Packages",
                     [&](std::string_view, std::size_t number) { lines = number; });
  CHECK(lines > 50);
  CHECK_THROWS_AS(for_each_list_line(folder / "absent", [](std::string_view, std::size_t) {}),
                  RuntimeFailure);
}
