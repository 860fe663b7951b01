#include <doctest/doctest.h>

#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/tools/walls.hpp"

namespace lorafleet {
namespace {

using Lines = std::vector<std::string>;

tests::IncludeGraph read_tree(const std::filesystem::path& root) {
  tests::IncludeGraph graph;
  for (const std::string folder :
       {"partition", "model", "actors", "scenarios", "tools", "tests", "bench", "cmake"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      const auto extension = entry.path().extension();
      if (extension != ".hpp" && extension != ".cpp") continue;
      graph[std::filesystem::relative(entry.path(), root).generic_string()] =
          tests::includes_of(read_file(entry.path()));
    }
  }
  return graph;
}

TEST_CASE("the walls between the folders stand") {
  const auto graph = read_tree(tests::source_folder());
  REQUIRE(graph.contains("actors/federation.cpp"));
  REQUIRE(graph.contains("model/network/network.hpp"));
  REQUIRE(graph.contains("partition/support/random.hpp"));
  const Lines broken = tests::broken_walls(graph);
  CHECK_MESSAGE(broken.empty(), join(broken, "\n"));
}

TEST_CASE("the rules meet what they are about: CAF and LibTorch are in use") {
  const auto graph = read_tree(tests::source_folder());
  std::size_t caf = 0;
  std::size_t torch = 0;
  for (const auto& [file, includes] : graph) {
    for (const auto& include : includes) {
      caf += tests::is_caf(include) ? 1 : 0;
      torch += tests::is_torch(include) ? 1 : 0;
      if (tests::is_project_file(include)) CHECK_MESSAGE(graph.contains(include), include);
    }
  }
  CHECK(caf > 0);
  CHECK(torch > 0);
}

TEST_CASE("every kind of breach is found") {
  const auto only = [](const tests::IncludeGraph& graph) {
    const Lines broken = tests::broken_walls(graph);
    REQUIRE_MESSAGE(broken.size() == 1, join(broken, "\n"));
    return broken.front();
  };
  CHECK(only({{"partition/a.cpp", {"model/adapter/adapter.hpp"}}}) ==
        "partition/a.cpp may not include model/adapter/adapter.hpp");
  CHECK(only({{"partition/support/a.cpp", {"partition/reader.hpp"}}}) ==
        "partition/support/a.cpp may not include partition/reader.hpp");
  CHECK(only({{"model/a.hpp", {"actors/sim/ids.hpp"}}}) ==
        "model/a.hpp may not include actors/sim/ids.hpp");
  CHECK(only({{"actors/sim/a.cpp", {"partition/support/process.hpp"}}}) ==
        "actors/sim/a.cpp may not include partition/support/process.hpp");
  CHECK(only({{"actors/strategy/a.cpp", {"model/network/base_model.hpp"}}}) ==
        "actors/strategy/a.cpp may not include model/network/base_model.hpp");
  CHECK(only({{"actors/a.cpp", {"scenarios/schema/scenario.hpp"}}}) ==
        "actors/a.cpp may not include scenarios/schema/scenario.hpp");
  CHECK(only({{"scenarios/a.cpp", {"tools/text.hpp"}}}) ==
        "scenarios/a.cpp may not include tools/text.hpp");
  CHECK(only({{"tools/a.cpp", {"tests/support/temporary_folder.hpp"}}}) ==
        "tools/a.cpp may not include tests/support/temporary_folder.hpp");
  CHECK(only({{"actors/a.hpp", {"caf/all.hpp"}}}) ==
        "actors/a.hpp is a public header and includes caf/all.hpp");
  CHECK(only({{"actors/sim/a.cpp", {"caf/all.hpp"}}}) == "actors/sim/a.cpp sees CAF");
  CHECK(only({{"tools/a.cpp", {"caf/fwd.hpp", "caf/actor.hpp"}}}) == "tools/a.cpp sees CAF");
  CHECK(only({{"tools/a.cpp", {"toml++/toml.h"}}}) ==
        "tools/a.cpp reads TOML, which is the business of scenarios/");
  CHECK(only({{"tests/tools/a.cpp", {"model/b.hpp"}}, {"model/b.hpp", {"c10/core/Device.h"}}}) ==
        "tests/tools/a.cpp sees LibTorch");
  CHECK(only({{"scenarios/a.cpp", {"actors/messages.hpp"}},
              {"actors/messages.hpp", {"caf/all.hpp"}}}) == "scenarios/a.cpp sees CAF");
  CHECK(tests::broken_walls({{"actors/a.cpp", {"caf/all.hpp", "model/b.hpp"}},
                             {"model/b.hpp", {"model/c.hpp"}},
                             {"model/c.hpp", {"torch/torch.h"}}}) ==
        Lines{"actors/a.cpp sees LibTorch", "actors/a.cpp sees both CAF and LibTorch"});
}

TEST_CASE("what is allowed is not reported") {
  CHECK(tests::broken_walls({{"actors/a.hpp", {"caf/fwd.hpp", "model/adapter/adapter.hpp"}},
                             {"actors/slot_actor.hpp", {"caf/all.hpp"}},
                             {"actors/slot_actor.cpp", {"actors/slot_actor.hpp"}},
                             {"model/a.cpp", {"torch/torch.h", "partition/example.hpp"}},
                             {"tools/a.cpp", {"boost/program_options.hpp", "actors/a.hpp"}}})
            .empty());
}

TEST_CASE("includes are read as the preprocessor reads them") {
  CHECK(
      tests::includes_of("#include <a/b.hpp>\n  #  include \"c.hpp\"\n// #include \"no.hpp\"\n"
                         "const char* s = \"#include\";\n#define X \"include\"\n#include <last>") ==
      Lines{"a/b.hpp", "c.hpp", "last"});
}

}  // namespace
}  // namespace lorafleet
