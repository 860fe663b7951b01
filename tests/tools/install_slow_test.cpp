#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

// What `cmake --install` puts somewhere works there, for a user who is somewhere else.

namespace lorafleet {
namespace {

namespace fs = std::filesystem;

int in_folder(const fs::path& folder, const std::string& command) {
  const std::string line = "cd '" + folder.string() + "' && " + command + " >out 2>err";
  return std::system(line.c_str());  // NOLINT(concurrency-mt-unsafe)
}

TEST_CASE("an installed program runs an installed scenario into the user's own folder") {
  const tests::TemporaryFolder prefix;
  const tests::TemporaryFolder work;
  REQUIRE(in_folder(work.path(), "cmake --install '" LORAFLEET_BUILD_FOLDER "' --prefix '" +
                                     prefix.path().string() + "'") == 0);
  const fs::path share = prefix / "share";
  for (const char* name :
       {"lorafleet/scenarios/quickstart.toml", "lorafleet/scenarios/scenario.schema.json",
        "lorafleet/scenarios/base/opt-mini/model.safetensors",
        "lorafleet/scenarios/data/WORDNET-LICENSE", "lorafleet/scenarios/sweeps/staleness.toml",
        "lorafleet/make-certs.sh", "doc/lorafleet/scenario.md", "doc/lorafleet/LICENSE",
        "doc/lorafleet/copyright", "man/man1/lorafleet.1", "bash-completion/completions/lorafleet",
        "zsh/site-functions/_lorafleet", "fish/vendor_completions.d/lorafleet.fish"}) {
    CAPTURE(name);
    CHECK(fs::exists(share / name));
  }
  for (const auto& entry : fs::recursive_directory_iterator(share / "lorafleet")) {
    CAPTURE(entry.path().string());
    CHECK(entry.path().extension() != ".cpp");
    CHECK(entry.path().extension() != ".hpp");
    if (entry.is_directory()) CHECK_FALSE(fs::is_empty(entry.path()));
  }
  const std::string program = "'" + (prefix / "bin/lorafleet").string() + "' ";
  const std::string scenarios = (share / "lorafleet" / "scenarios").string() + "/";
  for (const auto& entry : fs::recursive_directory_iterator(scenarios)) {
    const std::string folder = entry.path().parent_path().filename().string();
    if (entry.path().extension() != ".toml" || folder == "sweeps" || folder == "studies") continue;
    if (folder == "families") continue;                          // their bases are made first
    if (entry.path().stem() == "debian_descriptions") continue;  // its data are imported first
    CAPTURE(entry.path().string());
    CHECK(in_folder(work.path(), program + "check '" + entry.path().string() + "'") == 0);
  }
  CHECK(in_folder(work.path(),
                  program + "run '" + scenarios +
                      "quickstart.toml' --quiet --set stop.versions=1 --set "
                      "evaluation.max_examples=8 --out runs/first --set 'expect={}'") == 0);
  INFO(read_file(work / "err"));
  CHECK(fs::exists(work / "runs/first/adapter/adapter_model.safetensors"));
}

}  // namespace
}  // namespace lorafleet
