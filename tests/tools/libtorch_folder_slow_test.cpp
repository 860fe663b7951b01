#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/text.hpp"

// -DLORAFLEET_LIBTORCH=DIR, as docs/installation.md says: a downloaded LibTorch, made here of links
// to the one that this was built with.

namespace lorafleet {
namespace {

namespace fs = std::filesystem;

int shell(const fs::path& folder, const std::string& command) {
  const std::string line = "cd '" + folder.string() + "' && { " + command + "; } >out 2>err";
  return std::system(line.c_str());  // NOLINT(concurrency-mt-unsafe)
}

void link_libtorch(const fs::path& to) {
  fs::create_directories(to / "lib");
  fs::create_directories(to / "include");
  const fs::path library = LORAFLEET_TORCH_LIBRARY;
  const fs::path headers = LORAFLEET_TORCH_HEADERS;
  // A downloaded one brings along what it needs.
  const bool downloaded = library.parent_path().parent_path() == headers.parent_path();
  for (const auto& entry : fs::directory_iterator(library.parent_path())) {
    const std::string name = entry.path().filename().string();
    bool own = downloaded;
    for (const char* part :
         {"libtorch.so", "libtorch_cpu.so", "libtorch_cuda.so", "libc10.so", "libc10_cuda.so"})
      own = own || name.starts_with(part);
    if (own) fs::create_symlink(entry.path(), to / "lib" / name);
  }
  for (const char* part : {"torch", "ATen", "c10", "caffe2"}) {
    if (fs::exists(headers / part)) fs::create_symlink(headers / part, to / "include" / part);
  }
}

TEST_CASE("the project is built with the LibTorch of a folder") {
  const tests::TemporaryFolder work;
  const fs::path libtorch = work / "libtorch";
  link_libtorch(libtorch);
  const std::string configure = "cmake -S '" + tests::source_folder().string() +
                                "' -B build -G Ninja -DCMAKE_BUILD_TYPE=Release "
                                "-DLORAFLEET_LIBTORCH='" +
                                libtorch.string() + "'";
  const int configured = shell(work.path(), configure);
  CAPTURE(read_file(work / "err"));
  REQUIRE(configured == 0);
  const int built = shell(work.path(), "cmake --build build --target try_libtorch");
  CAPTURE(read_file(work / "out"));
  REQUIRE(built == 0);
  CHECK(shell(work.path(), "build/tests/try_libtorch") == 0);
  CHECK(tests::contains(read_file(work / "out"), " in " + libtorch.string() + "/lib/"));

  // Libraries are looked for first.
  for (const char* part : {"include/torch", "lib/libc10.so"}) {
    fs::remove(libtorch / part);
    CHECK(shell(work.path(), configure) != 0);
    const std::string err = read_file(work / "err");
    CAPTURE(err);
    CHECK(tests::contains(err, "LORAFLEET_LIBTORCH:"));
    CHECK(tests::contains(err, (libtorch / part).string()));
    CHECK(tests::contains(err, "missing"));
  }
}

}  // namespace
}  // namespace lorafleet
