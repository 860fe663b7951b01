#include <doctest/doctest.h>

#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/utf8.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/tools/walls.hpp"

namespace lorafleet {
namespace {

using Lines = std::vector<std::string>;
using Rooms = std::vector<tests::Room>;

constexpr std::size_t kWidth = 100;
/// No library's folder has more files than this: a reader could not see its order.
constexpr std::size_t kLargestRoom = 40;

std::map<std::string, std::string> read_tree(const std::filesystem::path& root) {
  std::map<std::string, std::string> sources;
  for (const std::string folder :
       {"partition", "model", "actors", "scenarios", "tools", "tests", "bench"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      const auto extension = entry.path().extension();
      if (extension != ".hpp" && extension != ".cpp") continue;
      sources[std::filesystem::relative(entry.path(), root).generic_string()] =
          read_file(entry.path());
    }
  }
  return sources;
}

const std::map<std::string, std::string>& sources() {
  static const auto tree = read_tree(tests::source_folder());
  return tree;
}

tests::IncludeGraph read_graph() {
  tests::IncludeGraph graph;
  for (const auto& [file, text] : sources())
    graph[file] = tests::includes_of(text);
  return graph;
}

Rooms read_rooms() {
  Rooms rooms = tests::rooms_in(read_file(tests::source_folder() / "docs" / "architecture.md"));
  const Rooms product = rooms;
  for (const tests::Room& room : product) {
    rooms.push_back(
        {"tests/" + room.folder,
         {"partition/**", "model/**", "actors/**", "scenarios/**", "tools/**", "tests/**"},
         room.sees});
  }
  return rooms;
}

bool lies_in_product(const std::string& file) {
  return !file.starts_with("tests/") && !file.starts_with("bench/");
}

/// What is wrong with `file` where it includes `include` as well.
std::string breach(tests::IncludeGraph& graph, const Rooms& rooms, const std::string& file,
                   const std::string& include) {
  graph[file].push_back(include);
  const Lines broken = tests::broken_by(graph, rooms, file);
  graph[file].pop_back();
  return join(broken, "; ");
}

TEST_CASE("the walls between the rooms stand") {
  const auto graph = read_graph();
  const Lines broken = tests::broken_walls(graph, read_rooms());
  CHECK_MESSAGE(broken.empty(), join(broken, "\n"));
  for (const auto& [file, includes] : graph) {
    for (const auto& include : includes) {
      if (tests::is_project_file(include) && !graph.contains(include)) FAIL_CHECK(include);
    }
  }
}

TEST_CASE("no arrow between rooms runs upwards") {
  const Lines broken = tests::upward_arrows(
      read_graph(), tests::rooms_in(read_file(tests::source_folder() / "docs/architecture.md")));
  CHECK_MESSAGE(broken.empty(), join(broken, "\n"));
}

TEST_CASE("every room of the table is there, and none is crowded") {
  std::map<std::string, std::size_t> files;
  for (const auto& [file, text] : sources())
    ++files[tests::folder_of(file)];
  for (const auto& room :
       tests::rooms_in(read_file(tests::source_folder() / "docs" / "architecture.md"))) {
    INFO(room.folder);
    CHECK(files[room.folder] > 0);
    CHECK(files[room.folder] <= kLargestRoom);
  }
}

TEST_CASE("only the family of OPT spells its modules") {
  // Files of OPT's tokenizers do not say that </s> comes first: model_type does.
  const std::string knows_name = "model/text/tokenizer_files.cpp";
  for (const auto& [file, text] : sources()) {
    if (!lies_in_product(file) || file.starts_with("model/network/families/opt")) continue;
    std::size_t begin = 0;
    while (begin < text.size()) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      const std::string line = text.substr(begin, end - begin);
      begin = end + 1;
      const std::string code = line.substr(0, line.find("//"));
      for (const std::string name :
           {"model.decoder", "\"fc1\"", "\"fc2\"", "self_attn.out_proj", "\"opt\"", "OPTFor"}) {
        if (code.find(name) == std::string::npos) continue;
        if (file != knows_name || name != "\"opt\"") FAIL_CHECK(file << " says " << name);
      }
    }
  }
}

TEST_CASE("a run is composed in less than 150 lines") {
  const std::string& text = sources().at("actors/federation.cpp");
  CHECK(std::count(text.begin(), text.end(), '\n') < 150);
}

TEST_CASE("no line is wider than 100 letters") {
  for (const auto& [file, text] : sources()) {
    std::size_t number = 1;
    std::size_t width = 0;
    for (std::size_t at = 0; at < text.size();) {
      const auto letter = decode_utf8(text, at);
      if (!letter) FAIL(file);
      at += letter->size;
      if (letter->value != U'\n') {
        ++width;
        continue;
      }
      if (width > kWidth) FAIL_CHECK(file << ":" << number << " has " << width << " letters");
      ++number;
      width = 0;
    }
  }
}

TEST_CASE("each wall, broken on purpose, is found broken") {
  auto graph = read_graph();
  const Rooms rooms = read_rooms();
  std::map<std::string, std::string> header_of;
  std::map<std::string, std::string> source_of;
  for (const auto& [file, includes] : graph) {
    if (file.ends_with(".hpp")) header_of.emplace(tests::folder_of(file), file);
    if (file.ends_with(".cpp")) source_of.emplace(tests::folder_of(file), file);
  }
  std::size_t walls = 0;
  for (const auto& [folder, file] : source_of) {
    if (!lies_in_product(file)) continue;
    const tests::Room& room = *tests::room_of(rooms, file);
    for (const auto& [other, header] : header_of) {
      if (tests::may_include(room, header)) continue;
      CHECK(breach(graph, rooms, file, header).starts_with(file + " may not include " + header));
      ++walls;
    }
    for (const auto& [what, header] : std::map<std::string, std::string>{
             {"CAF", "caf/all.hpp"}, {"LibTorch", "torch/torch.h"}, {"TOML", "toml++/toml.h"}}) {
      if (room.sees.contains(what)) continue;
      CHECK(breach(graph, rooms, file, header).find(file + " sees " + what) != std::string::npos);
      ++walls;
    }
  }
  CHECK(walls > 200);
}

TEST_CASE("what the rules cannot see in the tree today is found as well") {
  const Rooms rooms = {{"low/", {}, {}},
                       {"actors/", {"low/"}, {"CAF"}},
                       {"model/", {"low/", "actors/leaf.hpp"}, {"LibTorch"}}};
  const auto only = [&](const tests::IncludeGraph& graph) {
    return join(tests::broken_walls(graph, rooms), "; ");
  };
  CHECK(only({{"nowhere/a.cpp", {}}}) == "nowhere/a.cpp lies in no room of docs/architecture.md");
  CHECK(only({{"actors/a.hpp", {"caf/all.hpp"}}}) ==
        "actors/a.hpp is a public header and includes caf/all.hpp");
  CHECK(only({{"model/a.cpp", {"model/b.hpp"}},
              {"model/b.hpp", {"caf/actor.hpp", "torch/torch.h"}}}) ==
        "model/a.cpp sees CAF; model/a.cpp sees both CAF and LibTorch; model/b.hpp sees CAF; "
        "model/b.hpp sees both CAF and LibTorch");
  CHECK(only({{"actors/a.hpp", {"caf/fwd.hpp"}},
              {"actors/slot_actor.hpp", {"caf/all.hpp"}},
              {"model/a.cpp", {"c10/core/Device.h", "actors/leaf.hpp"}}}) == "");

  const auto upward = [](const std::string& what) {
    return join(tests::upward_arrows({{"high/a.hpp", {}}, {"low/a.hpp", {}}},
                                     {{"low/", {what}, {}}, {"high/", {"low/a.hpp"}, {}}}));
  };
  CHECK(upward("high/") == "low/ may not include high/, which is no lower room");
  CHECK(upward("high/**") == "low/ may not include high/, which is no lower room");
  CHECK(upward("high/a.hpp") == "low/ may not include high/a.hpp, which is in no lower room");
  CHECK(upward("gone/**") == "low/ may not include gone/**, which is not there");
  CHECK(upward("low/gone.hpp") == "low/ may not include low/gone.hpp, which is not there");
}

TEST_CASE("the table is read from Markdown") {
  const Rooms rooms = tests::rooms_in(
      "| folder | what | may include | sees |\n| --- | --- | --- | --- |\n"
      "| `a/` | words with `code` | | |\n| `b/c/` | more | `a/`, `d/e.hpp` | CAF, TOML |\nend\n");
  REQUIRE(rooms.size() == 2);
  CHECK(rooms[0].folder == "a/");
  CHECK(rooms[0].may_include.empty());
  CHECK(rooms[0].sees.empty());
  CHECK(rooms[1].folder == "b/c/");
  CHECK(rooms[1].may_include == Lines{"a/", "d/e.hpp"});
  CHECK(rooms[1].sees == std::set<std::string>{"CAF", "TOML"});
}

TEST_CASE("includes are read as the preprocessor reads them") {
  CHECK(
      tests::includes_of("#include <a/b.hpp>\n  #  include \"c.hpp\"\n// #include \"no.hpp\"\n"
                         "const char* s = \"#include\";\n#define X \"include\"\n#include <last>") ==
      Lines{"a/b.hpp", "c.hpp", "last"});
}

}  // namespace
}  // namespace lorafleet
