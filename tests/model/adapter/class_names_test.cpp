#include "model/adapter/class_names.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using Names = std::vector<std::string>;

TEST_CASE("the names of classes are kept in their order, and none leave no file") {
  const tests::TemporaryFolder folder;
  CHECK(load_class_names(folder.path()).empty());
  save_class_names(folder.path(), {"hot", "cold \"x\""});
  CHECK(load_class_names(folder.path()) == Names{"hot", "cold \"x\""});
  save_class_names(folder.path(), {});
  CHECK_FALSE(std::filesystem::exists(folder / kClassNamesFile));
}

TEST_CASE("a file that holds something else is refused") {
  const tests::TemporaryFolder folder;
  for (const char* text : {"{}", "[1]", "\"a\"", "["}) {
    write_file(folder / kClassNamesFile, text);
    CHECK_THROWS_AS(load_class_names(folder.path()), InputError);
  }
}
